import { describe, expect, it } from 'vitest';
import { cosine, sine } from '../../src/simulation/sine.js';

describe('sine', () => {
  it('agrees with Math.sin to 1e-9', () => {
    for (let k = -3000; k <= 3000; k++) {
      const cycles = k * 0.00137;
      expect(Math.abs(sine(cycles) - Math.sin(2 * Math.PI * cycles))).toBeLessThan(1e-9);
      expect(Math.abs(cosine(cycles) - Math.cos(2 * Math.PI * cycles))).toBeLessThan(1e-9);
    }
  });
});
