import { describe, expect, it } from 'vitest';
import { agreement } from '../../../../src/core/agreement.js';
import { blindOutcome } from '../../../../src/learn/evaluate/blind/blind-outcome.js';
import { type BlindName, blindNames } from '../../../../src/learn/evaluate/blind/contestants.js';
import { windowFacts } from '../../../../src/learn/evaluate/blind/window-facts.js';
import type { EvaluationData } from '../../../../src/learn/evaluate/fold-task.js';
import type { Fold } from '../../../../src/learn/evaluate/splits/fold.js';
import { areaUnderRoc } from '../../../../src/learn/metrics/area-under-roc.js';
import { anExample } from '../../fit/an-example.js';

const HOP_S = 10;
const modality = (present: boolean) => ({
  values: Float32Array.of(0),
  mask: Uint8Array.of(Number(present)),
  present,
});

interface World {
  /** 0 or 1 by seconds since the start. */
  readonly classOf: (time: number, person: number) => number;
  readonly valenceOf?: (time: number, since_onset: number) => number;
  readonly hasSecond?: (time: number, person: number) => boolean;
  /** Seconds of a trial; each a clip of its own, in an order of its own for each person. */
  readonly trial_s?: number;
  readonly files?: boolean;
}

/** Six people, forty windows each. */
function world({
  classOf,
  valenceOf,
  hasSecond = () => true,
  trial_s = 400,
  files = false,
}: World): EvaluationData {
  const examples = Array.from({ length: 6 }, (_, p) =>
    Array.from({ length: 40 }, (_, w) => {
      const time = w * HOP_S;
      const trial = Math.floor(time / trial_s);
      const since_onset = time - trial * trial_s;
      return anExample({
        person: `p${p}`,
        trial: `t${trial}`,
        stimulus: `clip-${(trial + p) % Math.ceil(400 / trial_s)}`,
        file: files ? trial : 0,
        position: trial,
        window: [time, time + HOP_S],
        since_start: time,
        since_onset,
        frame: [modality(true), modality(hasSecond(time, p))],
        label: {
          targets: valenceOf ? { valence: valenceOf(time, since_onset) } : {},
          class: classOf(time, p),
        },
      });
    }),
  ).flat();
  return {
    examples,
    inputs: new Map(),
    classes: ['rest', 'task'],
    dimensions: valenceOf ? ['valence'] : [],
    hop_s: HOP_S,
  };
}

/** AUC of the last two people, the others having been learnt from. */
function aucOf(name: BlindName, data: EvaluationData): number {
  const { outcome, test } = run(name, data);
  return areaUnderRoc(
    test.map((_, row) => outcome.outputs.classes[2 * row + 1]),
    test.map((i) => data.examples[i].label.class === 1),
  );
}

function run(name: BlindName, data: EvaluationData) {
  const all = [...data.examples.keys()];
  const test = all.filter((i) => i >= 160);
  const fold: Fold = {
    name: 'f',
    train: all.filter((i) => i < 120),
    validation: all.filter((i) => i >= 120 && i < 160),
    test,
  };
  return { outcome: blindOutcome(name, data, windowFacts(data.examples, data.hop_s), fold), test };
}

describe('blindOutcome', () => {
  it('tells by the clock what comes late, and by the schedule what comes and goes', () => {
    const late = world({ classOf: (time) => Number(time >= 250) });
    expect(aucOf('drift-clock', late)).toBe(1);
    expect(aucOf('position', late)).toBeGreaterThan(0.99);
    const stripes = world({ classOf: (time) => Math.floor(time / 50) % 2 });
    expect(aucOf('drift-clock', stripes)).toBeLessThan(0.65);
    expect(aucOf('schedule', stripes)).toBeGreaterThan(0.9);
    for (const data of [late, stripes]) expect(aucOf('train-mean', data)).toBe(0.5);
  });

  it('tells by masks what absences tell, and nothing where all sensors are there', () => {
    const classOf = (time: number, person: number): number => Number((time / HOP_S + person) % 3 === 0);
    const lost = world({ classOf, hasSecond: (time, person) => classOf(time, person) === 0 });
    expect(aucOf('masks', lost)).toBe(1);
    expect(aucOf('masks', world({ classOf }))).toBe(0.5);
  });

  it('tells by file, by clip, by seconds within it and by the label before', () => {
    const byFile = world({ classOf: (time) => Number(time >= 100 && time < 200), trial_s: 100, files: true });
    expect(aucOf('file', byFile)).toBe(1);
    expect(aucOf('stimulus-mean', byFile)).toBeLessThan(0.8);
    const byClip = world({
      classOf: (time, person) => Number((Math.floor(time / 100) + person) % 4 === 2),
      trial_s: 100,
    });
    expect(aucOf('stimulus-mean', byClip)).toBe(1);
    expect(aucOf('file', byClip)).toBe(0.5);
    const within = world({ classOf: (time) => Number(time % 100 < 50), trial_s: 100 });
    expect(aucOf('film', within)).toBe(1);
    expect(aucOf('stimulus-mean', within)).toBe(0.5);
    const before = world({ classOf: (time, person) => Math.floor((time + 37 * person) / 60) % 2 });
    expect(aucOf('previous-label', before)).toBeGreaterThan(0.8);
  });

  it('follows values by the seconds since the onset, too', () => {
    const data = world({
      classOf: () => 0,
      valenceOf: (_, since_onset) => since_onset / 100 - 0.5,
      trial_s: 100,
    });
    for (const name of ['drift-clock', 'schedule', 'film'] as const) {
      const { outcome, test } = run(name, data);
      const label = test.map((i) => data.examples[i].label.targets.valence!);
      expect(agreement(outcome.outputs.heads, label).ccc, name).toBeGreaterThan(0.95);
    }
  });

  it('learns nothing from the test part, and stays sensible where nothing is labelled', () => {
    const data = world({ classOf: (time, person) => (person < 4 ? 0 : Number(time > 200)) });
    for (const name of blindNames.filter((own) => own !== 'previous-label'))
      expect(aucOf(name, data), name).toBe(0.5);
    const unlabelled = {
      ...data,
      dimensions: ['arousal' as const],
      examples: data.examples.map((example) => ({ ...example, label: { targets: {}, class: null } })),
    };
    for (const name of blindNames) {
      const { outcome, test } = run(name, unlabelled);
      expect(new Set(outcome.outputs.classes)).toEqual(new Set([0.5]));
      expect([...outcome.outputs.heads]).toEqual(test.map(() => 0));
    }
  });
});
