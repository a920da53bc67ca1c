// The entry point. Only the command that was asked for is loaded: starting must not cost what others need.
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { EXIT } from '../util/error-table.ts';
import { cacheDir } from '../util/paths.ts';
import { COMMANDS } from './commands.ts';
import { isDebug } from './is-debug.ts';
import { VERSION } from './version.ts';

enableCompileCache(join(cacheDir(), 'node'));
// A stricter one would keep QEMU, which is another user in root's sandboxes, out of the folders it needs.
process.umask(0o022);
// `skerry status | head -1`: whoever reads has had enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  process.stderr.write(`error: the output cannot be written: ${error.message}\n`);
  process.exit(EXIT.failure);
});
const words = process.argv.slice(2);
// Stacks then show places in the sources.
if (isDebug(words)) process.setSourceMapsEnabled(true);

if (words[0] === '--version' || words[0] === '-V') console.log(VERSION);
else void main();

async function main(): Promise<void> {
  // A promise that nothing can settle any more ends Node in silence, as if all were well.
  process.once('beforeExit', lost);
  const { runCli } = await import('./run-cli.ts');
  process.exitCode = await runCli(words, COMMANDS);
  process.off('beforeExit', lost);
}

function lost(): void {
  process.stderr.write('error: the command waits for something that cannot come any more\n');
  process.exitCode = EXIT.failure;
}
