import { describe, expect, it } from 'vitest';
import type { ModelInputs } from '../../../src/learn/examples/dataset.js';
import type { Example } from '../../../src/learn/examples/example.js';
import {
  selectedFrame,
  selectedInputs,
  selectFeatures,
} from '../../../src/learn/examples/feature-selection.js';
import { anExample } from '../fit/an-example.js';

const features = (names: string) =>
  ({
    kind: 'features',
    features: [...names].map((feature) => ({ channel: 'c', feature, unit: '' })),
    upstream: '',
  }) as const;
const inputs: ModelInputs = new Map([
  ['eeg', features('abc')],
  ['eye', features('de')],
  ['eda', features('f')],
]);

/** b and d tell the classes apart, b better where it was measured. */
const examples = [0, 0, 0, 1, 1, 1].map((c, i): Example => {
  const noise = i % 3;
  return anExample({
    trial: `${i}`,
    position: i,
    label: { targets: { valence: c === 1 ? 0.5 : -0.5 }, class: c },
    frame: [
      {
        values: Float32Array.of(noise, 10 * c + noise, 0),
        mask: Uint8Array.of(1, i === 2 ? 0 : 1, 0),
        present: true,
      },
      { values: Float32Array.of(5 * c + noise, noise), mask: Uint8Array.of(1, 1), present: true },
      { values: Float32Array.of(100 * c), mask: Uint8Array.of(1), present: false },
    ],
  });
});

describe('selectFeatures', () => {
  it('takes the best of all modalities, on what was measured', () => {
    const selection = selectFeatures(inputs, examples, 2, 'class');
    expect([...selection]).toEqual([
      ['eeg', [1]],
      ['eye', [0]],
    ]);
    expect(selectFeatures(inputs, examples, 2, 'valence')).toEqual(selection);
  });

  it('ignores examples that are not labelled', () => {
    const unlabelled = examples.map((e, i) =>
      i === 5 ? { ...e, label: { targets: {}, class: null }, frame: examples[0].frame } : e,
    );
    expect([...selectFeatures(inputs, unlabelled, 1, 'class')]).toEqual([['eeg', [1]]]);
  });
});

it('reduces inputs and frames alike', () => {
  const selection = selectFeatures(inputs, examples, 2, 'class');
  const reduced = selectedInputs(inputs, selection);
  expect([...reduced.keys()]).toEqual(['eeg', 'eye']);
  expect(reduced.get('eye')).toMatchObject({ features: [{ feature: 'd' }] });
  const [eeg, eye, ...rest] = selectedFrame(examples[2].frame, inputs, selection);
  expect(rest).toEqual([]);
  expect(eeg.present).toBe(false);
  expect(eye).toEqual({ values: Float32Array.of(2), mask: Uint8Array.of(1), present: true });
});
