// A machine's console: the serial one as text, its screen as a picture. Each is only loaded when it is opened.
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import type { VmState } from '../api/types.ts';
import { useCloud } from '../store/cloud.ts';
import { isOn } from '../store/roster.ts';
import { may, permissionsFor } from '../store/state.ts';
import { Empty } from '../ui/bits.tsx';
import { Button } from '../ui/Button.tsx';
import { VerbButton } from '../verbs/VerbButton.tsx';
import type { ConsoleState } from './console-socket.ts';

const SerialConsole = lazy(() =>
  import('./SerialConsole.tsx').then(({ SerialConsole: found }) => ({ default: found })),
);
const ScreenConsole = lazy(() =>
  import('./ScreenConsole.tsx').then(({ ScreenConsole: found }) => ({ default: found })),
);

const REOPEN_MS = 1000;

export function ConsoleTab({ vm }: { readonly vm: VmState }) {
  const hasScreen = vm.graphics.includes('vnc');
  const [type, setType] = useState<'serial' | 'vnc'>(
    hasScreen && !vm.hasConsole ? 'vnc' : 'serial',
  );
  const [state, setState] = useState<ConsoleState>({ is: 'opening' });
  const [attempt, setAttempt] = useState(0);
  const frame = useRef<HTMLDivElement>(null);
  const isLive = useCloud((each) => each.phase.is === 'live');
  const mayOpen = useCloud((each) => may(permissionsFor(each, vm.id), 'vnc_display'));
  if (!mayOpen)
    return (
      <Empty icon="lock" title="You may not open its console">
        You lack the permission <code>vnc_display</code>. Who may set permissions can give it to
        you.
      </Empty>
    );
  if (!isOn(vm))
    return (
      <Empty
        icon="terminal"
        title={`${vm.name} is off`}
        action={<VerbButton entity={vm} verb="create" look="primary" />}
      >
        Its console opens by itself as soon as it starts.
      </Empty>
    );
  const choose = (next: 'serial' | 'vnc'): void => {
    // The one that is shown is not opened anew.
    if (next === type) return;
    setType(next);
    setState({ is: 'opening' });
  };
  const again = (): void => {
    setAttempt(attempt + 1);
    setState({ is: 'opening' });
  };
  const isLost = state.is === 'closed' && state.lost === true;
  const View = type === 'serial' ? SerialConsole : ScreenConsole;
  const words = {
    opening: 'Opening…',
    asking: 'Wants a password',
    open: 'Connected',
    closed: 'Not connected',
  }[state.is];
  return (
    <section className="console" ref={frame} aria-label="Console">
      <header className="console-head">
        <div className="segments" role="group" aria-label="Console">
          <button type="button" aria-pressed={type === 'serial'} onClick={() => choose('serial')}>
            Serial
          </button>
          <button
            type="button"
            aria-pressed={type === 'vnc'}
            disabled={!hasScreen}
            title={hasScreen ? 'Its screen' : 'It has no VNC screen'}
            onClick={() => choose('vnc')}
          >
            Screen
          </button>
        </div>
        <span className={`console-state ${state.is}`} role="status">
          {words}
        </span>
        <span className="spacer" />
        <Button
          look="ghost"
          icon="full"
          label="Full screen"
          onClick={() => void frame.current?.requestFullscreen()}
        />
      </header>
      <div className="console-body">
        <Suspense fallback={<div className="console-wait" aria-busy="true" />}>
          <View key={`${type} ${attempt} ${vm.hypervisor}`} vm={vm} onState={setState} />
        </Suspense>
        {state.is === 'closed' && (
          <div className="console-closed" role="alert">
            <strong>The console is closed</strong>
            <p>{state.why}</p>
            {isLost && isLive && <Reopening key={attempt} onDue={again} />}
            {isLost && !isLive && <p>It opens again by itself as soon as central is back.</p>}
            <Button onClick={again}>Open again</Button>
          </div>
        )}
      </div>
    </section>
  );
}

/** What was lost is opened again, once each time it is shown: what fails then is said and stays. */
function Reopening({ onDue }: { readonly onDue: () => void }) {
  const due = useRef(onDue);
  useEffect(() => {
    const timer = setTimeout(() => due.current(), REOPEN_MS);
    return () => clearTimeout(timer);
  }, []);
  return <p>Opening it again…</p>;
}
