import type { Seconds } from '../core/clock.js';
import { ConfigurationError } from '../core/errors.js';
import { Random } from '../core/random.js';
import { type Marker, type StreamInfo, type StreamType, streamTypes } from '../core/signal.js';
import { formatAskedFault } from '../signal/dialects/asked-fault.js';

const sensorFaults = ['drop', 'gap', 'nan', 'flat', 'rail', 'noise', 'late', 'backlog', 'unixtime'] as const;
/** Faults of the daemon, which a stream of their own asks it for. */
const daemonFaults = ['throw', 'slow-model'] as const;
export const faultKinds = [...sensorFaults, 'stall', ...daemonFaults] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** Null: every stream. */
  readonly type: StreamType | null;
  /** Null: every channel. */
  readonly label: string | null;
  readonly from: Seconds;
  /** Of what happens at a moment, that moment. */
  readonly to: Seconds;
  /** By how much longer a prediction takes, s. */
  readonly amount?: number;
}

export interface FaultPlan {
  readonly faults: readonly Fault[];
  /** Share of the time that each sensor is switched off at random, 0..1. */
  readonly randomShare: number;
}

/** What an amplifier gives when it saturates, and a signal's usual size, in the type's canonical unit. */
const scales: Partial<Record<StreamType, { readonly rail: number; readonly size: number }>> = {
  EEG: { rail: 1000, size: 12 },
  EMG: { rail: 1000, size: 5 },
  ECG: { rail: 5, size: 0.2 },
  PPG: { rail: 8, size: 0.4 },
  EDA: { rail: 100, size: 0.5 },
  TEMP: { rail: 80, size: 0.2 },
  ACC: { rail: 4, size: 0.05 },
  Gaze: { rail: 90, size: 3 },
};

/** Faults of a whole stream: a channel alone can't lose its samples or its clock. */
const wholeStream: readonly FaultKind[] = ['drop', 'gap', 'late', 'backlog', 'unixtime'];

const LATE_S: Seconds = 1;
const SLOWER_S: Seconds = 1;
const LONGEST_SLOWER_S: Seconds = 60;
/** What is held back is kept, so there is a longest time for it, s. */
const LONGEST_HELD_S: Seconds = 600;
/** 2023-11-14T22:13:20Z. */
const UNIX_OFFSET_S: Seconds = 1_700_000_000;

function invalid(part: string, mend: string): ConfigurationError {
  return new ConfigurationError('faults-invalid', `fault '${part}': ${mend}`);
}

function parseFault(part: string): Fault {
  const match = /^([a-z]+):([^@]+)(?:@(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)?)?$/.exec(part);
  if (!match) throw invalid(part, 'write kind:target@from-to, as in drop:gaze@30-60 or flat:EEG.Fp1@20-');
  const [, kindText, target, fromText, toText] = match;
  const kind = sensorFaults.find((name) => name === kindText);
  if (!kind) throw invalid(part, `unknown kind '${kindText}'; use one of ${faultKinds.join(', ')}`);
  const dot = target.indexOf('.');
  const typeText = dot < 0 ? target : target.slice(0, dot);
  const label = dot < 0 ? null : target.slice(dot + 1);
  const type =
    typeText === '*' ? null : streamTypes.find((name) => name.toLowerCase() === typeText.toLowerCase());
  if (type === undefined || type === 'Annotation')
    throw invalid(
      part,
      `'${typeText}' is no simulated sensor; use eeg, gaze, ecg, ppg, eda, temp, emg, acc or *`,
    );
  if (label !== null && wholeStream.includes(kind))
    throw invalid(part, `'${kind}' takes a whole stream; leave out '.${label}'`);
  if (kind === 'unixtime' && fromText !== undefined)
    throw invalid(part, `'unixtime' holds for the whole session; leave out '@...'`);
  const interval = intervalOf(part, fromText, toText);
  if (kind === 'backlog') requireHoldable(part, interval);
  return { kind, type, label, ...interval };
}

type Interval = Pick<Fault, 'from' | 'to'>;

function intervalOf(part: string, fromText: string | undefined, toText: string | undefined): Interval {
  const from = fromText === undefined ? 0 : Number(fromText);
  const to = toText === undefined ? Number.POSITIVE_INFINITY : Number(toText);
  if (to <= from) throw invalid(part, 'the interval ends before it begins');
  return { from, to };
}

