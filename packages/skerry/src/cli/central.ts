import type { Command } from 'commander';
import { interruptible, printJson, withExample, withJson } from './common.ts';
import { dirOf, untilAborted, withDir } from './host-part.ts';
import { wholeNumber } from './whole-number.ts';

/** Central of a cloud on real hosts. */
export function define(command: Command): void {
  const part = (name: string, description: string): Command =>
    withDir('central', command.command(name).description(description));
  const init = part(
    'init',
    'Make a central: its configuration, its certificate authority and its first user.',
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
    .option('--key <file>', 'its key')
    .option(
      '--standby-of <token>',
      "be the standby of another central: what 'skerry central token --standby' printed there; - to read it from standard input",
    );
  withExample(
    init.action(runInit),
    '$ skerry central init --name cloud.example.org',
    '$ skerry central init --name cloud2.example.org --standby-of - < token',
  );
  const run = part('run', 'Run central, with its bus and its web port.');
  withExample(run.action(runRun), '$ skerry central run');
  const token = part(
    'token',
    'Print a token with which a hypervisor, or a standby of this central, joins. It is good once, for an hour.',
  )
    .argument('[hypervisor]', 'its name, such as hv1')
    .option('--standby', 'for a second central, which takes over when this one is gone');
  withExample(
    token.action(runToken),
    '$ skerry central token hv1',
    '$ skerry central token --standby',
  );
  const status = withJson(
    part(
      'status',
      'Print how the central of this host stands: active or standby, and how the other one is.',
    ),
  );
  withExample(status.action(runStatus), '$ skerry central status');
  const promote = part(
    'promote',
    'Make the central of this host the active one. When the other one answers, it gives way and nothing is lost.',
  );
  withExample(promote.action(runPromote), '$ skerry central promote');
  const forget = part(
    'forget',
    'Forget a hypervisor that does not come back, and the machines that were on it. It counts no more among those who decide which central is active, and its agent is let in no more: to come back it has to join again.',
  ).argument('<hypervisor>', 'its name, such as hv1');
  withExample(forget.action(runForget), '$ skerry central forget hv3');
  const link = part(
    'login-link',
    'Print a link that logs a user in once, within 15 minutes.',
  ).argument('[user]', 'whom', 'admin');
  withExample(link.action(runLink), '$ skerry central login-link ann');
  const unit = part('unit', 'Print a systemd unit that runs central.');
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
  readonly standbyOf?: string;
}

async function runInit(options: InitOptions): Promise<void> {
  const { initCentral, initStandby } = await import('../cloud/hosts/central-host.ts');
  const dir = await dirOf('central', options);
  const { name, listen, certificate, key, admin } = options;
  const config = {
    name,
    listen,
    webPort: wholeNumber('skerry central init', '--web-port', options.webPort, [1, 65_535]),
    busPort: wholeNumber('skerry central init', '--bus-port', options.busPort, [1, 65_535]),
    ...(certificate && key && { certificate, key }),
  };
  const more = options.dir === undefined ? '' : ` --dir ${options.dir}`;
  if (options.standbyOf !== undefined) {
    const { inCliWords } = await import('./cloud-words.ts');
    const { text } = await import('node:stream/consumers');
    const token = options.standbyOf === '-' ? await text(process.stdin) : options.standbyOf;
    const signal = interruptible('the token may have been used');
    const active = await inCliWords('skerry central init', initStandby(dir, config, token, signal));
    console.log(
      `The standby of ${active} is in ${dir}. Next: skerry central run${more}; or with systemd: skerry central unit${more}`,
    );
    return;
  }
  await initCentral(dir, config, admin);
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

async function runToken(
  hypervisor: string | undefined,
  options: { dir?: string; standby?: boolean },
): Promise<void> {
  const { makeJoinToken } = await import('../cloud/hosts/central-host.ts');
  const { hypervisorName, PEER_ADDRESS } = await import('../cloud/entity.ts');
  const { SkerryError } = await import('../util/errors.ts');
  const dir = await dirOf('central', options);
  if ((hypervisor === undefined) !== (options.standby === true))
    throw new SkerryError('USAGE', {
      data: {
        detail: "either the name of a hypervisor or '--standby' was expected",
        command: 'skerry central token',
      },
    });
  if (hypervisor === undefined) return console.log(await makeJoinToken(dir, PEER_ADDRESS));
  const name = hypervisorName.safeParse(hypervisor);
  if (!name.success)
    throw new SkerryError('USAGE', {
      data: {
        detail: `'${hypervisor}': ${name.error.issues[0]?.message ?? ''} was expected`,
        command: 'skerry central token',
      },
    });
  console.log(await makeJoinToken(dir, name.data));
}

async function runStatus(options: { dir?: string; json?: boolean }): Promise<void> {
  const { askControl } = await import('../cloud/hosts/control.ts');
  const { formatStand } = await import('./format-stand.ts');
  const dir = await dirOf('central', options);
  const stand = await inCliWordsOf('status', askControl(dir, 'status'));
  if (options.json) printJson(stand);
  else console.log(formatStand(stand, Date.now()));
}

async function runPromote(options: { dir?: string }): Promise<void> {
  const { askControl } = await import('../cloud/hosts/control.ts');
  const { formatStand } = await import('./format-stand.ts');
  const dir = await dirOf('central', options);
  const stand = await inCliWordsOf('promote', askControl(dir, 'promote'));
  console.log(formatStand(stand, Date.now()));
}

async function runForget(hypervisor: string, options: { dir?: string }): Promise<void> {
  const { askControl } = await import('../cloud/hosts/control.ts');
  const dir = await dirOf('central', options);
  await inCliWordsOf('forget', askControl(dir, `forget/${encodeURIComponent(hypervisor)}`));
  console.log(
    `${hypervisor} is forgotten. If it comes back, it joins again: skerry central token ${hypervisor}`,
  );
}

async function inCliWordsOf<T>(word: string, work: Promise<T>): Promise<T> {
  const { inCliWords } = await import('./cloud-words.ts');
  return inCliWords(`skerry central ${word}`, work);
}

async function runLink(user: string, options: { dir?: string }): Promise<void> {
  const { makeLoginLink } = await import('../cloud/hosts/central-host.ts');
  console.log(await makeLoginLink(await dirOf('central', options), user));
}

async function runUnit(options: { dir?: string }): Promise<void> {
  const { systemdUnit } = await import('./systemd-unit.ts');
  console.log(systemdUnit('central', await dirOf('central', options)));
}
