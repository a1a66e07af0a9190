import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/core/random.js';
import { PulseSigns } from '../../../../src/signal/features/signs/pulse-signs.js';
import { HOLD_S, LEAST_S } from '../../../../src/signal/features/signs/signs.js';
import { simulateHeartScene } from '../../../../src/simulation/heart-scene.js';
import { unwornWrist } from '../../../../src/simulation/unworn.js';
import { changed, type Fed, made, unworn, verdicts, worn } from './fed.js';

const verdictsOf = (fed: Fed) => verdicts(new PulseSigns(fed.info), fed);
const light = (on: 'table' | 'mug', duration_s = 60) => unworn(unwornWrist({ seed: 1, duration_s, on })[0]);

describe('a pulse', () => {
  it.each(['ppg', 'ecg'] as const)('of a simulated person is one, in %s', (sensor) => {
    const said = verdictsOf(worn(sensor, 40));
    expect(said.slice(0, LEAST_S - 1).every(Number.isNaN)).toBe(true);
    expect(said.slice(LEAST_S)).toEqual(new Array(40 - LEAST_S).fill(1));
  });

  it.each(['table', 'mug'] as const)('of a wristband on the %s is none', (on) => {
    const said = verdictsOf(light(on));
    expect(said.slice(LEAST_S)).toEqual(new Array(60 - LEAST_S).fill(0));
  });

  it('is none in noise that an ECG gives', () => {
    const random = new Random(3);
    const said = verdictsOf(made('ECG', 250, 60, () => 0.1 * random.gaussian(), 'mV'));
    expect(said.slice(LEAST_S)).toEqual(new Array(60 - LEAST_S).fill(0));
  });

  it.each([
    ['sinus', 25],
    ['sinus', 1000],
    ['ectopic', 100],
    ['fibrillation', 100],
    ['paced', 250],
  ] as const)('of a heart in %s is one, at %i Hz', (rhythm, sfreq) => {
    const { ppg } = simulateHeartScene({
      seed: 2,
      sfreq,
      duration_s: 40,
      rate_per_min: 75,
      rhythm,
      lead: 'normal',
      noise_mv: 0.02,
      wander_mv: 0.1,
      mains_mv: 0,
      bursts_per_min: 0,
      burst_mv: 0,
      swell: 1.2,
    });
    const said = verdictsOf(made('PPG', sfreq, 40, (t) => ppg[Math.round(t * sfreq)]));
    expect(said.at(-1)).toBe(1);
  });

  it('is taken as worn while it moves, and for half a minute after the last sign', () => {
    const moving = changed(light('mug', 140), (x, t) => x * (t < 60 && t % 11 < 4 ? 12 : 1));
    const said = verdictsOf(moving);
    expect(said.slice(LEAST_S, 60)).toEqual(new Array(60 - LEAST_S).fill(1));
    expect(said.at(-1)).toBe(0);
    const takenOff = changed(worn('ppg', 100), (x, t) => (t < 40 ? x : 1));
    const after = verdictsOf(takenOff);
    expect(after[39 + HOLD_S - 5]).toBe(1);
    expect(after.at(-1)).toBe(0);
  });

  it('is none in a sensor that always tells the same; nothing is said of one that tells nothing', () => {
    expect(verdictsOf(made('PPG', 64, 30, () => 1)).at(-1)).toBe(0);
    expect(verdictsOf(made('PPG', 64, 30, () => Number.NaN)).every(Number.isNaN)).toBe(true);
    expect(verdictsOf(made('PPG', 10, 30, Math.sin)).every(Number.isNaN)).toBe(true);
  });

  it('shows in one channel of several', () => {
    const { info, chunks } = worn('ppg', 40);
    const random = new Random(4);
    const three: Fed = {
      info: { ...info, channels: [...info.channels, ...info.channels, ...info.channels] },
      chunks: chunks.map((chunk) => {
        const white = () => chunk.data.map(() => random.gaussian());
        return {
          ...chunk,
          data: Float64Array.from([...white(), ...chunk.data, ...white().fill(Number.NaN)]),
        };
      }),
    };
    expect(verdictsOf(three).at(-1)).toBe(1);
  });
});
