import type { RemoteInfo, Socket } from 'node:dgram';
import type { Timer } from '../../core/clock.js';
import type { LslError } from './lsl-error.js';
import {
  bindInRange,
  carrierOf,
  close,
  isLoopback,
  isMulticast,
  type LslContext,
  send,
  staysInside,
  usableInterfaces,
} from './network.js';
import { compileQuery } from './query.js';
import { formatInfo, infoElement, type LslStreamInfo } from './stream-info.js';

/** How often interfaces that came up lately are listened on too, s. */
const REJOIN_S = 2;
/** Queries that were compiled lately: receivers repeat theirs every half second. */
const MAX_QUERIES = 64;

/** Answers discovery and measurements of time for one outlet. */
export class UdpService {
  readonly #context: LslContext;
  readonly #sockets: Socket[] = [];
  /** Those that hear the groups of discovery. */
  readonly #hearing = new Map<Socket, 4 | 6>();
  readonly #rejoin: Timer;
  readonly #queries = new Map<string, boolean>();
  #info: LslStreamInfo | null = null;
  #shortInfo = '';

  private constructor(context: LslContext) {
    this.#context = context;
    this.#rejoin = context.clock.every(REJOIN_S, () => {
      for (const [socket, family] of this.#hearing) this.#joinGroups(socket, family);
    });
  }

  /** Opens the ports; {@link serve} says what to answer. @throws the system's error if no port can be had. */
  static async open(context: LslContext): Promise<{
    readonly service: UdpService;
    readonly ports: { readonly v4: number; readonly v6: number };
  }> {
    const service = new UdpService(context);
    const ports = { v4: 0, v6: 0 };
    const local = usableInterfaces(context);
    for (const family of [4, 6] as const) {
      const own = local.filter((at) => at.family === family);
      if (own.length === 0) continue;
      try {
        const address = listenAddress(context, own, family);
        const socket = await bindInRange(context.config, (port) =>
          carrierOf(context).bind({ family, port, address }, (bytes, from) =>
            service.#unicast(socket, bytes, from),
          ),
        );
        service.#sockets.push(socket);
        ports[family === 4 ? 'v4' : 'v6'] = socket.address().port;
      } catch (error) {
        if (family === 4) {
          service.close();
          throw error;
        }
        continue;
      }
      await service.#join(family);
    }
    return { service, ports };
  }

  /** Begins to answer. */
  serve(info: LslStreamInfo): void {
    this.#info = info;
    this.#shortInfo = formatInfo(info, 'short');
    this.#queries.clear();
  }

  close(): void {
    this.#rejoin.cancel();
    this.#hearing.clear();
    for (const socket of this.#sockets) close(socket);
    this.#sockets.length = 0;
  }

  /** Listens for discovery in every group on every interface; without it an outlet can still be asked directly. */
  async #join(family: 4 | 6): Promise<void> {
    const { multicastPort } = this.#context.config;
    try {
      const onlyLoopback = staysInside(this.#context);
      const address = family === 4 && onlyLoopback && process.platform === 'win32' ? '127.0.0.1' : undefined;
      const socket = await carrierOf(this.#context).bind(
        { family, port: multicastPort, shared: true, ...(address ? { address } : {}) },
        (bytes, from) => {
          if (!onlyLoopback || isLoopback(from.address)) this.#discover(socket, bytes, from);
        },
      );
      this.#sockets.push(socket);
      this.#hearing.set(socket, family);
      this.#joinGroups(socket, family);
    } catch (error) {
      this.#context.events({
        code: 'network-interface-failed',
        level: 'warn',
        message: `LSL: can't listen for discovery on port ${multicastPort} (IPv${family}): ${(error as Error).message}; receivers must know this host`,
      });
    }
  }

  #joinGroups(socket: Socket, family: 4 | 6): void {
    const groups = this.#context.config.multicastAddresses.filter(
      (group) => isMulticast(group) && group.includes(':') === (family === 6),
    );
    for (const at of usableInterfaces(this.#context)) {
      if (at.family !== family) continue;
      for (const group of groups) {
        try {
          socket.addMembership(group, family === 4 ? at.address : `::%${at.interface}`);
        } catch {
          // The interface takes no part in multicast, or has joined already.
        }
      }
    }
  }

  #unicast(socket: Socket, bytes: Buffer, from: RemoteInfo): void {
    const received_s = this.#context.clock.now();
    if (!bytes.subarray(0, 12).equals(timeRequest)) {
      this.#discover(socket, bytes, from);
      return;
    }
    const question = readTimeQuestion(bytes);
    if (!question) return;
    const answer = ` ${question.wave} ${question.sent} ${stamp(received_s)} ${stamp(this.#context.clock.now())}`;
    send(socket, answer, from.port, from.address);
  }

  #discover(socket: Socket, bytes: Buffer, from: RemoteInfo): void {
    const question = this.#info && readDiscovery(bytes);
    if (!this.#info || !question || !this.#fits(this.#info, question.query)) return;
    send(socket, `${question.id}\r\n${this.#shortInfo}`, question.port, from.address);
  }

  /** Whether the stream is meant. A query that can't be read means no stream. */
  #fits(info: LslStreamInfo, query: string): boolean {
    let fits = this.#queries.get(query);
    if (fits === undefined) {
      fits = matchesQuery(info, query);
      if (this.#queries.size >= MAX_QUERIES) this.#queries.clear();
      this.#queries.set(query, fits);
    }
    return fits;
  }
}

const timeRequest = Buffer.from('LSL:timedata');

/** What the answer to a measurement of time repeats of the question; null where it is none. */
export function readTimeQuestion(bytes: Buffer): { readonly wave: string; readonly sent: string } | null {
  const match = /^LSL:timedata\r?\n\s*(-?\d{1,20})\s+(\S{1,40})/.exec(bytes.toString('latin1'));
  return match && Number.isFinite(Number(match[2])) ? { wave: match[1], sent: match[2] } : null;
}

/** Who looks for which streams, and where the answer goes; null where nobody does. */
export function readDiscovery(
  bytes: Buffer,
): { readonly query: string; readonly port: number; readonly id: string } | null {
  if (bytes.length > 8192) return null;
  const [method, query = '', back = ''] = bytes
    .toString('utf8')
    .split('\n', 3)
    .map((line) => line.trim());
  const match = method === 'LSL:shortinfo' ? /^(\d{1,5})\s+(\S{1,64})$/.exec(back) : null;
  const port = Number(match?.[1]);
  return match && port >= 1 && port <= 65_535 ? { query, port, id: match[2] } : null;
}

/** Whether the stream is meant; false too for a query that can't be read. */
export function matchesQuery(info: LslStreamInfo, query: string): boolean {
  try {
    return compileQuery(query)(infoElement(info, 'full'));
  } catch (error) {
    if ((error as LslError).code === 'query') return false;
    throw error;
  }
}

/** A clock's reading to the nanosecond. */
export function stamp(time_s: number): string {
  return time_s.toFixed(9);
}

/** Every address that this machine has or will have, or only itself where nothing else is to be used. */
export function listenAddress(
  context: LslContext,
  own: readonly { readonly address: string }[],
  family: 4 | 6,
): string {
  return staysInside(context) ? own[0].address : family === 4 ? '0.0.0.0' : '::';
}
