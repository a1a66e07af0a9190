import type { ModelFrame, ModelRunner } from '../../src/core/model.js';

interface Asked {
  readonly channel: string;
  readonly feature: string;
  readonly unit: string;
}

/** A model that says what one feature of each of its inputs says, once nothing holds it up. */
export function modelOf(
  features: Readonly<Record<string, Asked>>,
  held: () => Promise<void> | null = () => null,
): ModelRunner {
  const inputs = Object.entries(features);
  return {
    ...{ name: 'affect', id: 'affect@sha256:0', type: 'hi-moe', engine: 'none', fuses: false },
    worth: { evidence: 'none', broken: null, reason: null, scope: null },
    inputs: new Map(
      inputs.map(([name, feature]) => [name, { name, kind: 'features', upstream: '', features: [feature] }]),
    ),
    validity: { min_present: 1, required: [] },
    predict: async (frames: readonly ModelFrame[]) => {
      await held();
      const one = { arousal: 0, weights: inputs.map(() => 1), routing: [], interval: null };
      return frames.map((sensors) => ({
        ...one,
        valence: Math.tanh(sensors.reduce((sum, { values }, i) => sum + (i + 1) * values[0], 0) / 20),
      }));
    },
    close: async () => {},
  } as unknown as ModelRunner;
}
