import type { Domain } from '@skerry/libvirt';
import { describeVm } from '../../describe.ts';
import { isOn } from '../../entity.ts';
import { VerbError } from '../../verb-error.ts';
import * as verbs from '../../verbs/vm-power.ts';
import { formatXml, parseXml, walk } from '../../xml/element.ts';
import { poll } from '../../../util/poll.ts';
import { openConsole } from '../open-console.ts';
import { toPng } from '../png.ts';
import { takeAutostartAlong } from '../vm-from-xml.ts';
import { type Handler, onVm, refuseTooLarge, type VmContext } from './handler.ts';
import { migrate } from './migrate.ts';

/** How long a guest is given to take or give memory, and how near is enough. */
const FOLLOW_MS = 2000;
const NEAR_KIB = 4096;

export const powerHandlers: readonly Handler[] = [
  onVm(verbs.create, async ({ domain, signal }, { paused }) => {
    await domain.start({ paused, signal });
    return {};
  }),
  onVm(verbs.shutdown, async ({ domain, signal }) => {
    await domain.shutdown({ signal });
    return {};
  }),
  onVm(verbs.destroy, async ({ domain, signal }) => {
    await domain.destroy({ signal });
    return {};
  }),
  onVm(verbs.reboot, async ({ domain, signal }, { force }) => {
    await (force ? domain.reset({ signal }) : domain.reboot({ signal }));
    return {};
  }),
  onVm(verbs.suspend, async ({ domain, signal }) => {
    await domain.suspend({ signal });
    return {};
  }),
  onVm(verbs.resume, async ({ domain, vm, signal }) => {
    await (vm.state === 'sleeping' ? domain.wakeUp({ signal }) : domain.resume({ signal }));
    return {};
  }),
  onVm(verbs.migrate, migrate),
  onVm(verbs.migrateCancel, async ({ domain, signal }) => {
    await domain.abortJob({ signal });
    return {};
  }),
  onVm(verbs.autostart, async ({ domain, signal }, { on }) => {
    await domain.setAutostart(on, { signal });
    return {};
  }),
  onVm(verbs.memory, async (context, { mebibytes }) => {
    const { domain, vm, signal } = context;
    refuseTooLarge(context, { memoryMiB: mebibytes });
    const kib = mebibytes * 1024;
    const beyond = mebibytes > vm.maxMemoryMiB;
    if (beyond) await domain.setMemory(kib, { maximum: true, affect: 'config', signal });
    if (vm.persistent) await domain.setMemory(kib, { affect: 'config', signal });
    if (!isOn(vm) || beyond) return { when: whenOf(context, beyond) };
    await domain.setMemory(kib, { affect: 'live', signal });
    const isThere = await hasFollowed(context, kib);
    return { when: isThere ? ('now' as const) : ('as soon as its system follows' as const) };
  }),
  onVm(verbs.setvcpus, async (context, { count }) => {
    refuseTooLarge(context, { vcpus: count });
    const { domain, vm, signal } = context;
    const beyond = count > vm.maxVcpus;
    if (beyond) await domain.setVcpus(count, { maximum: true, affect: 'config', signal });
    if (vm.persistent) await domain.setVcpus(count, { affect: 'config', signal });
    if (isOn(context.vm) && !beyond) await domain.setVcpus(count, { affect: 'live', signal });
    return { when: whenOf(context, beyond) };
  }),
  onVm(verbs.info, async ({ vm, domain, signal }) => {
    const info = await domain.info({ signal });
    return { text: describeVm(vm, info) };
  }),
  onVm(verbs.xmldesc, async ({ domain, by, signal }, { inactive }) => {
    // Central keeps what it defines again, with its secrets; nobody is shown that.
    if (by.via === 'system') return { xml: await toComeBack(domain, inactive, signal) };
    return { xml: withoutSecrets(await domain.xml({ inactive, signal })) };
  }),
  onVm(verbs.console, async (context, params) => {
    await openConsole(context, params, context.settings.dialTcp);
    return {};
  }),
  onVm(verbs.screenshot, async ({ domain, vm, signal }) => {
    if (vm.graphics.length === 0) throw new VerbError('conflict', `${vm.name} has no screen`);
    const { image } = await domain.screenshot({ signal });
    return { png: toPng(image).toString('base64') };
  }),
];

/** The guest's balloon takes its time, and does nothing where no driver listens. */
async function hasFollowed({ domain, signal }: VmContext, kib: number): Promise<boolean> {
  const late = new Error('the guest does not follow');
  const look = async (): Promise<true | undefined> =>
    Math.abs((await domain.info({ signal })).memoryKiB - kib) <= NEAR_KIB ? true : undefined;
  return poll(look, { signal, timeoutMs: FOLLOW_MS, intervalMs: 100, onTimeout: () => late }).catch(
    (error: unknown) => {
      if (error !== late) throw error;
      return false;
    },
  );
}

function whenOf(context: VmContext, beyond: boolean): 'now' | 'next start' {
  return isOn(context.vm) && beyond ? 'next start' : 'now';
}

/** A definition with all that is needed to make the same machine of it elsewhere. */
async function toComeBack(domain: Domain, inactive: boolean, signal: AbortSignal): Promise<string> {
  const root = parseXml(await domain.xml({ inactive, secure: true, signal }));
  if (await domain.autostart({ signal })) takeAutostartAlong(root);
  return formatXml(root);
}

/** libvirt leaves passwords out unless it is asked for them; what others have put into metadata may still hold some. */
function withoutSecrets(xml: string): string {
  const root = parseXml(xml);
  for (const [{ attributes }] of walk(root))
    for (const name of Object.keys(attributes))
      if (/passw(or)?d|secret|token/i.test(name) && name !== 'passwdValidTo')
        attributes[name] = '…';
  return formatXml(root);
}
