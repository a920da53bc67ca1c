// Everything that can be said about the tree without running it, in parallel.
import { spawn } from 'node:child_process';

const checks: Record<string, string[]> = {
  format: ['oxfmt', '--check'],
  lint: ['oxlint', '--type-aware', '--quiet'],
  types: ['tsc', '--noEmit', '-p', 'tsconfig.json'],
  'web types': ['tsc', '--noEmit', '-p', 'packages/web/tsconfig.json'],
  layers: ['node', 'scripts/check-deps.ts'],
  unused: ['knip'],
};

const results = await Promise.all(Object.entries(checks).map(([name, argv]) => run(name, argv)));
for (const { name, code, output, ms } of results) {
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name.padEnd(9)} ${(ms / 1000).toFixed(1)} s`);
  if (code !== 0) console.log(output.trimEnd());
}
process.exitCode = results.some((r) => r.code !== 0) ? 1 : 0;

async function run(name: string, [command = '', ...args]: string[]) {
  const start = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (d: Buffer) => (output += d.toString()));
  child.stderr.on('data', (d: Buffer) => (output += d.toString()));
  const code = await new Promise<number>((resolve) => {
    child.on('error', (e) => {
      output += e.message;
      resolve(1);
    });
    child.on('close', (c) => resolve(c ?? 1));
  });
  return { name, code, output, ms: performance.now() - start };
}
