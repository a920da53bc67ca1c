import { formatPath, type FieldPath, type Finding } from './finding.ts';

/** What is said of one daemon, as far as it is checked already. */
interface DaemonFields {
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly user?: string | undefined;
  readonly unit?: string | undefined;
}

const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/;
/** Its unit would be the one of the guest helper, skerry-guest.service. */
const TAKEN = 'guest';
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\x00-\x1f\x7f]/;
const UNIT = /^[A-Za-z0-9:_.\\@-]+$/;

/** Whether name and values of a daemon can be written into a unit file: systemd would drop or misread the others. */
export function checkDaemonValues(name: string, daemon: DaemonFields, path: FieldPath): Finding[] {
  const { cwd, env, user, unit } = daemon;
  const findings: Finding[] = [];
  if (!NAME.test(name) || name === TAKEN)
    findings.push({
      ...{ code: 'LAB_VALUE', path, part: 'key' },
      data: {
        field: "the daemon's name",
        value: `'${name}'`,
        expected:
          name === TAKEN
            ? "another one, for Skerry's own helper is called so"
            : 'letters, digits, - and _, with a letter or digit at both ends, at most 63',
        example: 'web',
      },
    });
  const check = (
    key: string,
    value: string | undefined,
    isFine: boolean,
    expected: string,
  ): void => {
    if (value === undefined || isFine) return;
    const at = [...path, key];
    const data = {
      ...{
        field: formatPath(at),
        value: `the text '${value.replace(CONTROL, (c) => JSON.stringify(c).slice(1, -1))}'`,
        expected,
      },
      example:
        key === 'unit' ? "unit: 'etcd.service'" : key === 'user' ? "user: 'nobody'" : "'/srv/src'",
    };
    findings.push({ code: 'LAB_VALUE', path: at, part: 'value', data });
  };
  check('cwd', cwd, !CONTROL.test(cwd ?? ''), 'a path without control characters');
  check('user', user, /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(user ?? ''), 'the name of a user');
  check('unit', unit, UNIT.test(unit ?? ''), 'the name of a systemd unit');
  for (const [variable, value] of Object.entries(env ?? {})) {
    const at = [...path, 'env', variable];
    const isNamed = VARIABLE.test(variable);
    if (isNamed && !value?.includes('\0')) continue;
    findings.push({
      ...{ code: 'LAB_VALUE', path: at, part: isNamed ? 'value' : 'key' },
      data: {
        field: isNamed ? formatPath(at) : "the variable's name",
        value: isNamed ? 'a text with a NUL character' : `'${variable}'`,
        expected: isNamed ? 'a text without one' : 'letters, digits and _, not a digit at first',
        example: "env: { LOG_LEVEL: 'debug' }",
      },
    });
  }
  return findings;
}
