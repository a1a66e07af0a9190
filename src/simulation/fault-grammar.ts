import type { Seconds } from '../core/clock.js';
import { ConfigurationError } from '../core/errors.js';

/** What a fault happens to. */
export type FaultScope = 'device' | 'subscriber' | 'disk' | 'daemon';

/** What carries a simulated session to who gets it. */
export const faultCarriers = ['file', 'websocket', 'lsl', 'synthetic'] as const;
export type FaultCarrier = (typeof faultCarriers)[number];

/** How `affectd simulate --faults` has a fault. */
export interface SimulatedForm {
  /** What it is of: a sensor's channel or all of them, a sensor whole, or everything, and then it names no target. */
  readonly of: 'channel' | 'sensor' | 'everything';
  /** Where it differs from what a world's does. */
  readonly summary?: string;
  /** How long it may last; default however long, to no end, and without an interval all the time. `ended`: until an end, {@link LONGEST_HELD_S} at most. */
  readonly lasts?: 'ended' | 'always';
  /** Default: all. */
  readonly carriers?: readonly FaultCarrier[];
  /** Why the other carriers don't. */
  readonly else?: string;
  readonly amount?: { readonly default?: number; readonly above?: number; readonly most: number };
}

export interface FaultDefinition {
  readonly scope: FaultScope;
  /** Whether it lasts; else it happens at a moment. */
  readonly lasts: boolean;
  readonly summary: string;
  /** What its amount says, its unit, and one that there may be; without: it has none. */
  readonly amount?: { readonly what: string; readonly example: number };
  readonly simulated?: SimulatedForm;
  /** Whether a seeded world knows it. */
  readonly isInWorld: boolean;
}

/** What is held back is kept, so there is a longest time for it. */
export const LONGEST_HELD_S: Seconds = 600;

/** A door's clock takes such stamps in; a synthetic source has no door. */
const guarded = {
  of: 'sensor',
  carriers: ['file', 'websocket', 'lsl'],
  else: 'its samples go past the doors, whose clocks would guard against it',
} as const;

