// What we use of noVNC, which has no types of its own.
declare module '@novnc/novnc' {
  // eslint-disable-next-line import/no-default-export
  export default class RFB extends EventTarget {
    constructor(target: Element, channel: WebSocket);
    scaleViewport: boolean;
    background: string;
    focus(): void;
    disconnect(): void;
    sendCtrlAltDel(): void;
    sendKey(keysym: number, code: string, down?: boolean): void;
    sendCredentials(given: Readonly<Record<string, string>>): void;
  }
}
