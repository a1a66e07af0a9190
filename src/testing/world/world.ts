import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { Writable } from 'node:stream';
import type { Seconds } from '../../core/clock.js';
import { ConfigurationError } from '../../core/errors.js';
import type { SessionEvent } from '../../core/event.js';
import { Random } from '../../core/random.js';
import { type Daemon, startDaemon } from '../../daemon/daemon.js';
import { defaultConfig } from '../../io/lsl/config.js';
import type { OutputMessage } from '../../io/sinks/sink.js';
import type { LoadedPipeline } from '../../pipeline/run/run-session.js';
import { Turns } from '../../pipeline/run/turns.js';
import type { WorldFault, WorldFaultKind } from './faults.js';
import { Ledger } from './ledger.js';
import { wired } from './line.js';
import { type LslHost, LslNetwork } from './lsl-network.js';
import { WebSocketNetwork } from './web-sockets.js';
import { type DeviceDescription, WorldDevice } from './world-device.js';
import { type DiskTrouble, WorldDisk } from './world-disk.js';
import { type SubscriberDescription, WorldSubscriber } from './world-subscriber.js';
import { ProcessClock, WALL_UNIX_S, WorldTime } from './world-time.js';

/** All that decides a world. */
export interface WorldPlan {
  readonly seed: number | string;
  readonly duration_s: Seconds;
  readonly devices: readonly DeviceDescription[];
  readonly subscribers: readonly SubscriberDescription[];
  readonly faults: readonly WorldFault[];
  readonly pipeline: LoadedPipeline;
  /** Recordings go on in another part so often, s. Default: never. */
  readonly part_s?: Seconds;
  /** Replays of its recordings are stopped and go on from their state so often, s. Default: never. */
  readonly restore_s?: Seconds;
}

/** Something that the daemon told. */
export interface Told {
  readonly output: OutputMessage;
  /** Names what its session's numbers count in. */
  readonly run: string;
  /** s of the world's time. */
  readonly at: Seconds;
  /** Where its own time, if it has one, lies in the world's; null before that is known. */
  readonly place: Seconds | null;
}

/** What the daemon told, in one life of its process. */
export interface DaemonLife {
  readonly told: Told[];
  readonly events: SessionEvent[];
  /** Sessions of the daemon before that it went on with, and the run of each. */
  readonly resumed: Map<string, string>;
  /** When it went on after it was stopped, s of the world's time. */
  readonly wentOn: Seconds[];
  /** When it was ready, and when it ended, s of the world's time. */
  from: Seconds;
  to: Seconds;
  /** How it ended. */
  end: 'closed' | 'killed';
}

/** What waits in a world at a moment. */
export interface WorldLoad {
  /** For one client, in the daemon, bytes. */
  unread_bytes: number;
  /** Timers and what is on its way. */
  due: number;
}

/** What happened in a world. */
export interface WorldHistory {
  readonly plan: WorldPlan;
  readonly lives: readonly DaemonLife[];
  readonly ledger: Ledger;
  readonly devices: readonly WorldDevice[];
  readonly subscribers: readonly WorldSubscriber[];
  readonly disk: WorldDisk;
  /** Folder of the recordings, on the world's disk. */
  readonly folder: string;
  /** What devices and subscribers were told that they mustn't be. */
  readonly troubles: readonly string[];
  /** The most that waited at once. */
  readonly most: WorldLoad;
  /** How long it lasted, s. */
  readonly passed_s: Seconds;
  /** Of all that came out: messages, events and files. */
  readonly digest: string;
}

/** How long the machine has been up when a world begins, and when it is started again, s. */
const UP_S: Seconds = 5000;
const UP_AGAIN_S: Seconds = 20;
/** How long a machine, or a process, is down before it is started again, s. */
const DOWN_S: Seconds = 0.5;
/** Attempts to start a daemon. */
const MOST_STARTS = 1000;
/** What a daemon may take to start and to end, s. */
const START_S: Seconds = 30;
const END_S: Seconds = 10;
/** What a device may take to end its stream: a disk that is there again is tried in 10 s, and asked about in 10 more. */
const CLOSE_S: Seconds = 30;
/** Grace of streams: then all is told. */
const AFTER_S: Seconds = 15;

/** How often it is looked at what waits, s. */
const LOOK_S: Seconds = 0.5;

const troubleCodes: Partial<Record<WorldFaultKind, DiskTrouble['code']>> = {
  ...{ full: 'ENOSPC', readonly: 'EROFS', failing: 'EIO', nofiles: 'EMFILE' },
};

/** What happened so far in a world that goes by. */
export type WorldSoFar = Pick<WorldHistory, 'lives' | 'devices' | 'subscribers' | 'passed_s'>;

/** Looks at a world from time to time. What it takes out of the history it may put back at the world's end. */
export interface WorldWatch {
  readonly every_s: Seconds;
  look(soFar: WorldSoFar): void;
}