/** Every fault that there is, in the order in which worlds draw them. */
export const faultDefinitions = {
  drop: {
    ...{ scope: 'device', lasts: true, summary: 'loses power, and starts anew', isInWorld: true },
    simulated: { of: 'sensor', summary: 'is switched off: no samples' },
  },
  gap: {
    ...{ scope: 'device', lasts: true, summary: 'is out of its radio: what it measures is lost' },
    ...{ isInWorld: true, simulated: { of: 'sensor' } },
  },
  nan: {
    ...{ scope: 'device', lasts: true, summary: 'sends NaN', isInWorld: true },
    simulated: { of: 'channel' },
  },
  rail: {
    ...{ scope: 'device', lasts: true, summary: 'its amplifier saturates', isInWorld: true },
    simulated: { of: 'channel' },
  },
  duplicate: {
    ...{ scope: 'device', lasts: true, summary: 'sends each chunk twice', isInWorld: true },
    simulated: guarded,
  },
  reorder: {
    ...{ scope: 'device', lasts: true, summary: 'sends each second chunk before the one before it' },
    ...{ isInWorld: true, simulated: guarded },
  },
  backward: {
    ...{ scope: 'device', lasts: true, summary: 'stamps run backwards within each chunk' },
    ...{ isInWorld: true, simulated: guarded },
  },
  late: {
    ...{ scope: 'device', lasts: true, summary: 'chunks come later, stamps are right' },
    ...{ amount: { what: 'how much, s', example: 0.3 }, isInWorld: true },
    simulated: { of: 'sensor', amount: { default: 1, above: 0, most: LONGEST_HELD_S } },
  },
  hold: {
    ...{ scope: 'device', lasts: true, summary: 'nothing of it gets through the network, and then all' },
    isInWorld: true,
  },
  rate: {
    ...{ scope: 'device', lasts: true, summary: 'samples come at another rate than it declares' },
    ...{ amount: { what: 'times the declared rate', example: 0.5 }, isInWorld: true },
    simulated: { ...guarded, amount: { above: 0, most: 10 } },
  },
  clock: {
    ...{ scope: 'device', lasts: true, summary: 'its clock is another one' },
    ...{ amount: { what: 'by how much, s', example: -7200 }, isInWorld: true },
    simulated: { ...guarded, amount: { most: 1e10 } },
  },
  drift: {
    ...{ scope: 'device', lasts: true, summary: 'its clock runs faster or slower' },
    ...{ amount: { what: 'by how much, ppm', example: -500 }, isInWorld: true },
    simulated: { ...guarded, amount: { most: 1e5 } },
  },
  cut: {
    ...{ scope: 'device', lasts: false, summary: 'its connections break, in the middle of a frame' },
    isInWorld: true,
    simulated: {
      of: 'everything',
      carriers: ['websocket', 'lsl'],
      else: 'it has no connection that could break',
    },
  },
  restart: {
    ...{ scope: 'device', lasts: false, summary: 'ends its stream, and begins it anew', isInWorld: true },
    simulated: { of: 'sensor' },
  },
  label: {
    ...{ scope: 'device', lasts: false, summary: 'begins its stream anew, its channels called otherwise' },
    ...{ isInWorld: true, simulated: { of: 'sensor' } },
  },
  layout: {
    ...{ scope: 'device', lasts: false, summary: 'begins its stream anew, with one channel more' },
    ...{ isInWorld: true, simulated: { of: 'sensor' } },
  },
  slow: {
    ...{ scope: 'subscriber', lasts: true, summary: 'reads slowly', isInWorld: true },
    amount: { what: 'bytes/s', example: 500 },
  },
  stall: {
    ...{ scope: 'subscriber', lasts: true, summary: 'reads nothing', isInWorld: true },
    simulated: {
      ...{ of: 'everything', lasts: 'ended' },
      summary:
        'no device sends, the truth included; at last all comes at once, in order of time over all streams',
    },
  },
  leave: {
    ...{ scope: 'subscriber', lasts: false, summary: 'its connection breaks; it comes back' },
    isInWorld: true,
  },
  full: { scope: 'disk', lasts: true, summary: 'is full', isInWorld: true },
  readonly: { scope: 'disk', lasts: true, summary: 'can only be read', isInWorld: true },
  failing: { scope: 'disk', lasts: true, summary: 'fails', isInWorld: true },
  nofiles: { scope: 'disk', lasts: true, summary: 'no file can be opened any more', isInWorld: true },
  sluggish: {
    ...{ scope: 'disk', lasts: true, summary: 'each call takes longer', isInWorld: true },
    amount: { what: 'how much, s', example: 0.02 },
  },
  sigstop: { scope: 'daemon', lasts: true, summary: 'its process is stopped', isInWorld: true },
  sigkill: {
    ...{ scope: 'daemon', lasts: false, summary: 'its process is killed, and started again' },
    isInWorld: true,
  },
  powercut: {
    ...{ scope: 'daemon', lasts: false, summary: 'its machine loses power, and is started again' },
    isInWorld: true,
  },
  wallclock: {
    ...{ scope: 'daemon', lasts: false, summary: "somebody sets its machine's clock", isInWorld: true },
    amount: { what: 'by how much, s', example: -7200 },
  },
  flat: {
    ...{ scope: 'device', lasts: true, summary: 'the last value is held', isInWorld: false },
    simulated: { of: 'channel' },
  },
  noise: {
    ...{ scope: 'device', lasts: true, isInWorld: false },
    summary: "broadband noise of ten times the signal's usual size is added",
    simulated: { of: 'channel' },
  },
  backlog: {
    ...{ scope: 'device', lasts: true, isInWorld: false },
    summary: 'what it measures is held back and comes all at once at last, stamps are right',
    simulated: { of: 'sensor', lasts: 'ended' },
  },
  unixtime: {
    ...{ scope: 'device', lasts: true, summary: 'stamps are unix times, all the time', isInWorld: false },
    simulated: { of: 'sensor', lasts: 'always' },
  },
  throw: {
    ...{ scope: 'daemon', lasts: false, summary: 'the graph of the session throws', isInWorld: false },
    simulated: { of: 'everything' },
  },
  'slow-model': {
    ...{ scope: 'daemon', lasts: true, summary: 'each prediction of the session takes longer' },
    ...{ amount: { what: 'how much, s', example: 2 }, isInWorld: false },
    simulated: { of: 'everything', amount: { default: 1, above: 0, most: 60 } },
  },
} as const satisfies Record<string, FaultDefinition>;

export type FaultName = keyof typeof faultDefinitions;
export const faultNames = Object.keys(faultDefinitions) as FaultName[];

/** Null: there is no such fault. */
export function faultNamed(name: string): FaultName | null {
  return faultNames.find((known) => known === name) ?? null;
}

/** A fault as it is written. */
export interface WrittenFault {
  readonly text: string;
  readonly kind: string;
  readonly target: string | null;
  readonly from: Seconds | null;
  /** Infinity: it is written that there is no end, as in `@5-`; null: a moment, or no time at all. */
  readonly to: Seconds | null;
  readonly amount: number | null;
}

/** `kind`, `:target`, `@from`, `-to`, `=amount`, of which only the first must be there. */
const WRITTEN =
  /^([a-z]+(?:-[a-z]+)*)(?::([^@=,]+))?(?:@(\d+(?:\.\d+)?)(?:(-)(\d+(?:\.\d+)?)?)?)?(?:=(-?\d+(?:\.\d+)?))?$/;

/**
 * Reads a list of faults, `gap:headset@10-12, rate:belt@5-20=2, throw@31`, whatever their kinds.
 * @throws ConfigurationError `faults-invalid`
 */
export function parseFaultList(list: string): WrittenFault[] {
  return list
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((text) => {
      const match = WRITTEN.exec(text);
      if (!match) throw invalidFault(text, 'write kind:target@from-to=amount');
      const [, kind, target = null, from, dash, to, amount] = match;
      const numberOf = (digits: string | undefined): number | null =>
        digits === undefined ? null : Number(digits);
      const end = dash === undefined ? null : (numberOf(to) ?? Number.POSITIVE_INFINITY);
      return { text, kind, target, from: numberOf(from), to: end, amount: numberOf(amount) };
    });
}

export function invalidFault(text: string, mend: string): ConfigurationError {
  return new ConfigurationError('faults-invalid', `fault '${text}': ${mend}`);
}
