// The entry point. Only the command that was asked for is loaded: starting must not cost what others need.
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { cacheDir } from '../util/paths.ts';
import { COMMANDS } from './commands.ts';
import { VERSION } from './version.ts';

enableCompileCache(join(cacheDir(), 'node'));
// A stricter one would keep QEMU, which is another user in root's sandboxes, out of the folders it needs.
process.umask(0o022);
// `skerry status | head -1`: whoever reads has had enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});
const words = process.argv.slice(2);

if (words[0] === '--version' || words[0] === '-V') {
  console.log(VERSION);
} else {
  const { runCli } = await import('./run-cli.ts');
  process.exitCode = await runCli(words, COMMANDS);
}