/** Lets a world go by. `folder`: where on the machine a daemon that starts finds what its disk holds. */
export async function runWorld(plan: WorldPlan, folder: string, watch?: WorldWatch): Promise<WorldHistory> {
  const world = new World(plan, resolve(folder), watch);
  return world.run();
}

class World {
  readonly #time = new WorldTime();
  readonly #webSockets: WebSocketNetwork;
  readonly #lsl: LslNetwork;
  readonly #disk: WorldDisk;
  readonly #ledger = new Ledger();
  readonly #troubles: string[] = [];
  readonly #lives: DaemonLife[] = [];
  readonly #devices: WorldDevice[];
  readonly #subscribers: WorldSubscriber[];
  #running: { readonly daemon: Daemon; readonly host: LslHost } | null = null;
  readonly #most: WorldLoad = { unread_bytes: 0, due: 0 };
  #wall_s: Seconds = 0;
  /** What the machine's clock shows at the world's beginning, s. */
  #up_s = UP_S;
  #names = 0;

  constructor(
    readonly plan: WorldPlan,
    readonly folder: string,
    readonly watch?: WorldWatch,
  ) {
    const { seed, devices, subscribers, faults } = plan;
    const time = this.#time;
    this.#webSockets = new WebSocketNetwork(time, seed);
    this.#lsl = new LslNetwork(time, seed);
    this.#disk = new WorldDisk(time, new Random(seed, 'disk'));
    const troubled = (what: string): void => void this.#troubles.push(`${time.now.toFixed(3)} ${what}`);
    const shared = {
      time,
      seed,
      webSockets: this.#webSockets,
      lsl: this.#lsl,
      ledger: this.#ledger,
      troubled,
    };
    this.#devices = devices.map((device, i) => new WorldDevice(device, i, faults, shared));
    this.#subscribers = subscribers.map((one, i) => new WorldSubscriber(one, i, faults, shared));
  }

