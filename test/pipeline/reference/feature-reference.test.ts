import { describe, expect, it } from 'vitest';
import { featureReference } from '../../../src/pipeline/reference/feature-reference.js';
import { featureDefinitions } from '../../../src/signal/features/registry.js';

const page = featureReference();
const sectionOf = (name: string): string => page.split(`\n## ${name}\n`)[1]?.split('\n## ')[0] ?? '';

describe('featureReference', () => {
  it('has every extractor with its summary, source and parameters', () => {
    for (const { name, summary, source } of featureDefinitions.values()) {
      expect(page).toContain(`(#${name})`);
      expect(sectionOf(name)).toContain(summary);
      expect(sectionOf(name)).toContain(source);
      expect(sectionOf(name)).toMatch(/\n\| `\w+` \| .+ \| .+ \|/);
    }
    expect(sectionOf('band-variance')).toContain('| `order` | integer | `5` |');
  });

  it('lists features with what they are of and their unit', () => {
    expect(sectionOf('differential-entropy')).toContain('| `de_alpha` | each channel | nat |');
    expect(sectionOf('asymmetry')).toContain('| `dasm_alpha` | pairs of channels, as `F3-F4` | nat |');
    expect(sectionOf('eye-movement').match(/\| `(pupil|fixation|saccade|blink)`/g)).not.toHaveLength(0);
    expect(sectionOf('action-units')).toContain('| `au_intensity` | `AU01`, `AU02` ... `AU45` (17) | 0..5 |');
    expect(sectionOf('heart-rate')).toMatch(/Of ECG, PPG, HR, IBI; looks back 10 s:/);
    // Amplitudes have each stream's own unit.
    expect(sectionOf('signal-quality').match(/quality_amplitude/g)).toHaveLength(3);
  });
});
