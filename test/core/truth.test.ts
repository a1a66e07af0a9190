import { describe, expect, it } from 'vitest';
import { TruthTrack } from '../../src/core/truth.js';
import { truthScore } from '../../src/core/truth-score.js';

function track(...samples: (readonly [time: number, valence: number, arousal: number])[]): TruthTrack {
  const made = new TruthTrack();
  for (const sample of samples) made.add(...sample);
  return made;
}

const estimate = (end: number, valence: number | null, half = 0.2, valid = true) => ({
  ...{ window: [end - 1, end] as const, valence, arousal: 0, valid },
  interval:
    valence === null
      ? null
      : { level: 0.9, valence: [valence - half, valence + half] as const, arousal: null },
});

describe('the truth over a window', () => {
  const told = track([0, 0.1, 0], [0.5, 0.3, 0.5], [1, 0.5, 1], [2, Number.NaN, 0]);

  it('is the mean of what was told from its start to before its end', () => {
    expect(told.mean(0, 1)).toEqual({ valence: 0.2, arousal: 0.25 });
    expect(told.mean(0.5, 1.5)).toEqual({ valence: 0.4, arousal: 0.75 });
  });

  it('is not known where nothing was told, or a sample is missing', () => {
    expect(told.mean(5, 6)).toBe(null);
    expect(told.mean(1, 2.5)).toBe(null);
  });
});

describe('estimates against the truth', () => {
  const told = track([10, -0.5, 0], [11, 0, 0], [12, 0.5, 0], [13, 0.5, 0]);

  it('are scored where they are valid, have a value and the truth is known, on the truth’s clock', () => {
    const estimates = [
      estimate(1, -0.4),
      estimate(2, 0.3),
      estimate(3, 0.6),
      estimate(4, 0.9, 0.2, false),
      estimate(4, null),
      estimate(9, 1),
    ];
    const { windows, ccc, mae, coverage } = truthScore(estimates, told, 'valence', 10);
    expect([windows, coverage]).toEqual([3, { share: 2 / 3, level: 0.9 }]);
    expect(mae).toBeCloseTo((0.1 + 0.3 + 0.1) / 3);
    // By Lin’s formula, by hand: means 1/6 and 0, variances 79/450 and 1/6, covariance 1/6.
    expect(ccc).toBeCloseTo(2 / 6 / (79 / 450 + 1 / 6 + 1 / 36));
  });

  it('have no figure where there is none to be had', () => {
    expect(truthScore([], told, 'valence')).toEqual({
      windows: 0,
      ccc: Number.NaN,
      mae: Number.NaN,
      coverage: null,
    });
    expect(truthScore([estimate(1, 0.1)], told, 'arousal', 10).coverage).toBe(null);
    expect(truthScore([estimate(1, 0.1)], told, 'arousal', 10).ccc).toBeNaN();
  });
});
