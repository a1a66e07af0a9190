import { describe, expect, it } from 'vitest';
import butterworth from '../../../fixtures/dsp/butterworth.json' with { type: 'json' };
import sosfilt from '../../../fixtures/dsp/sosfilt.json' with { type: 'json' };
import { designButterworth, type Section, SosFilter } from '../../../src/signal/dsp/sos-filter.js';

function response(sections: readonly Section[], w: number): number {
  let power = 1;
  for (const { b0, b1, b2, a1, a2 } of sections) {
    const square = (p: number, q: number, r: number) => {
      const re = p + q * Math.cos(w) + r * Math.cos(2 * w);
      const im = q * Math.sin(w) + r * Math.sin(2 * w);
      return re * re + im * im;
    };
    power *= square(b0, b1, b2) / square(1, a1, a2);
  }
  return Math.sqrt(power);
}

describe('designButterworth', () => {
  for (const d of butterworth.designs) {
    it(`equals scipy's butter: ${d.kind} N = ${d.order}, ${d.edge_hz} Hz at ${d.sfreq} Hz`, () => {
      const sections = designButterworth(d.kind as 'lowpass' | 'highpass', d.order, d.edge_hz, d.sfreq);
      for (const [i, w] of d.w.entries()) {
        const expected = d.magnitude[i];
        expect(Math.abs(response(sections, w) - expected)).toBeLessThan(1e-9 * Math.max(expected, 1e-3));
      }
      const impulse = new Float64Array(d.impulse.length);
      // A first 0 leaves a zero state, so that what follows is the response from rest.
      const input = Float64Array.from([0, 1, ...new Array(d.impulse.length).fill(0)]);
      const output = new Float64Array(input.length);
      new SosFilter(sections, 1).process(0, input, output, 0, input.length);
      impulse.set(output.subarray(1, d.impulse.length + 1));
      for (const [i, y] of d.impulse.entries()) expect(Math.abs(impulse[i] - y)).toBeLessThan(1e-10);
    });
  }
});

describe('SosFilter', () => {
  const sections = sosfilt.sos.map(([b0, b1, b2, , a1, a2]) => ({ b0, b1, b2, a1, a2 }));

  for (const cut of [1, 7, 64, 400]) {
    it(`equals sosfilt with sosfilt_zi * x[0] in pieces of ${cut} samples`, () => {
      const filter = new SosFilter(sections, 2);
      for (const [c, row] of sosfilt.x.entries()) {
        const input = Float64Array.from(row);
        const output = new Float64Array(input.length);
        const scale = Math.max(...row.map(Math.abs));
        for (let at = 0; at < input.length; at += cut)
          filter.process(c, input, output, at, Math.min(at + cut, input.length));
        for (const [i, y] of sosfilt.y[c].entries())
          expect(Math.abs(output[i] - y)).toBeLessThan(1e-10 * scale);
      }
    });
  }

  it('gives one sample at a time what it gives of many, to the same bits', () => {
    const [one, many] = [new SosFilter(sections, 2), new SosFilter(sections, 2)];
    for (const [c, row] of sosfilt.x.entries()) {
      const output = new Float64Array(row.length);
      many.process(c, Float64Array.from(row), output, 0, row.length);
      expect(row.map((x) => one.processOne(c, x))).toEqual([...output]);
    }
  });

  it('equals sosfilt with the Butterworth sections of its own design', () => {
    const own = [...designButterworth('highpass', 4, 1, 200), ...designButterworth('lowpass', 4, 75, 200)];
    const filter = new SosFilter(own, 2);
    for (const [c, row] of sosfilt.x.entries()) {
      const input = Float64Array.from(row);
      filter.process(c, input, input, 0, input.length);
      for (const [i, y] of sosfilt.y[c].entries()) expect(Math.abs(input[i] - y)).toBeLessThan(1e-9);
    }
  });

  it('gives no transient for a steady offset, whatever its size', () => {
    const input = new Float64Array(500).fill(1e5);
    const low = new Float64Array(500);
    new SosFilter(designButterworth('lowpass', 5, 10, 200), 1).process(0, input, low, 0, 500);
    for (const y of low) expect(Math.abs(y - 1e5)).toBeLessThan(1e-6);
    const high = new Float64Array(500);
    new SosFilter(designButterworth('highpass', 4, 1, 200), 1).process(0, input, high, 0, 500);
    for (const y of high) expect(Math.abs(y)).toBeLessThan(1e-6);
  });

  it('copies where there is no section', () => {
    const output = new Float64Array(3);
    new SosFilter([], 1).process(0, Float64Array.of(1, 2, 3), output, 0, 3);
    expect([...output]).toEqual([1, 2, 3]);
  });
});
