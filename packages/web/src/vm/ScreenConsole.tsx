import RFB from '@novnc/novnc';
import { useEffect, useRef, useState } from 'react';
import { Button } from '../ui/Button.tsx';
import { closed, openConsoleSocket, whyNot } from './console-socket.ts';
import { ScreenPassword } from './ScreenPassword.tsx';
import type { ConsoleViewProps } from './SerialConsole.tsx';
import { TypeText } from './TypeText.tsx';

export function ScreenConsole({ vm, onState }: ConsoleViewProps) {
  const place = useRef<HTMLDivElement>(null);
  const screen = useRef<RFB>(undefined);
  /** What it wants to know before it is shown. */
  const [wanted, setWanted] = useState<readonly string[]>();
  const [wrong, setWrong] = useState(0);
  const isGiven = useRef(false);
  const [isTyping, setTyping] = useState(false);
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
        isGiven.current = false;
        rfb.addEventListener('connect', () => {
          wasOpen = true;
          onState({ is: 'open' });
          rfb.focus();
        });
        rfb.addEventListener('credentialsrequired', (event) => {
          setWanted((event as CustomEvent<{ types: string[] }>).detail.types);
          onState({ is: 'asking' });
        });
        // noVNC says only whether it was clean: the socket knows more.
        socket.addEventListener('close', (event) => {
          if (isGone) return;
          setWanted(undefined);
          // A screen ends the connection when a password is wrong, perhaps without a word: the next try is a new one.
          if (isGiven.current && !wasOpen) setWrong((times) => times + 1);
          else onState(closed(event, wasOpen));
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
  }, [vm.id, onState, wrong]);
  return (
    <>
      <div className="screen" ref={place} />
      {wanted && (
        <ScreenPassword
          types={wanted}
          wasWrong={wrong > 0}
          onGiven={(given) => {
            setWanted(undefined);
            isGiven.current = true;
            onState({ is: 'opening' });
            screen.current?.sendCredentials(given);
          }}
        />
      )}
      {isTyping && <TypeText screen={() => screen.current} onClose={() => setTyping(false)} />}
      <div className="screen-keys">
        <Button look="ghost" onClick={() => screen.current?.sendCtrlAltDel()}>
          Ctrl Alt Del
        </Button>
        <Button look="ghost" aria-pressed={isTyping} onClick={() => setTyping((is) => !is)}>
          Type text
        </Button>
      </div>
    </>
  );
}
