import { PAINS } from '../packages/skerry/src/superproject/doctor/pains.ts';

/** docs/reference/superproject-doctor.md: the table of pains as a page. */
export function superprojectDoctorPage(): string {
  return [
    '# What `skerry superproject doctor` knows',
    '',
    '<!-- Made by `npm run gen` from packages/skerry/src/superproject/doctor/pains.ts: change it there. -->',
    '',
    'These are the pains of people who work with superprojects, the most frequent first. `skerry sp doctor` looks for them in a checkout,',
    'or with `--url` on the remotes only. It changes nothing; `--fix` mends what can be mended without losing anything, and',
    '`--fix --dry-run` prints the git commands for it. A *problem* makes the exit code 1, a *note* does not. Commands named here are',
    'those of `skerry superproject`: see [Commands](commands.md#skerry-superproject).',
    '',
    ...PAINS.flatMap(({ id, title, explanation, found, mend }) => [
      `## ${id}: ${title}`,
      '',
      explanation,
      '',
      `- how it is found: ${found}`,
      `- \`--fix\`: ${mend}`,
      '',
    ]),
  ].join('\n');
}
