import { z } from 'zod';
import type { Seconds } from '../../core/clock.js';
import type { Random } from '../../core/random.js';
import {
  type FaultDefinition,
  type FaultName,
  faultDefinitions,
  faultNamed,
  faultNames,
  invalidFault,
  parseFaultList,
} from '../../simulation/fault-grammar.js';
import { WALL_UNIX_S } from './world-time.js';

/** Faults that a world knows. */
export type WorldFaultKind = {
  [Name in FaultName]: (typeof faultDefinitions)[Name]['isInWorld'] extends true ? Name : never;
}[FaultName];

const isInWorld = (name: FaultName): name is WorldFaultKind => faultDefinitions[name].isInWorld;
export const worldFaultKinds = faultNames.filter(isInWorld);
const definitionOf = (kind: WorldFaultKind): FaultDefinition => faultDefinitions[kind];

const YEARS_1970_S = -WALL_UNIX_S;
const YEARS_2100_S = 2_400_000_000;

/** Among which amounts a seed chooses. */
const amounts: Partial<Record<WorldFaultKind, readonly number[]>> = {
  late: [0.3, 1, 3],
  rate: [0.5, 0.86, 1.03, 2, 4],
  clock: [-7200, -5, -2, 2, 3600, YEARS_1970_S, YEARS_2100_S],
  drift: [-500, -50, 50, 500],
  slow: [500, 5000],
  sluggish: [0.02, 0.1],
  wallclock: [-7200, -1, 1, 3600, YEARS_1970_S, YEARS_2100_S],
};

/** A fault of a world. */
export const worldFaultSchema = z
  .strictObject({
    kind: z.enum(worldFaultKinds),
    /** Name of a device or a subscriber; null: there is only one. */
    target: z
      .string()
      .regex(/^[\w-]+$/)
      .nullable(),
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
export function parseWorldFaults(list: string): WorldFault[] {
  return parseFaultList(list).map(({ text, kind, target, from, to, amount }) => {
    const known = faultNamed(kind);
    if (known && !isInWorld(known))
      throw invalidFault(text, `a world has no ${known}; affectd simulate --faults does`);
    if (from === null) throw invalidFault(text, 'write kind:target@from-to=amount');
    const fault = worldFaultSchema.safeParse({
      ...{ kind, target, from, amount },
      to: to === Number.POSITIVE_INFINITY ? null : to,
    });
    if (!fault.success) throw invalidFault(text, fault.error.issues[0].message);
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
  const { scope, lasts } = definitionOf(kind);
  const { devices, subscribers, duration_s } = ground;
  const target = scope === 'device' ? choose(devices) : scope === 'subscriber' ? choose(subscribers) : null;
  const from = rounded(random.between(1, 0.8 * duration_s));
  const to = lasts ? rounded(from + 0.2 + random.exponential(Math.min(5, 0.1 * duration_s))) : null;
  const choices = amounts[kind];
  return { kind, target, from, to, amount: choices ? choose(choices) : null };
}

/** A few faults of any kinds. */
export function drawFaults(count: number, ground: FaultGround, random: Random): WorldFault[] {
  return Array.from({ length: count }, () => {
    const kind = worldFaultKinds[Math.floor(random.uniform() * worldFaultKinds.length)];
    return drawFault(kind, ground, random);
  });
}
