import type { ModelBatch } from '../models/frames.js';
import type { LoadedModel } from '../models/manifest.js';

/** In the order in which `auto` tries them. */
export const engineNames = ['tfjs-gpu', 'onnx', 'tfjs-wasm'] as const;
export type EngineName = (typeof engineNames)[number];
export type EngineChoice = EngineName | 'auto';

/** Row-major: `heads` [B, heads], `weights` [B, M], `routing` [B, L]. */
export interface ModelArrays {
  readonly heads: Float32Array;
  readonly weights: Float32Array;
  readonly routing: Float32Array;
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
