/** The part of a WebSocket that the client uses: browsers' and Node's own has it, and `ws`'s. */
export interface WebSocketLike {
  binaryType: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  /** Ends it at once; `ws`'s has it. */
  terminate?(): void;
}

export type WebSocketConstructor = new (url: string, protocols?: string[]) => WebSocketLike;

/** @throws Error where the platform has no WebSocket of its own (Node 20). */
export function platformWebSocket(): WebSocketConstructor {
  const found = (globalThis as { WebSocket?: unknown }).WebSocket;
  if (typeof found !== 'function')
    throw new Error('this platform has no WebSocket: pass one, e.g. { WebSocket } from the ws package');
  return found as WebSocketConstructor;
}
