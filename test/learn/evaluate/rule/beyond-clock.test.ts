import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/core/random.js';
import { windowFacts } from '../../../../src/learn/evaluate/blind/window-facts.js';
import { gainOverClock } from '../../../../src/learn/evaluate/rule/beyond-clock.js';
import { anExample } from '../../fit/an-example.js';
import { scored } from './scored.js';

const normal = new Random(5).gaussian;
const people = ['a', 'b', 'c', 'd', 'e', 'f'];
const examples = people.flatMap((person) =>
  Array.from({ length: 60 }, (_, w) =>
    anExample({
      person,
      since_start: 10 * w,
      since_onset: 10 * w,
      label: { targets: {}, class: Number(w > 20 + 20 * normal()) },
    }),
  ),
);
const facts = windowFacts(examples, 10);
const windowsOf = (value: (time: number, label: number) => number) =>
  examples.map(({ person, since_start, label }, index) =>
    scored({
      index,
      person,
      start: since_start,
      label: label.class!,
      value: value(since_start, label.class!),
    }),
  );
const gainsOf = (value: (time: number, label: number) => number, quantity: 'class' | 'valence' = 'class') => {
  const windows = windowsOf(value);
  const folds = people.map((held) => ({
    train: windows.filter(({ person }) => person !== held),
    test: windows.filter(({ person }) => person === held),
  }));
  return gainOverClock(folds, facts, quantity, 2);
};

describe('gainOverClock', () => {
  it('is positive for what knows the label, and not for noise or for the clock itself', () => {
    const known = gainsOf((_, label) => label + 0.5 * normal());
    expect(known).toHaveLength(people.length);
    for (const gain of known) expect(gain).toBeGreaterThan(0.1);
    const mean = (gains: readonly number[]): number =>
      gains.reduce((sum, own) => sum + own, 0) / gains.length;
    expect(mean(gainsOf(() => normal()))).toBeLessThan(0.01);
    for (const gain of gainsOf((time) => time)) expect(Math.abs(gain)).toBeLessThan(0.01);
  });

  it('is the squared error of values', () => {
    for (const gain of gainsOf((_, label) => label + 0.2 * normal(), 'valence'))
      expect(gain).toBeGreaterThan(0.05);
  });

  it('knows absences already', () => {
    const modality = (present: boolean) => ({ values: Float32Array.of(0), mask: Uint8Array.of(1), present });
    const lost = windowFacts(
      examples.map((example) => ({
        ...example,
        frame: [modality(true), modality(example.label.class === 0)],
      })),
      10,
    );
    const windows = windowsOf((_, label) => label);
    const folds = [
      {
        train: windows.filter(({ person }) => person !== 'a'),
        test: windows.filter(({ person }) => person === 'a'),
      },
    ];
    expect(Math.abs(gainOverClock(folds, lost, 'class', 2)[0])).toBeLessThan(0.01);
    expect(gainOverClock(folds, facts, 'class', 2)[0]).toBeGreaterThan(0.3);
  });
});
