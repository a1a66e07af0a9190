import { expect, it } from 'vitest';
import { cccWithinTrials } from '../../../../src/learn/evaluate/rule/within-trials.js';
import { scored } from './scored.js';

it('averages over trials of a person, a constant counting 0', () => {
  const trial = (person: string, name: string, course: (i: number) => number, told: (i: number) => number) =>
    Array.from({ length: 10 }, (_, i) =>
      scored({ person, trial: `${person} ${name}`, start: i, label: course(i), value: told(i) }),
    );
  const slope = (i: number): number => i / 10;
  const windows = [
    ...trial('a', '1', slope, slope),
    ...trial('a', '2', () => 0.5, slope),
    ...trial('a', '3', slope, () => 0.5),
    ...trial('b', '1', slope, (i) => 1 - slope(i)),
  ];
  const [a, b] = cccWithinTrials(windows);
  expect(a).toBeCloseTo(1 / 3, 12);
  expect(b).toBeLessThan(-0.9);
});
