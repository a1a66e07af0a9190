import type { ModelBatch } from '../frames.js';
import type { LoadedModel } from '../manifest.js';
import { type OutputName, outputNames } from '../networks/definition.js';

/** In the order in which `auto` tries them, but for those that serve only where they are named. */
export const engineNames = ['tfjs-gpu', 'onnx', 'tfjs-wasm', 'tfjs-webgpu'] as const;
export type EngineName = (typeof engineNames)[number];
/** Those that `auto` chooses from. */
export const automaticEngines: readonly EngineName[] = engineNames.filter((name) => name !== 'tfjs-webgpu');
export type EngineChoice = EngineName | 'auto';

/** Row-major, as {@link ModelValues}; empty where the model does not have that output. */
export type ModelArrays = Readonly<Record<OutputName, Float32Array>>;

/** Every output, each as `of` gives it. */
export function arraysOf(of: (name: OutputName) => Float32Array): ModelArrays {
  return Object.fromEntries(outputNames.map((name) => [name, of(name)])) as Record<OutputName, Float32Array>;
}

/** The outputs of consecutive batches, as of one. */
export function joinedArrays(parts: readonly ModelArrays[]): ModelArrays {
  return parts.length === 1 ? parts[0] : arraysOf((name) => concatenated(parts.map((part) => part[name])));
}

function concatenated(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A model ready to compute. Calls must not overlap. */
export interface Executable {
  run(batch: ModelBatch): Promise<ModelArrays>;
  dispose(): Promise<void>;
}

/** What an engine needs of a model; a benchmark's has no folder. */
export type ExecutableModel = Pick<LoadedModel, 'model' | 'parameters' | 'onnx'>;

export interface Engine {
  readonly name: EngineName;
  /** Backend and version, for people. */
  readonly detail: string;
  load(model: ExecutableModel): Promise<Executable>;
}
