import type { RemoteInfo, Socket as UdpSocket } from 'node:dgram';
import { EventEmitter } from 'node:events';
import type { Server, Socket as TcpSocket } from 'node:net';
import type { Seconds } from '../../core/clock.js';
import { Random } from '../../core/random.js';
import {
  type Carrier,
  type Datagram,
  type DatagramOptions,
  type InterfaceAddress,
  isMulticast,
} from '../../io/lsl/network.js';
import { Line, type Route } from './line.js';
import type { ProcessClock, WorldTime } from './world-time.js';

const systemError = (code: string): Error => Object.assign(new Error(code), { code });

/** A machine, with one process that uses the Lab Streaming Layer. */
export interface LslHost {
  readonly name: string;
  readonly address: string;
  readonly clock: ProcessClock;
  readonly route: Route;
  /** When samples of it came to the daemon's machine, s of the world's time. */
  readonly landed?: Seconds[];
}

/** A UDP socket as far as `node:dgram` has it and the Lab Streaming Layer's code uses it. */
class Datagrams extends EventEmitter {
  isClosed = false;

  constructor(
    readonly network: LslNetwork,
    readonly host: LslHost,
    readonly port: number,
    readonly received: Datagram,
  ) {
    super();
  }

  address(): { readonly port: number } {
    return { port: this.port };
  }

  send(bytes: Buffer | string, port: number, address: string): void {
    this.network.send(this, Buffer.from(bytes as Buffer), port, address);
  }

  close(): void {
    this.isClosed = true;
    this.network.closed(this);
  }

  setBroadcast(): void {}
  setMulticastTTL(): void {}
  setMulticastLoopback(): void {}
  setMulticastInterface(): void {}
  addMembership(): void {}
}

/** One end of a connection, as far as `node:net` has it and the Lab Streaming Layer's code uses it. */
class StreamSocket extends EventEmitter {
  isClosed = false;
  line: Line | null = null;
  peer: StreamSocket | null = null;

  constructor(
    readonly network: LslNetwork,
    readonly host: LslHost,
    readonly remoteAddress: string,
  ) {
    super();
  }

  get writableLength(): number {
    return this.line?.untaken ?? 0;
  }

  get writableNeedDrain(): boolean {
    return this.writableLength > 0;
  }

  write(data: Buffer | string): boolean {
    const { line, peer } = this;
    if (!line || !peer || this.isClosed) return false;
    const bytes = Buffer.from(data as Buffer);
    const give = (part: Buffer): void => void peer.emit('data', part);
    // A stream of bytes keeps no bounds of what was written.
    const at = this.network.random.uniform() < SPLIT_SHARE ? this.#cutIn(bytes.length) : bytes.length;
    for (const part of [bytes.subarray(0, at), bytes.subarray(at)]) {
      if (part.length === 0) continue;
      const torn = (): void => give(part.subarray(0, this.#cutIn(part.length)));
      const taken = (): void => void (line.untaken === 0 && !this.isClosed && this.emit('drain'));
      const landed = (): void => void this.host.landed?.push(this.network.time.now);
      line.send(part.length, () => give(part), { torn, taken, landed });
    }
    return !this.writableNeedDrain;
  }

  #cutIn(length: number): number {
    return 1 + Math.floor(this.network.random.uniform() * (length - 1));
  }

  end(data?: Buffer | string): void {
    if (data !== undefined && data.length > 0) this.write(data);
    const { line, peer } = this;
    if (line && peer) line.send(1, () => peer.destroy());
    else this.destroy();
  }

  destroy(): void {
    this.close();
    const { peer } = this;
    if (peer && !peer.isClosed) peer.host.clock.arrive(() => peer.close());
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.line?.cut();
    this.network.disconnected(this);
    this.network.time.at(this.network.time.now, () => this.host.clock.arrive(() => this.emit('close')));
  }

  setNoDelay(): void {}
  setKeepAlive(): void {}
  resume(): void {}
}

/** A listening socket. */
class Listener extends EventEmitter {
  constructor(
    readonly network: LslNetwork,
    readonly host: LslHost,
    readonly port: number,
  ) {
    super();
  }

  address(): { readonly port: number } {
    return { port: this.port };
  }

  close(closed: () => void = () => {}): void {
    this.network.unlisten(this);
    queueMicrotask(closed);
  }
}

/** How many writes come in two parts. */
const SPLIT_SHARE = 0.05;
/** First of the ports that are drawn where none is asked for. */
const FREE_PORTS = 49_152;

/** The network on which a world's outlets and its daemon find each other: datagrams and connections, byte by byte. */
export class LslNetwork {
  readonly random: Random;
  readonly #datagrams = new Set<Datagrams>();
  readonly #listeners = new Set<Listener>();
  readonly #sockets = new Set<StreamSocket>();
  #port = FREE_PORTS;
  #opened = 0;

