import type { Command } from 'commander';
import { interruptible, withExample } from './common.ts';
import { dirOf, untilAborted, withDir } from './host-part.ts';
import { wholeNumber } from './whole-number.ts';

/** Central of a cloud on real hosts. */
export function define(command: Command): void {
  const init = withDir(
    'central',
    command
      .command('init')
      .description(
        'Make a central: its configuration, its certificate authority and its first user.',
      ),
  )
    .requiredOption(
      '--name <name>',
      'the name or address by which browsers and agents call this host',
    )
    .option('--listen <address>', 'the address to listen on', '0.0.0.0')
    .option('--web-port <port>', 'for browsers, programs and consoles', '8443')
    .option('--bus-port <port>', 'for agents', '5222')
    .option('--admin <user>', 'the first user', 'admin')
    .option('--certificate <file>', 'a certificate of your own for browsers, in PEM')
    .option('--key <file>', 'its key');
  withExample(init.action(runInit), '$ skerry central init --name cloud.example.org');
  const run = withDir(
    'central',
    command.command('run').description('Run central, with its bus and its web port.'),
  );
  withExample(run.action(runRun), '$ skerry central run');
  const token = withDir(
    'central',
    command
      .command('token')
      .description('Print a token with which a hypervisor joins. It is good once, for an hour.'),
  ).argument('<hypervisor>', 'its name, such as hv1');
  withExample(token.action(runToken), '$ skerry central token hv1');
  const link = withDir(
    'central',
    command
      .command('login-link')
      .description('Print a link that logs a user in once, within 15 minutes.'),
  ).argument('[user]', 'whom', 'admin');
  withExample(link.action(runLink), '$ skerry central login-link ann');
  const unit = withDir(
    'central',
    command.command('unit').description('Print a systemd unit that runs central.'),
  );
  withExample(
    unit.action(runUnit),
    '$ skerry central unit > /etc/systemd/system/skerry-central.service',
  );
  withExample(
    command,
    '$ skerry central init --name cloud.example.org',
    '$ skerry central unit > /etc/systemd/system/skerry-central.service',
    '$ skerry central token hv1',
  );
}

interface InitOptions {
  readonly dir?: string;
  readonly name: string;
  readonly listen: string;
  readonly webPort: string;
  readonly busPort: string;
  readonly admin: string;
  readonly certificate?: string;
  readonly key?: string;
}

async function runInit(options: InitOptions): Promise<void> {
  const { initCentral } = await import('../cloud/hosts/central-host.ts');
  const dir = await dirOf('central', options);
  const { name, listen, certificate, key, admin } = options;
  const config = {
    name,
    listen,
    webPort: wholeNumber('skerry central init', '--web-port', options.webPort, [1, 65_535]),
    busPort: wholeNumber('skerry central init', '--bus-port', options.busPort, [1, 65_535]),
    ...(certificate && key && { certificate, key }),
  };
  await initCentral(dir, config, admin);
  const more = options.dir === undefined ? '' : ` --dir ${options.dir}`;
  console.log(`Central is in ${dir}. Next:

  skerry central run${more}                 run it; or with systemd: skerry central unit${more}
  skerry central login-link ${admin}${more}    a link to the web UI
  skerry central token HYPERVISOR${more}    for each hypervisor, what it joins with`);
}

async function runRun(options: { dir?: string }): Promise<void> {
  const signal = interruptible('central ends');
  const { runCentral } = await import('../cloud/hosts/central-host.ts');
  const { builtWeb } = await import('./built-web.ts');
  const { VERSION } = await import('./version.ts');
  const dir = await dirOf('central', options);
  const log = (line: string): void => console.error(line);
  await using running = await runCentral(dir, {
    version: VERSION,
    webDir: builtWeb(),
    signal,
    log,
  });
  console.error(`Central runs: ${running.url}`);
  const reason = await Promise.race([running.ended, untilAborted(signal)]);
  if (reason !== undefined) throw new Error(`the bus ended: ${reason}`);
}

async function runToken(hypervisor: string, options: { dir?: string }): Promise<void> {
  const { makeJoinToken } = await import('../cloud/hosts/central-host.ts');
  const { hypervisorName } = await import('../cloud/entity.ts');
  const { SkerryError } = await import('../util/errors.ts');
  const name = hypervisorName.safeParse(hypervisor);
  if (!name.success)
    throw new SkerryError('USAGE', {
      data: {
        detail: `'${hypervisor}': ${name.error.issues[0]?.message ?? ''} was expected`,
        command: 'skerry central token',
      },
    });
  console.log(await makeJoinToken(await dirOf('central', options), name.data));
}

async function runLink(user: string, options: { dir?: string }): Promise<void> {
  const { makeLoginLink } = await import('../cloud/hosts/central-host.ts');
  console.log(await makeLoginLink(await dirOf('central', options), user));
}

async function runUnit(options: { dir?: string }): Promise<void> {
  const { systemdUnit } = await import('./systemd-unit.ts');
  console.log(systemdUnit('central', await dirOf('central', options)));
}