/** What is held back comes when the interval ends. */
function requireHoldable(part: string, { from, to }: Interval): void {
  if (to - from > LONGEST_HELD_S)
    throw invalid(
      part,
      `say from when to when samples are held back, ${LONGEST_HELD_S} s at most, as in @30-40`,
    );
}

function parseStall(part: string): Fault {
  const match = /^stall@(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$/.exec(part);
  if (!match) throw invalid(part, 'a stall is of all streams and ends: write it as in stall@30-40');
  const interval = intervalOf(part, match[1], match[2]);
  requireHoldable(part, interval);
  return { kind: 'stall', type: null, label: null, ...interval };
}

function parseDaemonFault(part: string): Fault {
  const thrown = /^throw@(\d+(?:\.\d+)?)$/.exec(part);
  if (thrown)
    return { kind: 'throw', type: null, label: null, from: Number(thrown[1]), to: Number(thrown[1]) };
  const slow = /^slow-model@(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)?(?:=(\d+(?:\.\d+)?))?$/.exec(part);
  if (!slow)
    throw invalid(part, 'a fault of the daemon has no target: write it as in throw@40 or slow-model@30-60=2');
  const amount = slow[3] === undefined ? SLOWER_S : Number(slow[3]);
  if (amount === 0 || amount > LONGEST_SLOWER_S)
    throw invalid(part, `a prediction takes longer by more than 0 s, and ${LONGEST_SLOWER_S} s at most`);
  return { kind: 'slow-model', type: null, label: null, ...intervalOf(part, slow[1], slow[2]), amount };
}

/**
 * Parses a fault list: `drop:gaze@30-60,flat:EEG.Fp1@20-,unixtime:PPG,random:0.4`. The grammar is in
 * docs/explanation/simulation.md.
 * @throws ConfigurationError `faults-invalid`
 */
export function parseFaults(spec: string): FaultPlan {
  const faults: Fault[] = [];
  let randomShare = 0;
  for (const part of spec.split(',').map((text) => text.trim())) {
    if (part === '') continue;
    const random = /^random(?::(\d+(?:\.\d+)?|\.\d+))?$/.exec(part);
    if (random) {
      randomShare = random[1] === undefined ? 0.2 : Number(random[1]);
      if (!(randomShare < 1)) throw invalid(part, 'the share of time must be below 1');
    } else if (/^stall\b/.test(part)) faults.push(parseStall(part));
    else faults.push(/^(throw|slow-model)\b/.test(part) ? parseDaemonFault(part) : parseFault(part));
  }
  return { faults, randomShare };
}

/** Alternating stretches in which a sensor is on and off. */
class RandomSpells {
  readonly #random: Random;
  #off: boolean;
  #until: Seconds = 0;

  constructor(
    seed: number | string,
    name: string,
    readonly share: number,
  ) {
    this.#random = new Random(seed, `faults/${name}`);
    this.#off = this.#random.uniform() >= share;
  }

  /** Calls must not go back in time. */
  isOff(t: Seconds): boolean {
    while (t >= this.#until) {
      this.#off = !this.#off;
      this.#until += this.#off
        ? this.#random.between(20, 60)
        : this.#random.exponential((40 * (1 - this.share)) / this.share);
    }
    return this.#off;
  }
}

/** Of a plan, what keeps all that is sent from being sent, the known trajectory too. */
export function stallsOf({ faults }: FaultPlan): FaultPlan {
  return { faults: faults.filter(({ kind }) => kind === 'stall'), randomShare: 0 };
}

const isOfDaemon = ({ kind }: Fault): boolean => daemonFaults.some((name) => name === kind);

/** What a plan's stream asks the daemon for, in order; nothing where the plan has no faults of the daemon. */
export function askedFaults({ faults }: FaultPlan): readonly Omit<Marker, 'stream'>[] {
  const own = faults.filter(isOfDaemon);
  const slow = own.filter(({ kind }) => kind === 'slow-model');
  const edges = new Set(slow.flatMap(({ from, to }) => [from, to]).filter(Number.isFinite));
  return [
    ...own.flatMap(({ kind, from }) =>
      kind === 'throw' ? [{ time: from, value: formatAskedFault({ kind }) }] : [],
    ),
    ...[...edges].map((time) => {
      const wait_s = Math.max(0, ...slow.map((fault) => (holds(fault, time) ? fault.amount! : 0)));
      return { time, value: formatAskedFault({ kind: 'slow-model', wait_s }) };
    }),
  ].sort((a, b) => a.time - b.time);
}

/** Until when samples are held back, and by which fault. */
export interface Hold {
  readonly kind: 'backlog' | 'stall';
  readonly to: Seconds;
}

/** Applies a plan to one stream, second by second. */
export class StreamFaults {
  /** Added to every stamp, s. */
  readonly stampOffset_s: Seconds;
  readonly #faults: readonly Fault[];
  /** Stalls first. */
  readonly #holds: readonly (Hold & Fault)[];
  readonly #spells: RandomSpells | null;
  readonly #noise: Random;
  readonly #held: Float64Array;

  constructor(
    plan: FaultPlan,
    readonly info: StreamInfo,
    seed: number | string,
  ) {
    const own = plan.faults
      .filter((fault) => !isOfDaemon(fault))
      .filter((fault) => fault.type === null || fault.type === info.type);
    this.stampOffset_s = own.some((fault) => fault.kind === 'unixtime') ? UNIX_OFFSET_S : 0;
    this.#holds = [...own.filter(isHoldBy('stall')), ...own.filter(isHoldBy('backlog'))];
    this.#faults = own.filter(({ kind }) => kind !== 'unixtime' && kind !== 'backlog' && kind !== 'stall');
    this.#spells = plan.randomShare > 0 ? new RandomSpells(seed, info.id, plan.randomShare) : null;
    this.#noise = new Random(seed, `fault-noise/${info.id}`);
    this.#held = new Float64Array(info.channels.length).fill(Number.NaN);
  }

  /** How much later than usual what was measured at `t` arrives. */
  delay_s(t: Seconds): Seconds {
    return this.#faults.some((fault) => fault.kind === 'late' && holds(fault, t)) ? LATE_S : 0;
  }

  /** What holds back what was measured at `t`: the one that ends last, of equal ones a stall. Null: nothing. */
  holdAt(t: Seconds): Hold | null {
    let longest: Hold | null = null;
    for (const hold of this.#holds) if (holds(hold, t) && hold.to > (longest?.to ?? 0)) longest = hold;
    return longest;
  }

  /** Whether the sample at `t` exists at all. Calls must not go back in time. */
  isMissing(t: Seconds): boolean {
    const off = this.#spells?.isOff(t) ?? false;
    return (
      off || this.#faults.some((fault) => (fault.kind === 'drop' || fault.kind === 'gap') && holds(fault, t))
    );
  }

  /** Changes one second of samples, channel-major [C, sfreq], in place. */
  disturb(second: number, data: Float64Array): void {
    if (this.#faults.length === 0) return;
    const n = this.info.sfreq;
    const { rail, size } = scales[this.info.type] ?? { rail: 1000, size: 1 };
    this.info.channels.forEach(({ label }, c) => {
      const own = this.#faults.filter((fault) => fault.label === null || fault.label === label);
      for (let k = 0; k < n; k++) {
        const t = second + k / n;
        const i = c * n + k;
        let isHeld = false;
        for (const fault of own) {
          if (!holds(fault, t)) continue;
          if (fault.kind === 'nan') data[i] = Number.NaN;
          else if (fault.kind === 'rail') data[i] = rail;
          else if (fault.kind === 'noise') data[i] += 10 * size * this.#noise.gaussian();
          else if (fault.kind === 'flat') {
            if (!Number.isNaN(this.#held[c])) data[i] = this.#held[c];
            isHeld = true;
          }
        }
        if (!isHeld || Number.isNaN(this.#held[c])) this.#held[c] = data[i];
      }
    });
  }
}

/**
 * Checks that every fault of the plan meets a stream and a channel.
 * @throws ConfigurationError `faults-invalid`
 */
export function checkFaults(plan: FaultPlan, streams: readonly StreamInfo[]): void {
  for (const fault of plan.faults) {
    if (isOfDaemon(fault)) continue;
    const { kind, type, label } = fault;
    const met = streams.filter((info) => type === null || info.type === type);
    const name = `${kind}:${type ?? '*'}${label === null ? '' : `.${label}`}`;
    if (met.length === 0) throw invalid(name, `no ${type} is simulated here`);
    if (label !== null && !met.some((info) => info.channels.some((channel) => channel.label === label)))
      throw invalid(
        name,
        `no such channel; ${type ?? 'streams'} have ${met.flatMap((info) => info.channels.map((channel) => channel.label)).join(', ')}`,
      );
  }
}

const isHoldBy =
  (kind: Hold['kind']) =>
  (fault: Fault): fault is Hold & Fault =>
    fault.kind === kind;

function holds(fault: Fault, t: Seconds): boolean {
  return t >= fault.from && t < fault.to;
}
