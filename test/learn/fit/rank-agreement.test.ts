import { expect, it } from 'vitest';
import { rankAgreement } from '../../../src/learn/fit/rank-agreement.js';
import { anExample } from './an-example.js';

const labels = Array.from({ length: 100 }, (_, i) => Math.sin(i / 9));
const examples = ['p', 'q'].flatMap((person) => labels.map((arousal) => anExample({ person, arousal })));
/** Logits d, 0.2 and -d for the difference d of two scores. */
const scoresOf = (read: (label: number) => number) =>
  examples.map(({ label }) => {
    const s = read(label.targets.arousal!);
    return { first: [s, 0.2, -s], second: [-s, 0, s] };
  });

it('is right of all pairs for a model that knows, and of few for one that has it backwards', () => {
  const known = rankAgreement(
    examples,
    scoresOf((label) => label),
    'arousal',
    0.2,
  );
  expect(known.accuracy).toBe(1);
  expect(known.pairs).toBeGreaterThan(600);
  expect(known.commonest).toBeLessThan(0.6);
  const backwards = rankAgreement(
    examples,
    scoresOf((label) => -label),
    'arousal',
    0.2,
  );
  expect(backwards.accuracy).toBeLessThan(0.2);
});
