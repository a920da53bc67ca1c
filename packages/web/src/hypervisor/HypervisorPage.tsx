import { useParams } from '@tanstack/react-router';
import type { ComponentType } from 'react';
import type { HypervisorState } from '../api/types.ts';
import { ChatTab } from '../chat/ChatTab.tsx';
import { EntityLog } from '../log/EntityLog.tsx';
import { PermissionsTab } from '../people/PermissionsTab.tsx';
import { useCloud } from '../store/cloud.ts';
import { hypervisorOf } from '../store/state.ts';
import { Empty } from '../ui/bits.tsx';
import { Tabs } from '../ui/Tabs.tsx';
import { ScheduleTab } from '../vm/ScheduleTab.tsx';
import { HypervisorHeader } from './HypervisorHeader.tsx';
import { HypervisorOverview } from './HypervisorOverview.tsx';
import { MachinesTab } from './MachinesTab.tsx';
import { NetworksTab } from './NetworksTab.tsx';
import { StorageTab } from './StorageTab.tsx';

type View = ComponentType<{ readonly host: HypervisorState }>;
const TABS: readonly (readonly [string, string, View])[] = [
  ['', 'Overview', HypervisorOverview],
  ['machines', 'Machines', MachinesTab],
  ['networks', 'Networks', NetworksTab],
  ['storage', 'Storage', StorageTab],
  ['permissions', 'Permissions', ({ host }) => <PermissionsTab entity={host} />],
  ['schedule', 'Schedule', ({ host }) => <ScheduleTab entity={host} />],
  ['talk', 'Talk', ({ host }) => <ChatTab entity={host} />],
  ['log', 'Log', ({ host }) => <EntityLog id={host.id} />],
];

export function HypervisorPage() {
  const { name, tab = '' } = useParams({ from: '/hypervisor/$name/{-$tab}' });
  const host = useCloud((state) => hypervisorOf(state, name));
  const phase = useCloud((state) => state.phase.is);
  if (phase === 'connecting') return <div className="waiting-page" aria-busy="true" />;
  if (!host)
    return (
      <Empty icon="server" title={`There is no hypervisor '${name}'`}>
        It has never joined, or you may not see it.
      </Empty>
    );
  const View = (TABS.find(([each]) => each === tab) ?? TABS[0])?.[2] ?? HypervisorOverview;
  return (
    <div className="content">
      <HypervisorHeader host={host} />
      <Tabs
        to="/hypervisor/$name/{-$tab}"
        params={{ name }}
        tabs={TABS.map(([each, label]) => ({ name: each, label }))}
      />
      <div className={`tab-body tab-${tab || 'overview'}`}>
        <View key={host.id} host={host} />
      </div>
    </div>
  );
}
