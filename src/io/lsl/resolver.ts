import { randomInt } from 'node:crypto';
import type { RemoteInfo, Socket } from 'node:dgram';
import { isIP, isIPv6 } from 'node:net';
import type { Seconds, Timer } from '../../core/clock.js';
import { errorOf, owned } from '../../core/owned.js';
import {
  carrierOf,
  close,
  type InterfaceAddress,
  isLoopback,
  isMulticast,
  type LslContext,
  send,
  usableInterfaces,
} from './network.js';
import { compileQuery } from './query.js';
import { Rejections } from './rejections.js';
import { type LslStreamInfo, parseInfo } from './stream-info.js';

/** Streams that are kept in mind; more are abuse. */
const MAX_STREAMS = 4096;
/** Answers that are remembered: each may be as long as a datagram. */
const MOST_ANNOUNCED = 256;
/** Questions out of turn come no closer than this, s. */
const SOONEST_S = 0.1;
/** An address that is coming up can't be used for a second or two, s. */
const RETRY_S = 2;

export interface ResolverOptions {
  /** Predicate on `info`, as in `name='x' and type='EEG'`; '' for every stream. */
  readonly query?: string;
  /** How long a stream counts as there after its last answer, s. */
  readonly forgetAfter_s?: Seconds;
  readonly appeared?: (info: LslStreamInfo) => void;
  readonly vanished?: (info: LslStreamInfo) => void;
  /** A stream answered, for the first time or again. */
  readonly answered?: (info: LslStreamInfo) => void;
}

interface Sighting {
  readonly info: LslStreamInfo;
  readonly seen: Seconds;
}

interface Voice {
  readonly at: InterfaceAddress;
  readonly socket: Socket;
}

/**
 * Looks for streams until closed: asks on every interface, by broadcast, multicast and directly, again and again. An
 * interface that fails (a VPN, a container's bridge) is told as an event once and passed over.
 */
export class Resolver {
  readonly #context: LslContext;
  readonly #options: ResolverOptions;
  readonly #id = String(randomInt(2 ** 47));
  readonly #found = new Map<string, Sighting>();
  /** A number: the address failed, and is tried again then. */
  readonly #voices = new Map<string, Voice | 'opening' | Seconds>();
  readonly #failuresTold = new Set<string>();
  readonly #query: string;
  readonly #timer: Timer;
  readonly #rejections: Rejections;
  readonly #forgetAfter_s: Seconds;
  /** What outlets answered lately, and what it says: they say the same every time. */
  readonly #announced = new Map<string, LslStreamInfo>();
  #isOpen = true;
  #asked = Number.NEGATIVE_INFINITY;

  /** @throws LslError `query`. */
  constructor(context: LslContext, options: ResolverOptions = {}) {
    const { query = '', forgetAfter_s = 5 } = options;
    compileQuery(query);
    this.#context = context;
    this.#options = options;
    this.#rejections = new Rejections(context);
    this.#forgetAfter_s = forgetAfter_s;
    const session = `session_id='${context.config.sessionId}'`;
    this.#query = query.trim() === '' ? session : `${session} and ${query}`;
    this.#timer = context.clock.every(context.config.resolveInterval_s, () => this.#ask());
    this.#ask();
  }

