import RFB from '@novnc/novnc';
import { useEffect, useRef } from 'react';
import { Button } from '../ui/Button.tsx';
import { closed, openConsoleSocket, whyNot } from './console-socket.ts';
import type { ConsoleViewProps } from './SerialConsole.tsx';

export function ScreenConsole({ vm, onState }: ConsoleViewProps) {
  const place = useRef<HTMLDivElement>(null);
  const screen = useRef<RFB>(undefined);
  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    let isGone = false;
    openConsoleSocket(vm.id, 'vnc').then(
      (socket) => {
        if (isGone) return socket.close();
        const rfb = new RFB(element, socket);
        rfb.scaleViewport = true;
        rfb.background = '#0b1114';
        let wasOpen = false;
        rfb.addEventListener('connect', () => {
          wasOpen = true;
          onState({ is: 'open' });
          rfb.focus();
        });
        // noVNC says only whether it was clean: the socket knows more.
        socket.addEventListener('close', (event) => {
          if (!isGone) onState(closed(event, wasOpen));
        });
        screen.current = rfb;
      },
      (error: unknown) => {
        if (!isGone) onState({ is: 'closed', why: whyNot(error) });
      },
    );
    return () => {
      isGone = true;
      screen.current?.disconnect();
      screen.current = undefined;
    };
  }, [vm.id, onState]);
  return (
    <>
      <div className="screen" ref={place} />
      <div className="screen-keys">
        <Button look="ghost" onClick={() => screen.current?.sendCtrlAltDel()}>
          Ctrl Alt Del
        </Button>
        <Button look="ghost" onClick={() => void typeClipboard(screen.current)}>
          Paste as text
        </Button>
      </div>
    </>
  );
}

/** Gives the guest what was copied here; it needs an agent for its clipboard. */
async function typeClipboard(rfb: RFB | undefined): Promise<void> {
  const text = await navigator.clipboard.readText().catch(() => '');
  rfb?.clipboardPasteFrom(text);
}
