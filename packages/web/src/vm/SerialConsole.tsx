import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import { useEffect, useRef } from 'react';
import type { VmState } from '../api/types.ts';
import { closed, type ConsoleState, openConsoleSocket, whyNot } from './console-socket.ts';

export interface ConsoleViewProps {
  readonly vm: VmState;
  readonly onState: (state: ConsoleState) => void;
}

export function SerialConsole({ vm, onState }: ConsoleViewProps) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const terminal = new Terminal({
      fontFamily: '"JetBrains Mono Variable", ui-monospace, monospace',
      fontSize: 13,
      cursorBlink: true,
      scrollback: 5000,
      screenReaderMode: false,
      theme: {
        background: '#0b1114',
        foreground: '#dfe8ea',
        cursor: '#59c9c5',
        selectionBackground: '#2b5a63',
      },
    });
    const fit = new FitAddon();
    terminal.loadAddon(fit);
    terminal.open(element);
    fit.fit();
    terminal.focus();
    const sizes = new ResizeObserver(() => fit.fit());
    sizes.observe(element);
    let socket: WebSocket | undefined;
    let isGone = false;
    const keys = new TextEncoder();
    terminal.onData((data) => {
      if (socket?.readyState === WebSocket.OPEN) socket.send(keys.encode(data));
    });
    openConsoleSocket(vm.id, 'serial').then(
      (opened) => {
        if (isGone) return opened.close();
        socket = opened;
        let wasOpen = false;
        opened.addEventListener('open', () => {
          wasOpen = true;
          onState({ is: 'open' });
        });
        opened.addEventListener('message', ({ data }) =>
          terminal.write(typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer)),
        );
        opened.addEventListener('close', (event) => {
          if (!isGone) onState(closed(event, wasOpen));
        });
      },
      (error: unknown) => {
        if (!isGone) onState({ is: 'closed', why: whyNot(error) });
      },
    );
    return () => {
      isGone = true;
      socket?.close();
      sizes.disconnect();
      terminal.dispose();
    };
    // A state of the machine that changes is no reason to open it anew.
  }, [vm.id, onState]);
  return <div className="serial" ref={place} />;
}
