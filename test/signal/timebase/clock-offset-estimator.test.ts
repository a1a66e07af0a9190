import { describe, expect, it } from 'vitest';
import { ClockOffsetEstimator } from '../../../src/signal/timebase/clock-offset-estimator.js';

describe('ClockOffsetEstimator', () => {
  it('gives a constant offset back exactly', () => {
    const estimator = new ClockOffsetEstimator();
    for (let time = 0; time < 1000; time += 5) {
      expect(estimator.update({ time, offset: -24329.6042089455 })).toBe('tracked');
      expect(estimator.at(time + 3)).toBe(-24329.6042089455);
    }
  });

  it('follows a drifting clock through noise and slow round trips', () => {
    const estimator = new ClockOffsetEstimator();
    const truth = (time: number) => 12 + 2e-5 * time;
    let worst = 0;
    for (let k = 0; k < 400; k++) {
      const time = 5 * k;
      const noise = 3e-4 * Math.sin(k * 12.9898) + (k % 29 === 28 ? 0.08 : 0);
      estimator.update({ time, offset: truth(time) + noise });
      if (k > 60) worst = Math.max(worst, Math.abs(estimator.at(time + 4) - truth(time + 4)));
    }
    expect(worst).toBeLessThan(1e-3);
  });

  it('tells a restarted clock from drift', () => {
    const estimator = new ClockOffsetEstimator();
    estimator.update({ time: 100, offset: 3 });
    expect(estimator.update({ time: 105, offset: 3.0001 })).toBe('tracked');
    expect(estimator.update({ time: 2, offset: 106 })).toBe('reset');
    expect(estimator.at(4)).toBe(106);
  });
});
