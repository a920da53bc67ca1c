import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { SkerryError } from '../util/errors.ts';
import { defineCentralVerbs } from './cloud-verbs.ts';
import { interruptible, printJson, withExample, withJson } from './common.ts';
import { untilAborted } from './host-part.ts';

export async function define(command: Command): Promise<void> {
  const dev = command
    .command('dev')
    .summary('run a whole cloud on this machine')
    .description(
      'Run a whole cloud on this machine: hypervisors in sandboxes, their agents, central and the web UI. It ends with this command; machines and users are there again at the next start.',
    )
    .option('--hypervisors <n>', 'how many hypervisors, 1 to 16', '3')
    .option('--port <port>', 'the web port on 127.0.0.1; 0 for any that is free', '8480')
    .addOption(
      new Option(
        '--bus <bus>',
        'what agents and central talk over: this process alone, or ejabberd',
      )
        .choices(['local', 'xmpp'])
        .default('local'),
    )
    .option('--name <name>', 'one cloud of several on this machine', 'dev');
  withExample(
    withJson(dev).action(runDev),
    '$ skerry cloud dev',
    '$ skerry cloud dev --bus xmpp',
    '$ skerry cloud dev --hypervisors 2 --port 0 --json',
  );
  const doctor = command
    .command('doctor')
    .summary('examine the cloud')
    .description(
      'Examine the cloud: the bus, every hypervisor with its libvirt, storage, networks and clock, and how they differ. Exit code 1 when there is a problem.',
    );
  withExample(
    withJson(doctor).action(runDoctor),
    '$ skerry cloud doctor',
    '$ skerry cloud doctor --json',
  );
  await defineCentralVerbs(command);
  withExample(
    command,
    '$ skerry cloud dev --hypervisors 3',
    '$ skerry cloud user add ben --roles operator',
    '$ skerry cloud doctor',
  );
}

interface DevOptions {
  readonly hypervisors: string;
  readonly port: string;
  readonly bus: 'local' | 'xmpp';
  readonly name: string;
  readonly json?: boolean;
}

async function runDev(options: DevOptions): Promise<void> {
  const signal = interruptible('the cloud ends');
  const { startDevCloud } = await import('../cloud/dev/dev-cloud.ts');
  const { saveAccess } = await import('../cloud/client/rest-client.ts');
  const { cloudAccessFile, cloudDir } = await import('../util/paths.ts');
  const { builtWeb } = await import('./built-web.ts');
  const { wholeNumber } = await import('./whole-number.ts');
  const { VERSION } = await import('./version.ts');
  const count = wholeNumber('skerry cloud dev', '--hypervisors', options.hypervisors, [1, 16]);
  const port = wholeNumber('skerry cloud dev', '--port', options.port, [0, 65_535]);
  refuseName(options.name);
  if (!options.json)
    console.error(
      `Starting ${count === 1 ? 'a hypervisor' : `${count} hypervisors`} on this machine …`,
    );
  await using cloud = await startDevCloud({
    dir: cloudDir(options.name),
    hypervisors: count,
    port,
    bus: options.bus,
    version: VERSION,
    webDir: builtWeb(),
    signal,
    log: (line) => console.error(line),
  });
  const access = cloudAccessFile(options.name);
  await saveAccess(access, { url: cloud.url, token: cloud.token() });
  const link = cloud.loginLink();
  const names = cloud.hypervisors.list.map(({ name }) => name);
  const { chat } = cloud;
  const authority = join(cloudDir(options.name), 'bus', 'ca.pem');
  if (options.json)
    printJson({ url: cloud.url, loginLink: link, hypervisors: names, chat: chat ?? null });
  else
    console.log(
      `The cloud runs: ${names.join(', ')}.\n\n  ${link}\n\nThe link logs you in once, within 15 minutes. In another terminal: skerry vm list. Ctrl-C ends the cloud and switches its machines off; they are there again at the next start.`,
    );
  if (chat && !options.json)
    console.log(
      `\nWith an XMPP client: ${chat.address}, password ${chat.password}, server ${chat.host} port ${chat.port} with TLS; its authority is in ${authority}`,
    );
  await untilAborted(signal);
  await rm(access, { force: true });
  const { isOn } = await import('../cloud/entity.ts');
  const on = cloud.central.registry.all.filter((each) => each.kind === 'vm' && isOn(each));
  const off = on.length === 0 ? '' : `, and switching off ${on.map(({ name }) => name).join(', ')}`;
  if (!options.json) console.error(`Ending the cloud${off} …`);
}

/** It is the name of a folder, and a word of `SKERRY_CLOUD`. */
function refuseName(name: string): void {
  if (/^[a-z0-9][a-z0-9_-]{0,31}$/i.test(name)) return;
  const detail = `a cloud cannot be called '${name}': letters, digits, - and _, 32 at most`;
  throw new SkerryError('USAGE', { data: { detail, command: 'skerry cloud dev' } });
}

async function runDoctor(options: { json?: boolean }): Promise<void> {
  const { z } = await import('zod');
  const { check } = await import('../cloud/doctor/check.ts');
  const { askCloud } = await import('./cloud-words.ts');
  const answer = await askCloud(
    'skerry cloud doctor',
    'GET',
    '/doctor',
    undefined,
    interruptible(),
  );
  const checks = z.array(check).parse(answer);
  if (options.json) printJson(checks);
  else {
    const { formatChecks } = await import('./format-checks.ts');
    console.log(formatChecks(checks));
  }
  if (checks.some(({ state }) => state === 'problem')) process.exitCode = 1;
}
