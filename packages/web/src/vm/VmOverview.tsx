import type { VmState } from '../api/types.ts';
import { UsageCharts } from '../graphs/UsageCharts.tsx';
import { addressesOf } from '../store/addresses.ts';
import { useCloud } from '../store/cloud.ts';
import { isOn } from '../store/roster.ts';
import { may, permissionsFor } from '../store/state.ts';
import { Ago, Facts } from '../ui/bits.tsx';
import { CopyText } from '../ui/CopyText.tsx';
import { count, formatMiB } from '../ui/format.ts';
import { Thumbnail } from './Thumbnail.tsx';

const WHO_TELLS = "Its guest agent tells it, or libvirt's DHCP.";

export function VmOverview({ vm }: { readonly vm: VmState }) {
  const on = isOn(vm);
  const addresses = addressesOf(vm);
  const mayLogIn = useCloud((state) => may(permissionsFor(state, vm.id), 'vnc_display'));
  return (
    <div className="overview-grid">
      <section className="card facts-card" aria-label="Facts">
        <Facts
          rows={[
            [
              'Memory',
              `${formatMiB(vm.memoryMiB)}${vm.maxMemoryMiB > vm.memoryMiB ? ` of ${formatMiB(vm.maxMemoryMiB)}` : ''}`,
            ],
            ['Processors', `${vm.vcpus}${vm.maxVcpus > vm.vcpus ? ` of ${vm.maxVcpus}` : ''}`],
            ['Processor model', vm.cpu ?? "libvirt's default"],
            [
              'Running since',
              !on ? (
                'not running'
              ) : vm.runningSince === null ? (
                'before its agent'
              ) : (
                <Ago at={vm.runningSince} />
              ),
            ],
            ['Autostart', vm.autostart ? 'with its hypervisor' : 'no'],
            ['Machine type', vm.machine ?? 'not known'],
            [
              'Disks',
              vm.disks.length === 0 ? 'none' : vm.disks.map(({ target }) => target).join(', '),
            ],
            [
              'Networks',
              vm.nics.length === 0
                ? 'none'
                : vm.nics.map(({ source, type }) => source ?? type).join(', '),
            ],
            [
              vm.nics.length > 1 || addresses.length > 1 ? 'Addresses' : 'Address',
              addresses.length > 0 ? (
                <span className="copy-texts" key="addresses">
                  {addresses.map((each) => (
                    <CopyText key={each} text={each} />
                  ))}
                </span>
              ) : on && vm.nics.length > 0 ? (
                <>
                  not known
                  <span className="hint">{WHO_TELLS}</span>
                </>
              ) : (
                'none'
              ),
            ],
            ...(on && addresses.length > 0 && mayLogIn
              ? ([
                  [
                    'Log in',
                    <CopyText
                      key="ssh"
                      text={`skerry vm ssh ${/^[\w.-]+$/.test(vm.name) ? vm.name : vm.uuid}`}
                    />,
                  ],
                ] as const)
              : []),
            [
              'MAC',
              vm.nics.length === 0 ? (
                'none'
              ) : (
                <code>{vm.nics.map(({ mac }) => mac).join(' ')}</code>
              ),
            ],
            ['UUID', <code key="uuid">{vm.uuid}</code>],
            ...(vm.description ? ([['Description', vm.description]] as const) : []),
            ...(vm.hostDevices.length > 0
              ? ([["Host's devices", `${vm.hostDevices.join(', ')}: it cannot migrate`]] as const)
              : []),
          ]}
        />
      </section>
      <section className="card shot-card" aria-label="Screen">
        <Thumbnail vm={vm} />
        <p className="quiet">
          {on
            ? `${count(vm.snapshots.length, 'snapshot')}. The picture is a minute old at most.`
            : 'There is a picture when it runs.'}
        </p>
      </section>
      <UsageCharts id={vm.id} cpus={vm.vcpus} memoryMiB={vm.maxMemoryMiB} on={on} />
    </div>
  );
}
