import { Random } from '../../../core/random.js';
import type { Example } from '../../examples/example.js';
import type { EvaluationData } from '../fold-task.js';
import { sketchedData, sketchedWrist } from './sketched-wrist.js';

/** Worlds in which it is known what a wristband tells of stress: how the rule is tried. */
export const sketchKinds = [
  'warming-skin',
  'warming-room',
  'dropping-out',
  'dropping-out-in-stress',
  'true-effect',
  'equal-schedules',
] as const;
export type SketchKind = (typeof sketchKinds)[number];

const PEOPLE = 16;
const STEP_S = 10;
/** A session begins in rest; then tasks take turns with shorter rests. */
const FIRST_REST_S = [480, 900] as const;
const TASK_S = [180, 420] as const;
const REST_S = [90, 240] as const;
const TASKS = 4;

interface Block {
  readonly positive: boolean;
  readonly start: number;
  readonly end: number;
}

/** A session's blocks; rest comes first, as in many an experiment, so that time alone tells much of it. */
function schedule(uniform: () => number): Block[] {
  const within = ([low, high]: readonly [number, number]): number =>
    STEP_S * Math.round((low + (high - low) * uniform()) / STEP_S);
  const blocks: Block[] = [];
  let at = 0;
  const add = (positive: boolean, length: number): void => {
    blocks.push({ positive, start: at, end: at + length });
    at += length;
  };
  add(false, within(FIRST_REST_S));
  for (let task = 0; task < TASKS; task++) {
    add(true, within(TASK_S));
    add(false, within(REST_S));
  }
  return blocks;
}

/**
 * People with a wristband during rests and tasks. In every world skin warms and sweats more as time goes by, each person
 * from their own level and at their own pace, and pulse and skin wander. `warming-skin`: that is all.
 * `dropping-out`: sensors also lose contact, more often towards the end. `dropping-out-in-stress`: they lose it
 * in tasks. `true-effect`: skin and pulse also answer tasks, as strongly as real ones do. `equal-schedules`: the same, but
 * everybody has the tasks at the same seconds.
 */
export function sketch(kind: SketchKind, seed: number): EvaluationData {
  const { uniform, gaussian: normal } = new Random(seed);
  const common = schedule(uniform);
  const effect = kind === 'true-effect' || kind === 'equal-schedules' ? 1 : 0;
  const examples = Array.from({ length: PEOPLE }, (_, p) => {
    const blocks = kind === 'equal-schedules' ? common : schedule(uniform);
    const length = blocks[blocks.length - 1].end;
    const level = 0.3 * normal();
    const rise = 2 + 0.5 * normal();
    // Of a band put on in the waiting room; who waits isn't labelled.
    const waited = kind === 'warming-room' ? STEP_S * Math.round(120 * uniform()) : 0;
    const pace_s = 600 + 900 * uniform();
    const answer = Math.max(0, 0.8 + 0.4 * normal());
    const wrist = sketchedWrist(uniform, normal);
    return blocks.flatMap(({ positive, start, end }, b) =>
      Array.from({ length: Math.round((end - start) / STEP_S) }, (_, w): Example => {
        const time = start + w * STEP_S;
        const drift = level + rise * (1 - Math.exp(-time / pace_s));
        const answered = effect * answer * Number(positive);
        const lost = lossOf(kind, time / length, positive);
        return {
          person: `p${p + 1}`,
          session: '1',
          trial: `${b + 1}`,
          stimulus: positive ? 'task' : 'rest',
          position: b,
          file: 0,
          window: [waited + time, waited + time + STEP_S],
          since_start: waited + time,
          since_onset: time - start,
          frame: wrist({ drift, answered, lost }),
          label: { targets: {}, class: Number(positive) },
        };
      }),
    );
  }).flat();
  return sketchedData(examples, { classes: ['rest', 'task'], dimensions: [], hop_s: STEP_S });
}

/** How likely a sensor is to be lost. */
function lossOf(kind: SketchKind, share: number, positive: boolean): number {
  if (kind === 'dropping-out') return 0.1 + 0.5 * share;
  if (kind === 'dropping-out-in-stress') return positive ? 0.5 : 0.15;
  return 0.02;
}
