import type { Seconds } from '../core/clock.js';
import { Random } from '../core/random.js';
import { type Marker, type StreamInfo, type StreamType, streamTypes } from '../core/signal.js';
import { formatAskedFault } from '../signal/dialects/asked-fault.js';
import {
  type FaultCarrier,
  type FaultDefinition,
  type FaultName,
  faultCarriers,
  faultDefinitions,
  faultNamed,
  faultNames,
  invalidFault,
  LONGEST_HELD_S,
  parseFaultList,
  type SimulatedForm,
  type WrittenFault,
} from './fault-grammar.js';

/** Faults of the daemon, which a stream of their own asks it for. */
const askedKinds: readonly FaultKind[] = ['throw', 'slow-model'];

/** Faults that a simulated session may have. */
export type FaultKind = {
  [Name in FaultName]: (typeof faultDefinitions)[Name] extends { simulated: object } ? Name : never;
}[FaultName];

const isSimulated = (name: FaultName): name is FaultKind => 'simulated' in faultDefinitions[name];
export const faultKinds = faultNames.filter(isSimulated);
const formOf = (kind: FaultKind): SimulatedForm => faultDefinitions[kind].simulated;

export interface Fault {
  readonly kind: FaultKind;
  /** Null: every stream. */
  readonly type: StreamType | null;
  /** Null: every channel. */
  readonly label: string | null;
  readonly from: Seconds;
  /** Of what happens at a moment, that moment. */
  readonly to: Seconds;
  /** As the fault's kind has it. */
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

/** Faults of what is sent of a stream, from the one time to the other. */
const sentKinds: readonly FaultKind[] = ['duplicate', 'reorder', 'backward', 'rate', 'clock', 'drift'];
/** Faults after which a stream is another one. */
const restartKinds = ['restart', 'label', 'layout'] as const;
export type RestartKind = (typeof restartKinds)[number];

/** 2023-11-14T22:13:20Z. */
const UNIX_OFFSET_S: Seconds = 1_700_000_000;

/**
 * Parses a fault list: `drop:gaze@30-60,flat:EEG.Fp1@20-,unixtime:PPG,random:0.4`. The grammar is in
 * docs/reference/faults.md.
 * @throws ConfigurationError `faults-invalid`
 */
export function parseFaults(list: string): FaultPlan {
  const faults: Fault[] = [];
  let randomShare = 0;
  for (const written of parseFaultList(list)) {
    if (written.kind === 'random') randomShare = shareOf(written);
    else faults.push(faultOf(written));
  }
  return { faults, randomShare };
}

function shareOf({ text, target, from, amount }: WrittenFault): number {
  const isShare = target === null || /^(\d+(\.\d+)?|\.\d+)$/.test(target);
  if (!isShare || from !== null || amount !== null) throw invalidFault(text, 'write it as in random:0.4');
  const share = target === null ? 0.2 : Number(target);
  if (!(share < 1)) throw invalidFault(text, 'the share of time must be below 1');
  return share;
}

function faultOf(written: WrittenFault): Fault {
  const { text } = written;
  const kind = faultNamed(written.kind);
  if (!kind) throw invalidFault(text, `unknown kind '${written.kind}'; use one of ${faultKinds.join(', ')}`);
  if (!isSimulated(kind)) {
    const { scope } = faultDefinitions[kind];
    throw invalidFault(text, `it happens to a ${scope} of a seeded world alone: scripts/world.mjs has it`);
  }
  const amount = amountOf(kind, written);
  return {
    ...{ kind, ...targetOf(kind, written), ...timeOf(kind, written) },
    ...(amount !== null && { amount }),
  };
}

function targetOf(kind: FaultKind, { text, target }: WrittenFault): Pick<Fault, 'type' | 'label'> {
  const { of } = formOf(kind);
  if (of === 'everything') {
    if (target !== null)
      throw invalidFault(text, `'${kind}' is of the whole session: leave out ':${target}'`);
    return { type: null, label: null };
  }
  if (target === null) throw invalidFault(text, `say which sensor, as in ${kind}:gaze@30-60`);
  const dot = target.indexOf('.');
  const name = dot < 0 ? target : target.slice(0, dot);
  const label = dot < 0 ? null : target.slice(dot + 1);
  const type = name === '*' ? null : streamTypes.find((known) => known.toLowerCase() === name.toLowerCase());
  if (type === undefined || type === 'Annotation')
    throw invalidFault(
      text,
      `'${name}' is no simulated sensor; use eeg, gaze, ecg, ppg, eda, temp, emg, acc or *`,
    );
  if (label !== null && of === 'sensor')
    throw invalidFault(text, `'${kind}' takes a whole stream; leave out '.${label}'`);
  return { type, label };
}

function timeOf(kind: FaultKind, { text, from, to }: WrittenFault): Pick<Fault, 'from' | 'to'> {
  if (!faultDefinitions[kind].lasts) {
    if (from === null || to !== null)
      throw invalidFault(text, `'${kind}' happens at a moment, as in ${kind}@40`);
    return { from, to: from };
  }
  const { lasts } = formOf(kind);
  if (lasts === 'always' && from !== null)
    throw invalidFault(text, `'${kind}' holds for the whole session; leave out '@...'`);
  if (from !== null && to === null)
    throw invalidFault(text, `'${kind}' lasts: say until when, as in @30-60, or @30- for no end`);
  const interval = { from: from ?? 0, to: to ?? Number.POSITIVE_INFINITY };
  if (interval.to <= interval.from) throw invalidFault(text, 'the interval ends before it begins');
  if (lasts === 'ended' && interval.to - interval.from > LONGEST_HELD_S)
    throw invalidFault(
      text,
      `say from when to when samples are held back, ${LONGEST_HELD_S} s at most, as in @30-40`,
    );
  return interval;
}

function amountOf(kind: FaultKind, { text, amount }: WrittenFault): number | null {
  const { amount: bounds } = formOf(kind);
  const { amount: described }: FaultDefinition = faultDefinitions[kind];
  if (!bounds || !described) {
    if (amount !== null) throw invalidFault(text, `'${kind}' has no amount; leave out '=${amount}'`);
    return null;
  }
  const { above = -bounds.most, most } = bounds;
  const taken = amount ?? bounds.default;
  if (taken === undefined) throw invalidFault(text, `say ${described.what}, as in =${described.example}`);
  if (!(taken > above) || taken > most)
    throw invalidFault(text, `${described.what}: above ${above}, and ${most} at most`);
  return taken;
}

/**
 * Checks that what takes a session somewhere can carry its faults.
 * @throws ConfigurationError `faults-invalid`
 */
export function requireCarried({ faults }: FaultPlan, carrier: FaultCarrier): void {
  for (const { kind } of faults) {
    const { carriers = faultCarriers, else: why = '' } = formOf(kind);
    if (carriers.includes(carrier)) continue;
    const name = carrier === 'synthetic' ? 'a synthetic source' : `a session that goes to ${carrier}`;
    throw invalidFault(kind, `${name} can't have it: ${why}; ${carriers.join(', ')} can`);
  }
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

const isAsked = ({ kind }: Fault): boolean => askedKinds.includes(kind);

/** What a plan's stream asks the daemon for, in order; nothing where the plan has no faults of the daemon. */
export function askedFaults({ faults }: FaultPlan): readonly Omit<Marker, 'stream'>[] {
  const own = faults.filter(isAsked);
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

/** When connections break. */
export function cutsOf({ faults }: FaultPlan): readonly Seconds[] {
  return faults
    .filter(({ kind }) => kind === 'cut')
    .map(({ from }) => from)
    .sort((a, b) => a - b);
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
  readonly #sent: readonly Fault[];
  /** When what is sent begins or ceases to be otherwise, or the stream to be another one. */
  readonly #edges: readonly Seconds[];
  readonly #restarts: { readonly kind: RestartKind; readonly from: Seconds }[];
  readonly #spells: RandomSpells | null;
  readonly #noise: Random;
  readonly #held: Float64Array;

  constructor(
    plan: FaultPlan,
    readonly info: StreamInfo,
    seed: number | string,
  ) {
    const own = plan.faults
      .filter((fault) => !isAsked(fault))
      .filter((fault) => fault.type === null || fault.type === info.type);
    this.stampOffset_s = own.some((fault) => fault.kind === 'unixtime') ? UNIX_OFFSET_S : 0;
    this.#holds = [...own.filter(isHoldBy('stall')), ...own.filter(isHoldBy('backlog'))];
    this.#faults = own.filter(({ kind }) => kind !== 'unixtime' && kind !== 'backlog' && kind !== 'stall');
    this.#sent = own.filter(({ kind }) => sentKinds.includes(kind));
    this.#restarts = own
      .flatMap(({ kind, from }) => {
        const restart = restartKinds.find((known) => known === kind);
        return restart ? [{ kind: restart, from }] : [];
      })
      .sort((a, b) => a.from - b.from);
    this.#edges = [
      ...this.#sent.flatMap(({ from, to }) => [from, to]),
      ...this.#restarts.map(({ from }) => from),
    ];
    this.#spells = plan.randomShare > 0 ? new RandomSpells(seed, info.id, plan.randomShare) : null;
    this.#noise = new Random(seed, `fault-noise/${info.id}`);
    this.#held = new Float64Array(info.channels.length).fill(Number.NaN);
  }

  /** How much later than usual what was measured at `t` arrives. */
  delay_s(t: Seconds): Seconds {
    let longest = 0;
    for (const fault of this.#faults)
      if (fault.kind === 'late' && holds(fault, t)) longest = Math.max(longest, fault.amount!);
    return longest;
  }

  /** What holds back what was measured at `t`: the one that ends last, of equal ones a stall. Null: nothing. */
  holdAt(t: Seconds): Hold | null {
    let longest: Hold | null = null;
    for (const hold of this.#holds) if (holds(hold, t) && hold.to > (longest?.to ?? 0)) longest = hold;
    return longest;
  }

  /** Faults of what is sent at `t`. */
  sentAt(t: Seconds): readonly Fault[] {
    return this.#sent.length === 0 ? this.#sent : this.#sent.filter((fault) => holds(fault, t));
  }

  /** Differs between times between which what is sent must be cut. */
  stretchAt(t: Seconds): number {
    let passed = 0;
    for (const edge of this.#edges) if (edge <= t) passed++;
    return passed;
  }

  /** Why the stream begins anew before its sample at `t`, each time once. Calls must not go back in time. */
  takeRestarts(t: Seconds): RestartKind[] {
    const due: RestartKind[] = [];
    while (this.#restarts.length > 0 && this.#restarts[0].from <= t) due.push(this.#restarts.shift()!.kind);
    return due;
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
    if (isAsked(fault)) continue;
    const { kind, type, label } = fault;
    const met = streams.filter((info) => type === null || info.type === type);
    const name = `${kind}:${type ?? '*'}${label === null ? '' : `.${label}`}`;
    if (met.length === 0) throw invalidFault(name, `no ${type} is simulated here`);
    if (label !== null && !met.some((info) => info.channels.some((channel) => channel.label === label)))
      throw invalidFault(
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
