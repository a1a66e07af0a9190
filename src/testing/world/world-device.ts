import type { Seconds, Timer } from '../../core/clock.js';
import { Random } from '../../core/random.js';
import { IngestConnection } from '../../io/client/index.js';
import { defaultConfig, type LslConfig } from '../../io/lsl/config.js';
import { channelsElement } from '../../io/lsl/declaration.js';
import type { LslContext } from '../../io/lsl/network.js';
import { Outlet } from '../../io/lsl/outlet.js';
import type { ClockKind } from '../../io/protocol/control.js';
import { ChunkOrder, clockError_s } from '../../simulation/device-faults.js';
import type { WorldFault } from './faults.js';
import type { Ledger } from './ledger.js';
import { type Route, wired } from './line.js';
import type { LslNetwork } from './lsl-network.js';
import type { WebSocketNetwork } from './web-sockets.js';
import { ProcessClock, WALL_UNIX_S, type WorldTime } from './world-time.js';

/** A device of a world. */
export interface DeviceDescription {
  readonly name: string;
  readonly door: 'websocket' | 'lsl';
  /** LSL streams go to the daemon's default session. */
  readonly session: string;
  readonly type: string;
  readonly unit: string;
  /** The first channel's values are the samples' numbers, by which they are found again. */
  readonly labels: readonly string[];
  readonly sfreq: number;
  /** Samples that it sends at once. */
  readonly chunk: number;
  /** Of its stamps, over WebSocket. */
  readonly clock: ClockKind;
  /** What its signal is like: how large, and how many rad a sample. */
  readonly size: number;
  readonly step_rad: number;
}

export interface DeviceWorld {
  readonly time: WorldTime;
  readonly seed: number | string;
  readonly webSockets: WebSocketNetwork;
  readonly lsl: LslNetwork;
  readonly ledger: Ledger;
  /** A device has told something wrong: nothing of our own client may. */
  readonly troubled: (what: string) => void;
}

/** Samples that were measured and are to be sent. */
interface Chunk {
  readonly numbers: readonly number[];
  readonly stamps: readonly number[];
  readonly values: Float32Array;
}

/** A way into the daemon, until it is closed or its device loses power. */
interface Sender {
  send(chunk: Chunk): void;
  close(): Promise<void>;
  lose(): void;
}

export interface DeviceHost {
  readonly name: string;
  readonly address: string;
  readonly clock: ProcessClock;
  readonly route: Route;
  readonly landed: Seconds[];
  /** When it ended its stream, or lost it, s of the world's time. */
  readonly ended: Seconds[];
}

/** Measures, and sends what it measures, as its faults have it. */
export class WorldDevice {
  readonly host: DeviceHost;
  readonly #world: DeviceWorld;
  readonly #faults: readonly WorldFault[];
  readonly #random: Random;
  #sender: Sender | null = null;
  #measuring: Timer | null = null;
  #number = 0;
  readonly #order = new ChunkOrder<Chunk>();
  /** Samples that are due, and not whole: another rate has parts of one. */
  #due = 0;
  #labels: readonly string[];
  #starts = 0;

