import type { WebSocketConstructor, WebSocketLike } from '../../../src/io/client/web-socket.js';

/** What the daemon sends a client, without a network: the client hears what it is told to. */
export class SpokenSocket implements WebSocketLike {
  static newest: SpokenSocket;
  binaryType = '';
  readonly sent: (string | Uint8Array)[] = [];
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;

  constructor() {
    SpokenSocket.newest = this;
  }
  send(data: string | Uint8Array): void {
    this.sent.push(data);
  }
  close(): void {
    this.onclose?.({ code: 1000, reason: '' } as never);
  }
  open(): void {
    this.onopen?.({} as never);
  }
  say(text: string): void {
    this.onmessage?.({ data: text } as never);
  }
}

export const spoken = { WebSocket: SpokenSocket as WebSocketConstructor };
