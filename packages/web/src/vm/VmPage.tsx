import { useParams } from '@tanstack/react-router';
import { type ComponentType, lazy, Suspense } from 'react';
import type { VmState } from '../api/types.ts';
import { useCloud } from '../store/cloud.ts';
import { vmOf } from '../store/state.ts';
import { Empty } from '../ui/bits.tsx';
import { Tabs } from '../ui/Tabs.tsx';
import { ChatTab } from '../chat/ChatTab.tsx';
import { EntityLog } from '../log/EntityLog.tsx';
import { PermissionsTab } from '../people/PermissionsTab.tsx';
import { DrivesTab } from './DrivesTab.tsx';
import { ScheduleTab } from './ScheduleTab.tsx';
import { SnapshotsTab } from './SnapshotsTab.tsx';
import { VmHeader } from './VmHeader.tsx';
import { VmOverview } from './VmOverview.tsx';
import { XmlTab } from './XmlTab.tsx';

const ConsoleTab = lazy(() =>
  import('./ConsoleTab.tsx').then(({ ConsoleTab: found }) => ({ default: found })),
);

const TABS: readonly (readonly [string, string, ComponentType<{ readonly vm: VmState }>])[] = [
  ['', 'Overview', VmOverview],
  ['console', 'Console', ConsoleTab],
  ['snapshots', 'Snapshots', SnapshotsTab],
  ['drives', 'Drives', DrivesTab],
  ['xml', 'XML', XmlTab],
  ['permissions', 'Permissions', ({ vm }) => <PermissionsTab entity={vm} />],
  ['schedule', 'Schedule', ({ vm }) => <ScheduleTab entity={vm} />],
  ['talk', 'Talk', ({ vm }) => <ChatTab entity={vm} />],
  ['log', 'Log', ({ vm }) => <EntityLog id={vm.id} />],
];

export function VmPage() {
  const { uuid, tab = '' } = useParams({ from: '/vm/$uuid/{-$tab}' });
  const vm = useCloud((state) => vmOf(state, `vm:${uuid}`));
  const phase = useCloud((state) => state.phase.is);
  if (phase === 'connecting') return <div className="waiting-page" aria-busy="true" />;
  if (!vm)
    return (
      <Empty icon="machine" title="This machine is not here">
        It was deleted or parked, or you may not see it. The log says what was done.
      </Empty>
    );
  const View = (TABS.find(([name]) => name === tab) ?? TABS[0])?.[2] ?? VmOverview;
  return (
    <div className="content">
      <VmHeader vm={vm} />
      <Tabs
        to="/vm/$uuid/{-$tab}"
        params={{ uuid }}
        tabs={TABS.map(([name, label]) => ({
          name,
          label,
          ...(name === 'snapshots' && vm.snapshots.length > 0 && { count: vm.snapshots.length }),
        }))}
      />
      <div className={`tab-body tab-${tab || 'overview'}`}>
        <Suspense fallback={<div className="waiting-page" aria-busy="true" />}>
          <View key={vm.id} vm={vm} />
        </Suspense>
      </div>
    </div>
  );
}
