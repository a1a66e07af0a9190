import { describe, expect, it } from 'vitest';
import { networkProblems } from '../../../../src/learn/evaluate/contestants/network.js';
import { loadEvaluateConfig, type ModelPlan } from '../../../../src/learn/evaluate/evaluate-config.js';
import type { ModelInputs } from '../../../../src/learn/examples/dataset.js';
import { configFile, tiny } from '../tiny.js';

const features = (count: number) => ({
  kind: 'features' as const,
  features: Array.from({ length: count }, (_, f) => ({ channel: 'c', feature: `f${f}`, unit: '' })),
  upstream: '',
});
const inputs: ModelInputs = new Map([
  ['eeg', features(4)],
  ['eye', features(3)],
]);
const [plan] = (await loadEvaluateConfig(configFile(tiny).path)).models;

describe('networkProblems', () => {
  it('finds none in what fits', () => {
    expect(networkProblems(plan, inputs, [])).toEqual([]);
  });

  it.each<[string, Partial<ModelPlan>, string]>([
    [
      'a modality that the data lack',
      { modalities: ['eeg', 'face'] },
      'modalities: face: the data have eeg, eye',
    ],
    [
      'settings for another modality',
      { modalities: ['eeg'] },
      'settings.transforms.eye: no input has this name',
    ],
    [
      'other classes',
      { settings: { ...plan.settings, classes: ['x', 'y'] } },
      "settings.classes: the data's are calm, stressed, in this order",
    ],
    [
      'a loss that the model has nothing for',
      { fit: { ...plan.fit, loss: { ranking: { weight: 1, tolerance: 0.1 } } } as ModelPlan['fit'] },
      'fit.loss.ranking: the model ranks no dimension',
    ],
  ])('names %s', (_, change, problem) => {
    expect(networkProblems({ ...plan, ...change }, inputs, ['calm', 'stressed'])[0]).toBe(problem);
  });
});
