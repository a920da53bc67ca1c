import { type Finding, ok, type Patient } from './check.ts';

export async function checkLabFile({ lab, labError }: Patient): Promise<Finding> {
  if (labError)
    return {
      level: 'error',
      finding: labError.message.split('\n').join('; '),
      remedy: ['skerry validate'],
    };
  if (!lab) return ok('none here; the checks of a lab are left out');
  const count = lab.machines.length;
  return ok(`${lab.file} (${count} machine${count === 1 ? '' : 's'})`);
}
