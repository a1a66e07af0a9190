import { describe, expect, it } from 'vitest';
import reference from '../../../fixtures/features/eeg.json' with { type: 'json' };
import { designButterworthBandpass } from '../../../src/signal/dsp/butterworth-bandpass.js';
import { SosFilter } from '../../../src/signal/dsp/sos-filter.js';

describe('designButterworthBandpass', () => {
  it.each(reference.bandpass)(
    "has scipy's magnitude and impulse response: order $order, $low_hz-$high_hz Hz at $sfreq Hz",
    (design) => {
      const sections = designButterworthBandpass(design.order, design.low_hz, design.high_hz, design.sfreq);
      expect(sections).toHaveLength(design.order);
      for (const [i, w] of design.w.entries()) {
        let magnitude = 1;
        for (const { b0, b1, b2, a1, a2 } of sections) {
          const size = (c0: number, c1: number, c2: number) =>
            Math.hypot(c0 + c1 * Math.cos(w) + c2 * Math.cos(2 * w), c1 * Math.sin(w) + c2 * Math.sin(2 * w));
          magnitude *= size(b0, b1, b2) / size(1, a1, a2);
        }
        expect(Math.abs(magnitude - design.magnitude[i])).toBeLessThan(
          1e-9 * Math.max(1e-3, design.magnitude[i]),
        );
      }
      const filter = new SosFilter(sections, 1);
      // A steady input comes out as nothing, so this first sample leaves the filter at rest.
      const impulse = new Float64Array(65);
      impulse[1] = 1;
      filter.process(0, impulse, impulse, 0, 65);
      for (const [i, y] of design.impulse.entries()) expect(Math.abs(impulse[i + 1] - y)).toBeLessThan(1e-10);
    },
  );

  it('is stable where transfer-function coefficients are not: order 5, 1-4 Hz at 1000 Hz', () => {
    for (const { a2 } of designButterworthBandpass(5, 1, 4, 1000)) expect(a2).toBeLessThan(1);
  });
});
