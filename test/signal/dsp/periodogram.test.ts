import { describe, expect, it } from 'vitest';
import reference from '../../../fixtures/dsp/differential-entropy.json' with { type: 'json' };
import { chooseFftPair } from '../../../src/signal/dsp/choose-fft-pair.js';
import { BandPower } from '../../../src/signal/dsp/periodogram.js';

const bands = reference.bands.map(([low_hz, high_hz]) => ({ low_hz, high_hz }));

describe.each([
  ['vectors', chooseFftPair()],
  ['fft.js', chooseFftPair(null)],
])('BandPower by %s', (_, transformOf) => {
  for (const { sfreq, offset, x, power, full } of reference.cases) {
    it(`equals scipy's periodogram at ${sfreq} Hz, offset ${offset}`, () => {
      const out = new Float64Array(bands.length + 1);
      new BandPower(x.length, sfreq, bands, transformOf).compute(Float64Array.from(x), out, 1);
      for (const [b, expected] of power.entries())
        expect(Math.abs(out[b + 1] / expected - 1)).toBeLessThan(1e-9);
    });

    it(`counts 0 Hz and Nyquist once at ${sfreq} Hz`, () => {
      const out = new Float64Array(1);
      new BandPower(x.length, sfreq, [{ low_hz: 0, high_hz: sfreq }], transformOf).compute(
        Float64Array.from(x),
        out,
        0,
      );
      expect(Math.abs(out[0] / full - 1)).toBeLessThan(1e-9);
    });
  }

  it('has no power where there is no bin', () => {
    const out = new Float64Array(1);
    new BandPower(64, 64, [{ low_hz: 40, high_hz: 50 }], transformOf).compute(
      new Float64Array(64).fill(1),
      out,
      0,
    );
    expect(out[0]).toBe(0);
  });
});
