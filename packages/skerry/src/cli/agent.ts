import type { Command } from 'commander';
import { interruptible, withExample } from './common.ts';
import { dirOf, untilAborted, withDir } from './host-part.ts';

/** The agent of a hypervisor on a real host. */
export function define(command: Command): void {
  const join = withDir(
    'agent',
    command.command('join').description('Join a cloud with a token that its central has made.'),
  )
    .argument('<token>', "what 'skerry central token' printed; - to read it from standard input")
    .option('--libvirt <uri>', 'the libvirt of this host', 'qemu:///system')
    .option('--pool <pool>', 'the storage pool for new disks', 'default')
    .option('--images-pool <pool>', 'the storage pool of golden images', 'default')
    .option('--shared-storage', 'disks are at the same path on all hypervisors')
    .option('--migration-uri <uri>', "how other hypervisors' libvirt reaches this one");
  withExample(
    join.action(runJoin),
    '$ skerry agent join - < token',
    '$ skerry agent join - --shared-storage --migration-uri qemu+tls://hv1.example.org/system < token',
  );
  const run = withDir('agent', command.command('run').description('Run the agent.'));
  withExample(run.action(runRun), '$ skerry agent run');
  const unit = withDir(
    'agent',
    command.command('unit').description('Print a systemd unit that runs the agent.'),
  );
  withExample(
    unit.action(runUnit),
    '$ skerry agent unit > /etc/systemd/system/skerry-agent.service',
  );
  withExample(command, '$ skerry agent join - < token', '$ skerry agent run');
}

interface JoinOptions {
  readonly dir?: string;
  readonly libvirt: string;
  readonly pool: string;
  readonly imagesPool: string;
  readonly sharedStorage?: boolean;
  readonly migrationUri?: string;
}

async function runJoin(token: string, options: JoinOptions): Promise<void> {
  const signal = interruptible('the token may have been used');
  const { joinAgent } = await import('../cloud/hosts/agent-host.ts');
  const { inCliWords } = await import('./cloud-words.ts');
  const { text } = await import('node:stream/consumers');
  const dir = await dirOf('agent', options);
  const {
    libvirt: libvirtUri,
    pool,
    imagesPool,
    sharedStorage = false,
    migrationUri = null,
  } = options;
  const host = { libvirtUri, pool, imagesPool, sharedStorage, migrationUri };
  const whole = token === '-' ? await text(process.stdin) : token;
  const { hypervisor, url } = await inCliWords(
    'skerry agent join',
    joinAgent(dir, whole, host, signal),
  );
  const more = options.dir === undefined ? '' : ` --dir ${options.dir}`;
  console.log(
    `${hypervisor} has joined ${url}. Next: skerry agent run${more}; or with systemd: skerry agent unit${more}`,
  );
}

async function runRun(options: { dir?: string }): Promise<void> {
  const signal = interruptible('the agent ends; machines go on');
  const { runAgent } = await import('../cloud/hosts/agent-host.ts');
  const { VERSION } = await import('./version.ts');
  const log = (line: string): void => console.error(line);
  await using agent = await runAgent(await dirOf('agent', options), { version: VERSION, log });
  console.error(`The agent of ${agent.name} runs.`);
  await untilAborted(signal);
}

async function runUnit(options: { dir?: string }): Promise<void> {
  const { systemdUnit } = await import('./systemd-unit.ts');
  console.log(systemdUnit('agent', await dirOf('agent', options)));
}