  /** Streams that answered lately. */
  get streams(): readonly LslStreamInfo[] {
    return [...this.#found.values()].map(({ info }) => info);
  }

  /** As if it had never answered. */
  forget(uid: string): void {
    this.#found.delete(uid);
  }

  /** Asks now, out of turn. */
  hurry(): void {
    if (this.#context.clock.now() >= this.#asked + SOONEST_S) this.#ask();
  }

  close(): void {
    this.#isOpen = false;
    this.#timer.cancel();
    for (const voice of this.#voices.values()) if (typeof voice === 'object') close(voice.socket);
    this.#voices.clear();
  }

  #ask(): void {
    this.#asked = this.#context.clock.now();
    this.#forget();
    const present = new Map(usableInterfaces(this.#context).map((at) => [at.address, at]));
    for (const [address, voice] of this.#voices)
      if (!present.has(address)) {
        if (typeof voice === 'object') close(voice.socket);
        this.#voices.delete(address);
      }
    for (const at of present.values()) {
      const voice = this.#voices.get(at.address);
      const isDue = typeof voice === 'number' && this.#context.clock.now() >= voice;
      if (voice === undefined || isDue) owned(this.#open(at), (error) => this.#tellFailed(at, error));
      else if (typeof voice === 'object') this.#askOn(voice);
    }
  }

  async #open(at: InterfaceAddress): Promise<void> {
    this.#voices.set(at.address, 'opening');
    try {
      const socket = await carrierOf(this.#context).bind(
        { family: at.family, port: 0, address: at.address },
        (bytes, from) => this.#answered(bytes, from),
      );
      if (!this.#isOpen) return close(socket);
      const { multicastTtl } = this.#context.config;
      if (at.family === 4) socket.setBroadcast(true);
      socket.setMulticastTTL(multicastTtl);
      socket.setMulticastLoopback(true);
      socket.setMulticastInterface(at.family === 4 ? at.address : `::%${at.interface}`);
      const voice = { at, socket };
      this.#voices.set(at.address, voice);
      this.#askOn(voice);
    } catch (error) {
      this.#tellFailed(at, errorOf(error));
    }
  }

  #tellFailed(at: InterfaceAddress, { message }: Error): void {
    if (!this.#isOpen) return;
    this.#voices.set(at.address, this.#context.clock.now() + RETRY_S);
    if (this.#failuresTold.has(at.address)) return;
    this.#failuresTold.add(at.address);
    this.#context.events({
      code: 'network-interface-failed',
      level: 'warn',
      message: `LSL: can't look for streams on ${at.interface} (${at.address}): ${message}; the other interfaces go on`,
    });
  }

  #askOn({ at, socket }: Voice): void {
    const { multicastPort, basePort, portRange, multicastAddresses, knownPeers } = this.#context.config;
    const { port } = socket.address();
    const question = Buffer.from(`LSL:shortinfo\r\n${this.#query}\r\n${port} ${this.#id}\r\n`);
    const six = at.family === 6;
    const groups = multicastAddresses.filter((address) => isIPv6(address) === six);
    // A broadcast leaves by the default route only; a subnet's own reaches its interface.
    const everyone = at.broadcast && groups.includes('255.255.255.255') ? [...groups, at.broadcast] : groups;
    for (const address of everyone) {
      if (at.internal && !isMulticast(address)) continue;
      send(socket, question, multicastPort, six ? `${address}%${at.interface}` : address);
    }
    // Straight to the ports of outlets: of this machine, where multicast may be off, and of hosts that a person named.
    const others = knownPeers.filter((peer) => isLoopback(peer) === at.internal);
    const named = others.filter((peer) => isIP(peer) === 0 || isIPv6(peer) === six);
    const peers = at.internal ? [at.address, ...named] : named;
    if (at.internal) send(socket, question, multicastPort, at.address);
    for (const peer of new Set(peers))
      for (let k = 0; k < portRange; k++) send(socket, question, basePort + k, peer);
  }

  #answered(bytes: Buffer, from: RemoteInfo): void {
    let info: LslStreamInfo;
    try {
      const text = announcementIn(bytes, this.#id);
      if (text === null) return;
      info = reachedAt(this.#read(text), from);
    } catch (error) {
      const what = `announces something that is no stream: ${(error as Error).message}`;
      this.#rejections.tell(from.address, `${from.address} ${what}`);
      return;
    }
    const known = this.#found.get(info.uid);
    if (!known && this.#found.size >= MAX_STREAMS) return;
    const sighting = {
      info: known ? merge(known.info, info) : info,
      seen: this.#context.clock.now(),
    };
    this.#found.set(info.uid, sighting);
    if (!known) this.#options.appeared?.(info);
    this.#options.answered?.(sighting.info);
  }

  #read(text: string): LslStreamInfo {
    const known = this.#announced.get(text);
    if (known) return known;
    const info = parseInfo(text);
    if (this.#announced.size >= MOST_ANNOUNCED) this.#announced.clear();
    this.#announced.set(text, info);
    return info;
  }

  #forget(): void {
    const oldest = this.#context.clock.now() - this.#forgetAfter_s;
    for (const [uid, { info, seen }] of this.#found) {
      if (seen >= oldest) continue;
      this.#found.delete(uid);
      this.#options.vanished?.(info);
    }
  }
}

/** What an outlet answers to the question `id`; null where it is another's. @throws LslError where it is no stream. */
export function readAnnouncement(bytes: Buffer, id: string): LslStreamInfo | null {
  const text = announcementIn(bytes, id);
  return text === null ? null : parseInfo(text);
}

function announcementIn(bytes: Buffer, id: string): string | null {
  const text = bytes.toString('utf8');
  const end = text.indexOf('\n');
  return end < 0 || text.slice(0, end).trim() !== id ? null : text.slice(end + 1);
}

/** An outlet is reached where its answer came from, whatever it believes of its own address. */
function reachedAt(info: LslStreamInfo, { address, family }: RemoteInfo): LslStreamInfo {
  return family === 'IPv6'
    ? { ...info, v6: { ...info.v6, address } }
    : { ...info, v4: { ...info.v4, address } };
}

/** The first address that answered stays, unless this one is of the other family. */
function merge(known: LslStreamInfo, info: LslStreamInfo): LslStreamInfo {
  return {
    ...known,
    v4: known.v4.address === '' ? info.v4 : known.v4,
    v6: known.v6.address === '' ? info.v6 : known.v6,
  };
}

/** Streams that fit `query`: as soon as there are `minimum`, or those found after `timeout_s`. */
export function resolveStreams(
  context: LslContext,
  options: { readonly query?: string; readonly minimum?: number; readonly timeout_s: Seconds },
): Promise<readonly LslStreamInfo[]> {
  const { query, minimum = Number.POSITIVE_INFINITY, timeout_s } = options;
  return new Promise((resolve) => {
    const end = (): void => {
      timer.cancel();
      resolver.close();
      resolve(resolver.streams);
    };
    const resolver = new Resolver(context, {
      ...(query === undefined ? {} : { query }),
      forgetAfter_s: timeout_s + 1,
      appeared: () => {
        if (resolver.streams.length >= minimum) end();
      },
    });
    const timer = context.clock.after(timeout_s, end);
  });
}
