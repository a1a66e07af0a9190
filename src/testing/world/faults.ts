import { z } from 'zod';
import type { Seconds } from '../../core/clock.js';
import { ConfigurationError } from '../../core/errors.js';
import type { Random } from '../../core/random.js';
import { WALL_UNIX_S } from './world-time.js';

/** What a fault happens to. */
export type FaultScope = 'device' | 'subscriber' | 'disk' | 'daemon';

interface FaultDefinition {
  readonly scope: FaultScope;
  /** Whether it lasts; else it happens at a moment. */
  readonly lasts: boolean;
  readonly summary: string;
  /** What its amount says, its unit, and among which amounts a seed chooses; without: it has none. */
  readonly amount?: { readonly what: string; readonly choices: readonly number[] };
}

const YEARS_1970_S = -WALL_UNIX_S;
const YEARS_2100_S = 2_400_000_000;

/** Every fault that a world knows. */
export const worldFaults = {
  drop: { scope: 'device', lasts: true, summary: 'loses power, and starts anew' },
  gap: { scope: 'device', lasts: true, summary: 'is out of its radio: what it measures is lost' },
  nan: { scope: 'device', lasts: true, summary: 'sends NaN' },
  rail: { scope: 'device', lasts: true, summary: 'its amplifier saturates' },
  duplicate: { scope: 'device', lasts: true, summary: 'sends each chunk twice' },
  reorder: { scope: 'device', lasts: true, summary: 'sends each second chunk before the one before it' },
  backward: { scope: 'device', lasts: true, summary: 'stamps run backwards within each chunk' },
  late: {
    scope: 'device',
    lasts: true,
    summary: 'chunks are sent later, all at once at last',
    amount: { what: 'how much, s', choices: [0.3, 1, 3] },
  },
  hold: { scope: 'device', lasts: true, summary: 'nothing of it gets through the network, and then all' },
  rate: {
    scope: 'device',
    lasts: true,
    summary: 'samples come at another rate than it declares',
    amount: { what: 'times the declared rate', choices: [0.5, 0.86, 1.03, 2, 4] },
  },
  clock: {
    scope: 'device',
    lasts: true,
    summary: 'its clock is another one',
    amount: { what: 'by how much, s', choices: [-7200, -5, -2, 2, 3600, YEARS_1970_S, YEARS_2100_S] },
  },
  drift: {
    scope: 'device',
    lasts: true,
    summary: 'its clock runs faster or slower',
    amount: { what: 'by how much, ppm', choices: [-500, -50, 50, 500] },
  },
  cut: { scope: 'device', lasts: false, summary: 'its connections break, in the middle of a frame' },
  restart: { scope: 'device', lasts: false, summary: 'ends its stream, and begins it anew' },
  label: { scope: 'device', lasts: false, summary: 'begins its stream anew, its channels called otherwise' },
  layout: { scope: 'device', lasts: false, summary: 'begins its stream anew, with one channel more' },
  slow: {
    scope: 'subscriber',
    lasts: true,
    summary: 'reads slowly',
    amount: { what: 'bytes/s', choices: [500, 5000] },
  },
  stall: { scope: 'subscriber', lasts: true, summary: 'reads nothing' },
  leave: { scope: 'subscriber', lasts: false, summary: 'its connection breaks; it comes back' },
  full: { scope: 'disk', lasts: true, summary: 'is full' },
  readonly: { scope: 'disk', lasts: true, summary: 'can only be read' },
  failing: { scope: 'disk', lasts: true, summary: 'fails' },
  nofiles: { scope: 'disk', lasts: true, summary: 'no file can be opened any more' },
  sluggish: {
    scope: 'disk',
    lasts: true,
    summary: 'each call takes longer',
    amount: { what: 'how much, s', choices: [0.02, 0.1] },
  },
  sigstop: { scope: 'daemon', lasts: true, summary: 'its process is stopped' },
  sigkill: { scope: 'daemon', lasts: false, summary: 'its process is killed, and started again' },
  powercut: { scope: 'daemon', lasts: false, summary: 'its machine loses power, and is started again' },
  wallclock: {
    scope: 'daemon',
    lasts: false,
    summary: "somebody sets its machine's clock",
    amount: { what: 'by how much, s', choices: [-7200, -1, 1, 3600, YEARS_1970_S, YEARS_2100_S] },
  },
} as const satisfies Record<string, FaultDefinition>;

