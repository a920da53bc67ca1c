import type { Command } from 'commander';
import { type CommonOptions, labOf, withExample, withLab } from './common.ts';

export function define(command: Command): void {
  withLab(command).action(run);
  withExample(
    command,
    '$ skerry ssh-config > lab.ssh && ssh -F lab.ssh agent_1',
    "$ rsync -e 'ssh -F lab.ssh' -a build/ agent_1:/srv/",
  );
}

async function run(options: CommonOptions): Promise<void> {
  const lab = await labOf(options);
  const { prepareSsh, sshConfig } = await import('../lab/ssh.ts');
  await prepareSsh(lab);
  process.stdout.write(await sshConfig(lab));
}
