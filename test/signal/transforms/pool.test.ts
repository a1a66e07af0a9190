import { describe, expect, it } from 'vitest';
import { featureName } from '../../../src/core/features.js';
import { regions } from '../../../src/signal/montage/regions.js';
import { pool } from '../../../src/signal/transforms/pool.js';
import { schemaOf, vectorOf } from './feature-vectors.js';

describe('pool', () => {
  it('averages what was measured, region by region, and masks the rest', () => {
    const schema = schemaOf([
      'Fp1.de_alpha',
      'Fp1.de_beta',
      'F3.de_alpha',
      'F3.de_beta',
      'AUX.de_alpha',
      'T4.de_alpha',
    ]);
    const processor = pool.create(pool.params.parse({}));
    const pooled = processor.reset(schema, 'start');
    expect(pooled.features.map(featureName)).toEqual(
      regions.flatMap((region) => [`${region}.de_alpha`, `${region}.de_beta`]),
    );
    const out = processor.process(vectorOf(schema, [1, 5, 3, null, 100, -2], 4));
    const at = (name: string) => out.values[pooled.features.findIndex((f) => featureName(f) === name)];
    expect(at('frontal_left.de_alpha')).toBe(2);
    expect(at('frontal_left.de_beta')).toBe(5);
    expect(at('temporal_right.de_alpha')).toBe(-2);
    expect(at('central_mid.de_alpha')).toBeNaN();
    expect(out.present.reduce((a, b) => a + b)).toBe(3);
    expect(out.values.map((v, i) => (out.present[i] ? 0 : v)).every((v) => v === 0 || Number.isNaN(v))).toBe(
      true,
    );
    expect(out.reason).toBeNull();
  });

  it('leaves out garbage in a channel that names no electrode, to the last bit', () => {
    const schema = schemaOf(['Cz.de_alpha', 'ch2.de_alpha']);
    const processor = pool.create({});
    processor.reset(schema, 'start');
    const values = (garbage: number | null) => processor.process(vectorOf(schema, [0.1, garbage], 4)).values;
    expect(values(1e300)).toEqual(values(null));
  });

  it('says that channels without labels are the reason', () => {
    const schema = schemaOf(['ch1.de_alpha', 'ch2.de_alpha']);
    const processor = pool.create({});
    processor.reset(schema, 'start');
    const out = processor.process(vectorOf(schema, [1, 2], 4));
    expect(out.reason).toBe('unlabelled');
    expect(out.present).toEqual(new Uint8Array(regions.length));
    expect(processor.process(vectorOf(schema, [null, null], 4, 'stale')).reason).toBe('stale');
  });
});