export type WorldFaultKind = keyof typeof worldFaults;
export const worldFaultKinds = Object.keys(worldFaults) as WorldFaultKind[];
const definitionOf = (kind: WorldFaultKind): FaultDefinition => worldFaults[kind];

/** A fault of a world. */
export const worldFaultSchema = z
  .strictObject({
    kind: z.enum(worldFaultKinds),
    /** Name of a device or a subscriber; null: there is only one. */
    target: z.string().min(1).nullable(),
    from: z.number().nonnegative(),
    /** Where it lasts. */
    to: z.number().positive().nullable(),
    amount: z.number().nullable(),
  })
  .superRefine(({ kind, target, from, to, amount }, context) => {
    const { scope, lasts, amount: needed } = definitionOf(kind);
    const hasTarget = scope === 'device' || scope === 'subscriber';
    const problem =
      hasTarget !== (target !== null)
        ? `${kind} ${hasTarget ? `happens to a ${scope}: name it, as in ${kind}:NAME@1` : `happens to the ${scope}: leave out its name`}`
        : lasts !== (to !== null)
          ? `${kind} ${lasts ? 'lasts: say until when, as in @1-2' : 'happens at a moment, as in @1'}`
          : to !== null && to <= from
            ? `${kind} ends before it begins`
            : (needed !== undefined) !== (amount !== null)
              ? `${kind} ${needed ? `needs an amount, ${needed.what}` : 'has no amount'}`
              : null;
    if (problem) context.addIssue({ code: 'custom', message: problem });
  });
export type WorldFault = z.output<typeof worldFaultSchema>;

/** `gap:headset@10-12`, `rate:belt@5-20=2`, `sigkill@31`; as {@link parseWorldFaults} reads it. */
export function formatWorldFault({ kind, target, from, to, amount }: WorldFault): string {
  const end = to === null ? '' : `-${to}`;
  return `${kind}${target === null ? '' : `:${target}`}@${from}${end}${amount === null ? '' : `=${amount}`}`;
}

/** @throws ConfigurationError `faults-invalid`. */
export function parseWorldFaults(text: string): WorldFault[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const match =
        /^([a-z]+)(?::([\w-]+))?@(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?(?:=(-?\d+(?:\.\d+)?))?$/.exec(part);
      const numberOf = (found: string | undefined): number | null =>
        found === undefined ? null : Number(found);
      const fault = worldFaultSchema.safeParse({
        ...{ kind: match?.[1], target: match?.[2] ?? null, from: Number(match?.[3]) },
        ...{ to: numberOf(match?.[4]), amount: numberOf(match?.[5]) },
      });
      if (!match || !fault.success) {
        const mend = match ? fault.error?.issues[0].message : 'write kind:target@from-to=amount';
        throw new ConfigurationError('faults-invalid', `fault '${part}': ${mend}`);
      }
      return fault.data;
    });
}

/** What faults are drawn for. */
export interface FaultGround {
  readonly devices: readonly string[];
  readonly subscribers: readonly string[];
  readonly duration_s: Seconds;
}

const rounded = (time: Seconds): Seconds => Math.round(time * 1000) / 1000;

/** One fault of a kind, somewhere. */
export function drawFault(kind: WorldFaultKind, ground: FaultGround, random: Random): WorldFault {
  const choose = <T>(of: readonly T[]): T => of[Math.floor(random.uniform() * of.length)];
  const { scope, lasts, amount } = definitionOf(kind);
  const { devices, subscribers, duration_s } = ground;
  const target = scope === 'device' ? choose(devices) : scope === 'subscriber' ? choose(subscribers) : null;
  const from = rounded(random.between(1, 0.8 * duration_s));
  const to = lasts ? rounded(from + 0.2 + random.exponential(Math.min(5, 0.1 * duration_s))) : null;
  return { kind, target, from, to, amount: amount ? choose(amount.choices) : null };
}

/** A few faults of any kinds. */
export function drawFaults(count: number, ground: FaultGround, random: Random): WorldFault[] {
  return Array.from({ length: count }, () => {
    const kind = worldFaultKinds[Math.floor(random.uniform() * worldFaultKinds.length)];
    return drawFault(kind, ground, random);
  });
}
