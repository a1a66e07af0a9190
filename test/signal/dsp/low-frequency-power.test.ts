import { describe, expect, it } from 'vitest';
import reference from '../../../fixtures/eye/eye.json' with { type: 'json' };
import { LowFrequencyPower } from '../../../src/signal/dsp/low-frequency-power.js';

const bands = [
  [0, 0.2],
  [0.2, 0.4],
  [0.4, 0.6],
  [0.6, 1],
] as const;

describe('LowFrequencyPower', () => {
  it.each(reference.cases.map((c) => [c.x.length, c] as const))(
    "equals scipy's periodogram of %i samples",
    (_, { x, power }) => {
      const own = new LowFrequencyPower(reference.sfreq_hz, 200, bands).compute(Float64Array.from(x));
      for (const [b, value] of own.entries()) expect(Math.abs(value / power[b] - 1)).toBeLessThan(1e-9);
    },
  );

  it('does not see the mean', () => {
    const { x } = reference.cases[2];
    const spectrum = new LowFrequencyPower(10, 200, bands);
    const [a, b] = [
      spectrum.compute(Float64Array.from(x)),
      spectrum.compute(Float64Array.from(x, (v) => v + 5)),
    ];
    for (const [i, value] of a.entries()) expect(b[i]).toBeCloseTo(value, 12);
  });
});
