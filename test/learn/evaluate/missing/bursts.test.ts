import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/core/random.js';
import { withoutInBursts } from '../../../../src/learn/evaluate/missing/bursts.js';
import { missingShare } from '../../../../src/learn/evaluate/missing/missing-share.js';
import { windowsOf } from './frames.js';

const run = (n: number) => [Array.from({ length: n }, (_, i) => i)];

describe('withoutInBursts', () => {
  it('takes away at the rate, in bursts of the length', () => {
    const n = 20_000;
    // With many modalities the one that always stays hardly matters.
    const windows = windowsOf(n, 8);
    const thinned = withoutInBursts(windows, run(n), 0.3, 5, new Random(3).uniform);
    expect(missingShare(windows, thinned)).toBeCloseTo(0.3, 1);
    const away = thinned.map(({ frame: [first] }) => !first.present);
    const bursts = away.filter((is, i) => is && !away[i - 1]).length;
    expect(away.filter(Boolean).length / bursts).toBeCloseTo(5, 0);
  });

  it('never takes all, and brings nothing back', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 9 }),
        (seed, m, length) => {
          const windows = windowsOf(40, m, (i, k) => (i + k) % 3 !== 0);
          const thinned = withoutInBursts(windows, run(40), 0.4, length, new Random(seed).uniform);
          thinned.forEach(({ frame }, i) => {
            const had = windows[i].frame.filter(({ present }) => present).length;
            expect(frame.filter(({ present }) => present).length).toBeGreaterThanOrEqual(Math.min(1, had));
            expect(frame.some(({ present }, k) => present && !windows[i].frame[k].present)).toBe(false);
          });
        },
      ),
    );
  });

  it('is the same for a seed, and leaves frames alone at rate 0', () => {
    const windows = windowsOf(30, 3);
    const thin = () => withoutInBursts(windows, run(30), 0.4, 3, new Random(8).uniform);
    expect(thin()).toEqual(thin());
    expect(withoutInBursts(windows, run(30), 0, 3, new Random(8).uniform)).toEqual(windows);
  });
});