  constructor(
    readonly time: WorldTime,
    readonly seed: number | string,
  ) {
    this.random = new Random(seed, 'lsl network');
  }

  /** Of a host's one interface. */
  interfacesOf({ address }: LslHost): () => readonly InterfaceAddress[] {
    const own: InterfaceAddress = {
      interface: 'world0',
      family: 4,
      address,
      broadcast: null,
      internal: false,
    };
    return () => [own];
  }

  carrierOf(host: LslHost): Carrier {
    return {
      hostname: host.name,
      bind: async (options, received) => this.#bind(host, options, received) as unknown as UdpSocket,
      connect: (address, port) => this.#connect(host, address, port) as unknown as TcpSocket,
      listen: async (port) => this.#listen(host, port) as unknown as Server,
    };
  }

  /** A host's process is gone, and all that it had open. */
  killed(host: LslHost): void {
    for (const socket of [...this.#datagrams]) if (socket.host === host) this.#datagrams.delete(socket);
    for (const listener of [...this.#listeners]) if (listener.host === host) this.#listeners.delete(listener);
    this.cut(host);
  }

  /** Breaks all of a host's connections. */
  cut(host: LslHost): void {
    for (const socket of [...this.#sockets])
      if (socket.host === host) {
        const { peer } = socket;
        socket.destroy();
        peer?.line?.cut();
      }
  }

  send(from: Datagrams, bytes: Buffer, port: number, address: string): void {
    const isForAll = isMulticast(address) || address === '255.255.255.255';
    const { host } = from;
    const about: RemoteInfo = { address: host.address, family: 'IPv4', port: from.port, size: bytes.length };
    for (const to of this.#datagrams) {
      if (to.port !== port || (!isForAll && to.host.address !== address)) continue;
      this.time.at(this.time.now + this.#delay(host, to.host), () => {
        const isLost = host.route.heldUntil > this.time.now || to.host.route.heldUntil > this.time.now;
        if (isLost || to.isClosed) return;
        to.host.clock.arrive(() => {
          if (!to.isClosed) to.received(bytes, about);
        });
      });
    }
  }

  closed(socket: Datagrams): void {
    this.#datagrams.delete(socket);
  }

  unlisten(listener: Listener): void {
    this.#listeners.delete(listener);
  }

  disconnected(socket: StreamSocket): void {
    this.#sockets.delete(socket);
  }

  #delay(a: LslHost, b: LslHost): Seconds {
    return [a, b].reduce(
      (sum, { route }) => sum + route.latency_s / 2 + this.random.exponential(route.jitter_s / 2),
      0,
    );
  }

  #freePort(): number {
    return this.#port++;
  }

  #bind(host: LslHost, { port, shared = false }: DatagramOptions, received: Datagram): Datagrams {
    const isTaken = [...this.#datagrams].some((other) => other.host === host && other.port === port);
    if (isTaken && !shared) throw systemError('EADDRINUSE');
    const socket = new Datagrams(this, host, port === 0 ? this.#freePort() : port, received);
    this.#datagrams.add(socket);
    return socket;
  }

  #listen(host: LslHost, port: number): Listener {
    const isTaken = [...this.#listeners].some((other) => other.host === host && other.port === port);
    if (isTaken) throw systemError('EADDRINUSE');
    const listener = new Listener(this, host, port === 0 ? this.#freePort() : port);
    this.#listeners.add(listener);
    return listener;
  }

  #connect(host: LslHost, address: string, port: number): StreamSocket {
    const socket = new StreamSocket(this, host, address);
    const name = `lsl connection ${++this.#opened}`;
    const from = [...this.#listeners].find((other) => other.host.address === address);
    const slow = from?.host.route ?? host.route;
    const at = Math.max(this.time.now + 2 * slow.latency_s, slow.heldUntil);
    this.time.at(at, () => {
      if (socket.isClosed || host.clock.isDead) return;
      const listener = [...this.#listeners].find(
        (other) => other.host.address === address && other.port === port,
      );
      if (!listener) return host.clock.arrive(() => socket.emit('error', systemError('ECONNREFUSED')));
      const peer = new StreamSocket(this, listener.host, host.address);
      // The slower of both is the device's.
      const { route } = listener.host;
      socket.line = new Line(this.time, route, listener.host.clock, new Random(this.seed, `${name} up`));
      peer.line = new Line(this.time, route, host.clock, new Random(this.seed, `${name} down`));
      socket.peer = peer;
      peer.peer = socket;
      this.#sockets.add(socket).add(peer);
      listener.host.clock.arrive(() => listener.emit('connection', peer));
      host.clock.arrive(() => {
        if (!socket.isClosed) socket.emit('connect');
      });
    });
    return socket;
  }
}
