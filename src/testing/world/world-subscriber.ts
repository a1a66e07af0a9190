import { StreamClient } from '../../io/client/index.js';
import type { Policy } from '../../io/protocol/control.js';
import type { WireMessage } from '../../io/protocol/output.js';
import type { WorldFault } from './faults.js';
import { wired } from './line.js';
import type { WebSocketNetwork } from './web-sockets.js';
import type { DeviceHost } from './world-device.js';
import { ProcessClock, type WorldTime } from './world-time.js';

/** A subscriber of a world. */
export interface SubscriberDescription {
  readonly name: string;
  readonly session: string;
  readonly policy: Policy;
}

const STREAMS = ['affect', 'features', 'quality', 'sys'] as const;

/** A client that listens, as well as its faults let it. */
export class WorldSubscriber {
  readonly host: DeviceHost;
  /** What it heard, in order. */
  readonly heard: WireMessage[] = [];
  /** Sessions of whose nodes it heard nothing before its connection broke: it can't ask for what it missed. */
  readonly joinedLate = new Set<string>();
  readonly #sessions = new Set<string>();
  readonly #client: StreamClient;

  constructor(
    readonly description: SubscriberDescription,
    index: number,
    faults: readonly WorldFault[],
    {
      time,
      webSockets,
      troubled,
    }: {
      readonly time: WorldTime;
      readonly webSockets: WebSocketNetwork;
      readonly troubled: (what: string) => void;
    },
  ) {
    const { name, session, policy } = description;
    const clock = new ProcessClock(time);
    const host = { name, address: `10.0.1.${index}`, clock, route: wired(), landed: [], ended: [] };
    this.host = host;
    this.#client = new StreamClient('ws://world', {
      ...{ timers: clock, WebSocket: webSockets.webSocketOf(host) },
    });
    let opened = 0;
    this.#client.on('state', (state) => {
      if (state === 'open') opened++;
    });
    for (const stream of STREAMS)
      this.#client.on(stream, (message) => {
        this.heard.push(message);
        if (!('node' in message)) return;
        if (opened > 1 && !this.#sessions.has(message.session)) this.joinedLate.add(message.session);
        this.#sessions.add(message.session);
      });
    this.#client.on('error', ({ code, message }) => troubled(`${name}: ${code}: ${message}`));
    this.#client.subscribe({ streams: [...STREAMS], session, policy }).catch(() => {});
    for (const { kind, target, from, to, amount } of faults) {
      if (target !== name) continue;
      if (kind === 'leave') time.at(from, () => webSockets.cut(host));
      if (kind === 'slow') {
        time.at(from, () => void Object.assign(host.route, { bytes_per_s: amount! }));
        time.at(to!, () => void Object.assign(host.route, { bytes_per_s: wired().bytes_per_s }));
      }
      if (kind === 'stall') {
        time.at(from, () => webSockets.read(host, false));
        time.at(to!, () => webSockets.read(host, true));
      }
    }
  }

  close(): void {
    this.#client.close();
  }
}
