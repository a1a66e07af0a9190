import { readFileSync } from 'node:fs';
import type { ModelBatch } from '../../../src/model/frames.js';
import { bindModel, type InputSpec, inputShape } from '../../../src/model/networks/definition.js';
import { modelDefinitions } from '../../../src/model/networks/definitions.js';
import { type Parameters, sizeOf } from '../../../src/model/networks/parameters.js';
import { drawnByBoth } from './drawn.js';

interface ReferenceCase {
  settings: Record<string, unknown>;
  inputs: Record<string, number[]>;
  seed: number;
  weight_scale: number;
  input_scale: number;
  presence: number[][];
  parameters: number;
  heads: number[][];
  weights: number[][];
  routing: number[][];
}

/** Made by fixtures/models/make_hi_moe.py. */
export const references: Record<'benchmark' | 'windows', ReferenceCase> = JSON.parse(
  readFileSync(new URL('../../../fixtures/models/hi-moe.json', import.meta.url), 'utf8'),
);

export function inputSpec(name: string, shape: readonly number[]): InputSpec {
  const size = shape.length === 3 ? shape[2] : shape[0];
  const standardisation = { mean: Array(size).fill(0), sd: Array(size).fill(1), clip_sd: null };
  const common = { name, upstream: 'none', standardisation, with_mask: false };
  const channels = Array.from({ length: size }, (_, i) => `c${i}`);
  if (shape.length === 3) return { kind: 'image', channels, height: shape[0], width: shape[1], ...common };
  return shape.length === 1
    ? {
        kind: 'features',
        features: Array.from({ length: size }, (_, i) => ({ channel: 'c', feature: `f${i}`, unit: '' })),
        ...common,
      }
    : {
        kind: 'window',
        channels,
        sfreq_hz: 128,
        length: shape[1],
        ...common,
      };
}

type Drawn = Pick<
  ReferenceCase,
  'settings' | 'inputs' | 'seed' | 'weight_scale' | 'input_scale' | 'presence'
>;

/** [C, F] as features channel by channel instead of a raw window. */
export function channelFeatures(name: string, [channels, features]: readonly number[]): InputSpec {
  const whole = inputSpec(name, [channels * features]);
  const named = Array.from({ length: channels * features }, (_, i) => ({
    channel: `c${Math.floor(i / features)}`,
    feature: `f${i % features}`,
    unit: '',
  }));
  return { ...whole, kind: 'features', features: named };
}

/** The case's Hi-MoE with the very weights and inputs of the script. */
export function referenceModel(name: keyof typeof references) {
  return { reference: references[name], ...drawnModel('hi-moe', references[name]) };
}

/** A model with the weights and inputs that a script in fixtures/models draws for it, too. */
export function drawnModel(
  type: string,
  reference: Drawn,
  specOf: (name: string, shape: readonly number[]) => InputSpec = inputSpec,
) {
  const inputs = Object.entries(reference.inputs).map(([input, shape]) => specOf(input, shape));
  const definition = modelDefinitions.get(type)!;
  const model = bindModel(definition, definition.settings.parse(reference.settings), inputs);
  const uniform = drawnByBoth(reference.seed);
  const draw = (size: number, scale: number): Float32Array =>
    Float32Array.from({ length: size }, () => (2 * uniform() - 1) * scale);
  const parameters: Parameters = new Map(
    model.parameters.map((spec) => {
      const values = draw(sizeOf(spec.shape), reference.weight_scale);
      return [spec.name, spec.name.endsWith('.variance') ? values.map((v) => Math.abs(v) + 0.5) : values];
    }),
  );
  const rows = reference.presence.length;
  const values = new Map(
    inputs.map((input, m) => {
      const size = sizeOf(inputShape(input));
      const drawn = draw(rows * size, reference.input_scale);
      return [input.name, drawn.map((v, i) => v * reference.presence[Math.floor(i / size)][m])];
    }),
  );
  const batch: ModelBatch = {
    size: rows,
    inputs: values,
    presence: Float32Array.from(reference.presence.flat()),
  };
  return { model, parameters, batch };
}
