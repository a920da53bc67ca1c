// What `npm run demo` shows, after the set-up: each step is a command that anyone can type, printed before it runs.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { styleText } from 'node:util';
import { shellQuote } from '../packages/skerry/src/util/shell-quote.ts';

const root = join(import.meta.dirname, '..');
const lab = join(root, 'examples', 'archipelago');
const cli = join(root, 'packages', 'skerry', 'bin', 'skerry.js');
const began = performance.now();

title('A Debian 12 image, built here from Debian packages (once)');
if (!capture('image', 'list', '--json').includes('"debian-12"'))
  skerry('image', 'build', 'debian-12');
else console.log(dim('it is there already'));

title('Three machines from examples/archipelago/skerry.config.ts');
skerry('up');

title('What runs');
skerry('status');

title('One command on all three, without network or ssh');
skerry('exec', '--', 'uname -sr; uptime -p');

title('Every machine resolves and reaches every other by name');
skerry(
  'exec',
  '--',
  `for name in central_server agent_1 agent_2; do
  ping -c1 -W5 $name >/dev/null && echo "reaches $name at $(getent hosts $name | cut -d" " -f1)"
done`,
);

title('The agents can be hypervisors themselves');
showNesting();

const seconds = Math.round((performance.now() - began) / 1000);
console.log(`
${styleText('bold', `The lab runs; this took ${seconds} s.`)} Try next, in ${lab.replace(`${process.cwd()}/`, '')}:
  npx skerry ssh                       a shell on central_server
  npx skerry exec -- journalctl -n 5   on all machines at once
  npx skerry console agent_1           its serial console; leave with Ctrl-]
  npx skerry up --dry-run              after a change in skerry.config.ts
  npx skerry halt                      shut down, keep the disks
  npx skerry destroy                   as if it had never been`);

function showNesting(): void {
  interface Machine {
    readonly name: string;
    readonly nested: boolean;
    readonly nesting?: string;
  }
  const { machines } = JSON.parse(capture('status', '--json')) as { machines: readonly Machine[] };
  const able = machines.filter(({ nesting }) => nesting === 'svm' || nesting === 'vmx');
  for (const { name, nested, nesting } of machines)
    if (nested && !able.some((machine) => machine.name === name))
      console.log(`${name} cannot run machines itself: ${nesting?.replace(/^no: /, '')}`);
  const names = able.map(({ name }) => name).join(',');
  if (names)
    skerry(
      'exec',
      '--on',
      names,
      '--',
      'grep -o -m1 -w -E "vmx|svm" /proc/cpuinfo; ls -l /dev/kvm',
    );
}

/** Prints the command and runs it on this terminal; the demo ends where a step fails. */
function skerry(...words: readonly string[]): void {
  const shown = words
    .map((word) => (/^[\w./=,-]+$/.test(word) ? word : shellQuote(word)))
    .join(' ');
  console.log(styleText('cyan', `$ skerry ${shown}`));
  const { status } = spawnSync(process.execPath, [cli, ...words], { cwd: lab, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

function capture(...words: readonly string[]): string {
  const { status, stdout } = spawnSync(process.execPath, [cli, ...words], {
    cwd: lab,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) process.exit(status ?? 1);
  return stdout;
}

function title(text: string): void {
  console.log(`\n${styleText(['bold', 'underline'], text)}`);
}

function dim(text: string): string {
  return styleText('dim', text);
}
