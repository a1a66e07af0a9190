import { describe, expect, it } from 'vitest';
import reference from '../../../fixtures/eye/luminance.json' with { type: 'json' };
import { lightAdaptedPupil_mm } from '../../../src/signal/dsp/watson-yellott.js';

describe('lightAdaptedPupil_mm', () => {
  it.each(reference.formula)(
    'equals numpy at %d cd/m2, %d deg2, %d years, %i eyes',
    (light, field, age, eyes, mm) => {
      const own = lightAdaptedPupil_mm(light, { field_deg2: field, age_years: age, eyes: eyes as 1 | 2 });
      expect(Math.abs(own - mm)).toBeLessThan(1e-12);
    },
  );

  it('is widest in the dark', () => {
    const viewing = { field_deg2: 800, age_years: 28.58, eyes: 2 } as const;
    expect(lightAdaptedPupil_mm(0, viewing)).toBe(7.75);
    expect(lightAdaptedPupil_mm(1e6, viewing)).toBeGreaterThan(2);
  });
});