  constructor(
    readonly description: DeviceDescription,
    index: number,
    faults: readonly WorldFault[],
    world: DeviceWorld,
  ) {
    const { name } = description;
    this.#world = world;
    this.#random = new Random(world.seed, `device ${name}`);
    this.#labels = description.labels;
    this.#faults = faults.filter(({ target }) => target === name);
    this.host = {
      name,
      address: `10.0.0.${10 + index}`,
      clock: new ProcessClock(world.time, {
        start: this.#random.between(100, 1e6),
        drift: 1e-6 * this.#random.between(-20, 20),
        epoch_unix_s: WALL_UNIX_S,
      }),
      route: wired(),
      landed: [],
      ended: [],
    };
    const { time } = world;
    for (const { kind, from, to } of this.#faults) {
      const at = (when: Seconds, act: () => void): void => void time.at(when, act);
      if (kind === 'drop') {
        at(from, () => this.#losePower());
        at(to!, () => this.start());
      } else if (kind === 'hold')
        at(from, () => {
          this.host.route.heldUntil = Math.max(this.host.route.heldUntil, to!);
        });
      else if (kind === 'cut') at(from, () => this.#cut());
      else if (kind === 'restart') at(from, () => this.#restart(this.#labels));
      else if (kind === 'label')
        at(from, () => this.#restart(this.#labels.map((label, c) => (c === 0 ? label : `${label}x`))));
      else if (kind === 'layout') at(from, () => this.#restart([...this.#labels, 'extra']));
    }
  }

  start(): void {
    if (this.#measuring) return;
    this.#begin();
    const { chunk, sfreq } = this.description;
    this.#measuring = this.host.clock.every(chunk / sfreq, () => this.#measure());
  }

  /** Ends its stream. */
  async close(): Promise<void> {
    this.#measuring?.cancel();
    this.#measuring = null;
    const sender = this.#sender;
    this.#sender = null;
    this.#noteEnd();
    await sender?.close();
  }

  #begin(): void {
    const { door } = this.description;
    this.#starts++;
    this.#sender = door === 'websocket' ? this.#pushing() : this.#offering();
  }

  #restart(labels: readonly string[]): void {
    const sender = this.#sender;
    if (!this.#measuring || !sender) return;
    this.#sender = null;
    this.#noteEnd();
    const starts = ++this.#starts;
    sender.close().then(
      () => {
        if (this.#starts !== starts || !this.#measuring) return;
        this.#labels = labels;
        this.#begin();
      },
      (error: Error) => this.#world.troubled(`${this.description.name}: ${error.message}`),
    );
  }

  #losePower(): void {
    if (!this.#measuring) return;
    this.#measuring.cancel();
    this.#measuring = null;
    this.#starts++;
    this.#noteEnd();
    this.#sender?.lose();
    this.#sender = null;
    this.#order.flush();
  }

  #noteEnd(): void {
    this.host.ended.push(this.#world.time.now);
  }

  #cut(): void {
    this.#world.webSockets.cut(this.host);
    this.#world.lsl.cut(this.host);
  }

  #measure(): void {
    const { sfreq, chunk, size, step_rad } = this.description;
    const now = this.#world.time.now;
    const during = this.#faults.filter(({ from, to }) => to !== null && now >= from && now < to);
    const has = (kind: WorldFault['kind']): boolean => during.some((fault) => fault.kind === kind);
    const amountOf = (kind: WorldFault['kind']): number | null =>
      during.find((fault) => fault.kind === kind)?.amount ?? null;
    this.#due += chunk * (amountOf('rate') ?? 1);
    const samples = Math.floor(this.#due);
    this.#due -= samples;
    if (samples === 0) return;
    const first = this.#number;
    this.#number += samples;
    const clock = this.description.clock === 'unix' ? this.host.clock.unix() : this.host.clock.now();
    const last = clock + clockError_s(during, now);
    const step = chunk / sfreq / samples;
    const stamps = Array.from({ length: samples }, (_, i) => last - (samples - 1 - i) * step);
    if (has('backward')) stamps.reverse();
    const channels = this.#labels.length;
    const values = new Float32Array(samples * channels);
    const noise = this.#random;
    for (let i = 0; i < samples; i++) {
      values[i * channels] = first + i;
      for (let c = 1; c < channels; c++) {
        const signal = size * (1.5 + Math.sin((first + i) * step_rad + c) + 0.2 * noise.gaussian());
        values[i * channels + c] = has('nan') ? Number.NaN : has('rail') ? 1000 * size : signal;
      }
    }
    if (has('gap')) return;
    const numbers = Array.from({ length: samples }, (_, i) => first + i);
    this.#pass(this.#order.pass({ numbers, stamps, values }, during), amountOf('late') ?? 0);
  }

  #pass(chunks: readonly Chunk[], late_s: Seconds): void {
    const start = this.#starts;
    const send = (): void => {
      if (this.#starts === start) for (const each of chunks) this.#sender?.send(each);
    };
    if (late_s > 0) this.host.clock.after(late_s, send);
    else send();
  }

  /** Over our own client. */
  #pushing(): Sender {
    const { ledger, webSockets, troubled } = this.#world;
    const { clock } = this.host;
    const { name, session, type, unit, sfreq } = this.description;
    const connection = new IngestConnection('ws://world', {
      ...{ client: name, session, timers: clock, WebSocket: webSockets.webSocketOf(this.host) },
    });
    const stream = connection.open({
      ...{ name, type, sfreq, unit, source_id: name, clock: this.description.clock },
      channels: [...this.#labels],
    });
    const waiting: { readonly index: number; readonly numbers: readonly number[] }[] = [];
    stream.on('ack', (index) => {
      while (waiting.length > 0 && waiting[0].index <= index)
        ledger.acknowledged(name, waiting.shift()!.numbers);
    });
    stream.on('nack', ({ index, held }) => {
      const at = waiting.findIndex((frame) => frame.index === index);
      if (!held && at >= 0) waiting.splice(at, 1);
    });
    let isLost = false;
    stream.on('error', ({ code, message }) => {
      if (!isLost) troubled(`${name}: ${code}: ${message}`);
    });
    return {
      send: ({ numbers, stamps, values }) => {
        const index = stream.push(values, [...stamps]);
        waiting.push({ index, numbers });
        ledger.sent(name, numbers);
      },
      close: () => connection.close(),
      lose: () => {
        isLost = true;
        webSockets.cut(this.host);
        connection.abandon();
      },
    };
  }

  /** Over the Lab Streaming Layer. */
  #offering(): Sender {
    const { lsl, ledger, troubled } = this.#world;
    const { host } = this;
    const { name, type, unit, sfreq } = this.description;
    const config: LslConfig = defaultConfig;
    const context: LslContext = {
      ...{ clock: host.clock, config, carrier: lsl.carrierOf(host), interfaces: lsl.interfacesOf(host) },
      events: () => {},
    };
    let outlet: Outlet | null = null;
    let isGone = false;
    const labels = this.#labels;
    Outlet.create(context, {
      ...{ name, type, channelCount: labels.length, channelFormat: 'float32', nominalRate_hz: sfreq },
      sourceId: name,
      description: [channelsElement(labels.map((label) => ({ label, unit, type })))],
    }).then(
      (made) => {
        if (isGone) void made.close();
        else outlet = made;
      },
      (error: Error) => troubled(`${name}: ${error.message}`),
    );
    return {
      send: ({ numbers, stamps, values }) => {
        if (!outlet) return;
        outlet.push(values, Float64Array.from(stamps));
        if (outlet.consumers > 0) ledger.sent(name, numbers);
      },
      close: async () => {
        isGone = true;
        await outlet?.close();
      },
      lose: () => {
        isGone = true;
        lsl.killed(host);
        void outlet?.close();
      },
    };
  }
}
