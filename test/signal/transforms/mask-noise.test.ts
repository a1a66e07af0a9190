import { describe, expect, it } from 'vitest';
import type { FeatureVector } from '../../../src/core/features.js';
import { checkPipeline } from '../../../src/pipeline/file/check.js';
import { PipelineDocument } from '../../../src/pipeline/file/document.js';
import { maskNoise } from '../../../src/signal/transforms/mask-noise.js';
import { schemaOf, vectorOf } from './feature-vectors.js';

const skin = schemaOf(['skin.eda_level', 'skin.eda_slope']);
const signs = schemaOf(['signal.physiological'], '');

/** The window at 1 s after each sensor said its verdict of that window; null: nothing. */
function run(verdicts: readonly (number | null)[], vector = vectorOf(skin, [4, null], 1)): FeatureVector {
  const processor = maskNoise.create(maskNoise.params.parse({ signs: ['one', 'other'] }));
  expect(processor.reset(skin, 'start')).toEqual(skin);
  for (const verdict of verdicts) processor.beside!(vectorOf(signs, [verdict], 1));
  return processor.process(vector);
}

describe('mask-noise', () => {
  it('masks what is noise; one sign of a body is enough, and silence is none', () => {
    const masked = run([0]);
    expect(masked.reason).toBe('not-physiological');
    expect([...masked.present]).toEqual([0, 0]);
    expect([...masked.values]).toEqual([Number.NaN, Number.NaN]);
    for (const noise of [
      [0, 0],
      [0, null],
      [null, 0],
    ])
      expect(run(noise).reason).toBe('not-physiological');
    const vector = vectorOf(skin, [4, null], 1);
    for (const passing of [[], [null], [1], [0, 1], [1, 0], [null, null]])
      expect(run(passing, vector)).toBe(vector);
  });

  it('forgets what was said of another window', () => {
    const processor = maskNoise.create(maskNoise.params.parse({ signs: 'one' }));
    processor.beside!(vectorOf(signs, [0], 1));
    expect(processor.process(vectorOf(skin, [4, 0], 2)).reason).toBeNull();
    processor.beside!(vectorOf(signs, [1], 3));
    processor.beside!(vectorOf(signs, [0], 4));
    expect(processor.process(vectorOf(skin, [4, 0], 4)).reason).toBe('not-physiological');
  });

  it('says so of a window that was masked before, too: the detector found no beats in the noise', () => {
    expect(run([0], vectorOf(skin, [null, null], 1, 'nan')).reason).toBe('not-physiological');
  });

  const file = (named: string) => `
sources:
  ppg: { type: websocket, stream_type: PPG, optional: true }
  eda: { type: websocket, stream_type: EDA }
transforms:
  worn: { type: mask-noise, input: skin, signs: ${named} }
  skin: { type: extract, input: eda, features: [skin-conductance], window_s: 4, hop_s: 1 }
  skin_signs: { type: extract, input: eda, features: [physiological], window_s: 4, hop_s: 1 }
  ppg_signs: { type: extract, input: ppg, features: [physiological], window_s: 4, hop_s: 1 }
`;
  const check = (named: string) => checkPipeline(new PipelineDocument('p.yaml', file(named)));
  const digest = (named: string) => check(named).pipeline!.transforms.get('worn')!.digest;

  it('takes one node or several, whose digests are part of its own', () => {
    expect(check('[skin_signs, ppg_signs]').pipeline!.transforms.get('worn')!.beside).toEqual([
      'skin_signs',
      'ppg_signs',
    ]);
    expect(digest('skin_signs')).not.toBe(digest('ppg_signs'));
    expect(digest('[skin_signs, ppg_signs]')).not.toBe(digest('skin_signs'));
  });

  it('tells every node that is none, goes in a circle, or says nothing of noise', () => {
    const problems = (named: string) =>
      check(named)
        .problems.map(({ message }) => message)
        .join('; ');
    expect(problems('[skin_sings, ppg]')).toMatch(/no node is called skin_sings.*ppg gives chunks/);
    expect(problems('[skin_signs, skin]')).toMatch(/skin doesn't list the feature physiological/);
    expect(problems('[skin_signs, worn]')).toMatch(/a cycle/);
    expect(problems('[]')).not.toBe('');
  });
});
