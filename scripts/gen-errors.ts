import { ERRORS, EXIT } from '../packages/skerry/src/util/error-table.ts';

const EXIT_MEANINGS: Record<keyof typeof EXIT, string> = {
  ok: 'all went well; so it is when Ctrl-C ends a command that runs until then, such as `hack`, `sync --watch`, `logs --follow` or `forward`',
  failure: 'it failed',
  usage: 'the command line or the lab file is wrong; nothing was started',
  notFound: 'something that was named is not there',
  conflict: 'something is in the way',
  timeout: 'it took too long',
  interrupted:
    'Ctrl-C, or another signal that asks it to end, before it was done; or a second one while it ends',
};

/** docs/reference/errors.md: the error table as a page. */
export function errorsPage(): string {
  const rows = Object.entries(ERRORS).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    '# Errors',
    '',
    '<!-- Made by `npm run gen` from packages/skerry/src/util/error-table.ts: change it there. -->',
    '',
    'An error says what failed (`error:`), and what to do next (`hint:`). With `--json` it is an object with `code`,',
    '`message`, `hint`, and, when a file is to blame, `place` (`file`, `line`, `column`) and `field`. Codes are stable;',
    'wording is not. Words in `{braces}` are filled in.',
    '',
    '## Exit codes',
    '',
    '| exit code | meaning |',
    '|---|---|',
    ...Object.entries(EXIT).map(
      ([name, code]) => `| ${code} | ${EXIT_MEANINGS[name as keyof typeof EXIT]} |`,
    ),
    '',
    'When several errors are reported at once, the exit code is the greatest of theirs. Of `skerry superproject` it is 4 only where',
    'all of them may pass.',
    '',
    '## Codes',
    '',
    ...rows.flatMap(([code, { message, hint, exitCode }]) => [
      `### ${code}`,
      '',
      `- message: ${quote(message)}`,
      `- hint: ${quote(hint)}`,
      `- exit code: ${exitCode}`,
      '',
    ]),
  ].join('\n');
}

function quote(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}