  async run(): Promise<WorldHistory> {
    const { plan } = this;
    this.#look();
    this.#letWatch();
    await this.#start();
    for (const device of this.#devices)
      this.#time.at(this.#time.now + this.#stagger(device), () => device.start());
    const befalling = plan.faults.filter(({ from }) => from < plan.duration_s);
    for (const fault of befalling) this.#befall(fault);
    const ends = befalling.filter(({ kind }) => kind === 'sigkill' || kind === 'powercut');
    for (const { kind, from } of ends.sort((one, other) => one.from - other.from)) {
      if (from > this.#time.now) await this.#time.run(from);
      this.#kill();
      if (kind === 'powercut') {
        this.#disk.cutPower();
        this.#up_s = UP_AGAIN_S - DOWN_S - this.#time.now;
      }
      await this.#time.run(this.#time.now + DOWN_S);
      await this.#startAgain();
    }
    await this.#time.run(Math.max(this.#time.now, plan.duration_s));
    const open = new Set(this.#devices);
    for (const device of this.#devices)
      device.close().then(
        () => void open.delete(device),
        ({ message }: Error) => this.#troubles.push(`${device.host.name}: ${message}`),
      );
    const last = this.#time.now + CLOSE_S;
    while (open.size > 0 && this.#time.now < last) await this.#time.run(this.#time.now + LOOK_S);
    await this.#time.run(this.#time.now + AFTER_S);
    for (const { host } of open) this.#troubles.push(`${host.name} could not end its stream`);
    const { daemon } = this.#running!;
    await this.#time.finish(daemon.close(), END_S);
    Object.assign(this.#lives.at(-1)!, { end: 'closed', to: this.#time.now });
    await this.#time.run(this.#time.now + 1);
    for (const subscriber of this.#subscribers) subscriber.close();
    return {
      ...{ plan, lives: this.#lives, ledger: this.#ledger, devices: this.#devices },
      subscribers: this.#subscribers,
      ...{
        disk: this.#disk,
        folder: this.folder,
        troubles: this.#troubles,
        most: this.#most,
        passed_s: this.#time.now,
        digest: this.#digest(),
      },
    };
  }

  /** Notes what waits, again and again. */
  #look(): void {
    const most = this.#most;
    most.unread_bytes = Math.max(most.unread_bytes, this.#webSockets.mostUnread);
    most.due = Math.max(most.due, this.#time.waiting);
    this.#time.at(this.#time.now + LOOK_S, () => this.#look());
  }

  #letWatch(): void {
    const { watch } = this;
    if (!watch) return;
    this.#time.at(this.#time.now + watch.every_s, () => {
      const [lives, devices, subscribers] = [this.#lives, this.#devices, this.#subscribers];
      watch.look({ lives, devices, subscribers, passed_s: this.#time.now });
      this.#letWatch();
    });
  }

  #stagger({ description }: WorldDevice): Seconds {
    return new Random(this.plan.seed, `start of ${description.name}`).between(0.05, 1);
  }

  /** Has a fault of the disk, or one that the daemon's process survives, come and go. */
  #befall({ kind, from, to, amount }: WorldFault): void {
    const { trouble } = this.#disk;
    const code = troubleCodes[kind];
    const between = (begin: () => void, end: () => void): void => {
      this.#time.at(from, begin);
      this.#time.at(Math.min(to!, this.plan.duration_s), end);
    };
    if (code)
      between(
        () => Object.assign(trouble, { code }),
        () => Object.assign(trouble, { code: null }),
      );
    else if (kind === 'sluggish')
      between(
        () => Object.assign(trouble, { slow_s: amount! }),
        () => Object.assign(trouble, { slow_s: 0 }),
      );
    else if (kind === 'sigstop') {
      this.#time.at(from, () => {
        if (!this.#running) return;
        this.#running.host.clock.stop(to! - from);
        this.#lives.at(-1)!.wentOn.push(to!);
      });
    } else if (kind === 'wallclock')
      this.#time.at(from, () => {
        this.#wall_s += amount!;
        this.#running?.host.clock.step(amount!);
      });
  }

  /** As often as it takes: it doesn't start on a disk that takes nothing. */
  async #startAgain(): Promise<void> {
    for (let attempts = 1; ; attempts++) {
      try {
        await this.#start();
        return;
      } catch (error) {
        const isForDisk = error instanceof ConfigurationError && error.code === 'output-unwritable';
        if (!isForDisk || attempts >= MOST_STARTS) throw error;
        await this.#time.run(this.#time.now + DOWN_S);
      }
    }
  }

  #kill(): void {
    const { host } = this.#running!;
    host.clock.kill();
    this.#running = null;
    Object.assign(this.#lives.at(-1)!, { end: 'killed', to: this.#time.now });
    this.#webSockets.killed();
    this.#lsl.killed(host);
  }

  async #start(): Promise<void> {
    const { pipeline, part_s } = this.plan;
    const start = this.#up_s;
    const clock = new ProcessClock(this.#time, { start, epoch_unix_s: WALL_UNIX_S + this.#wall_s });
    const host: LslHost = { name: 'lab', address: '10.0.0.1', clock, route: wired() };
    this.#disk.writeTo(this.folder, this.folder);
    const life: DaemonLife = {
      told: [],
      events: [],
      resumed: new Map(),
      wentOn: [],
      from: this.#time.now,
      to: Number.POSITIVE_INFINITY,
      end: 'killed',
    };
    const lslNetwork = {
      ...{ config: defaultConfig, carrier: this.#lsl.carrierOf(host) },
      interfaces: this.#lsl.interfacesOf(host),
    };
    const starting = startDaemon(
      {
        disk: this.#disk.of(clock),
        ...{ clock, lslNetwork, serve: this.#webSockets.serverOf(clock) },
        stdout: new Writable({ write: (_chunk, _encoding, done) => done() }),
        turns: new Turns({ nextTurn: (turn) => void clock.after(0, turn) }),
        newName: () => `name-${++this.#names}`,
      },
      pipeline,
      {
        ...{ host: '127.0.0.1', port: 0, engine: 'auto', logLevel: 'silent', record: this.folder, lsl: true },
        ...(part_s !== undefined && { partS: part_s }),
      },
      (event) => {
        if (!clock.isDead) life.events.push(event);
      },
    );
    const daemon = await this.#time.finish(starting, START_S);
    this.#lives.push(life);
    for (const { code, session } of life.events)
      if (code === 'session-resumed') life.resumed.set(session!, daemon.sink.runOf(session!));
    const note = (output: OutputMessage): void => {
      if (clock.isDead) return;
      const { session, time } = output;
      const place = time === null ? null : daemon.runtime.placeOf(session, time);
      const run = daemon.sink.runOf(session);
      life.told.push({ output, run, at: this.#time.now, place: place === null ? null : place - start });
    };
    daemon.runtime.outputs$.subscribe({
      next: note,
      error: ({ message }: Error) => this.#troubles.push(message),
    });
    this.#running = { daemon, host };
  }

  #digest(): string {
    const hash = createHash('sha256');
    const add = (value: unknown): void =>
      void hash.update(JSON.stringify(value).replaceAll(this.folder, '')).update('\n');
    for (const { told, events } of this.#lives) {
      for (const { output } of told) add(output);
      for (const event of events) add(event);
    }
    for (const { heard } of this.#subscribers) for (const message of heard) add(message);
    for (const name of this.#disk.names) {
      hash.update(name.slice(this.folder.length));
      hash.update(this.#disk.contentOf(name));
    }
    return hash.digest('hex');
  }
}
