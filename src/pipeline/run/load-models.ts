import type { Seconds } from '../../core/clock.js';
import { ConfigurationError } from '../../core/errors.js';
import type { EventSink } from '../../core/event.js';
import type { ModalityInput, ModelRunner } from '../../core/model.js';
import type { EngineChoice } from '../../model/engines/engine.js';
import { loadModel } from '../../model/engines/worker-runner.js';
import type { ModelNode, Pipeline } from '../file/pipeline.js';
import { checkServed } from './raw-probe.js';
import type { LoadedPipeline } from './run-session.js';
import { closeRunners } from './runtime.js';

/** What a live session's models have for a window, s: several times as long as a line may be late. */
export const LIVE_ANSWERS_WITHIN_S: Seconds = 10;

export interface LoadModelsOptions {
  readonly engine: EngineChoice;
  readonly events: EventSink;
  /** Longest that a model may work on one window before it counts as hanging, s. */
  readonly answersWithin_s?: Seconds;
  /** Ends the loading, for whose reason it throws then. */
  readonly signal?: AbortSignal;
}

/** Loads every model of a pipeline and refuses those that were made for other inputs. Throws {@link ConfigurationError}. */
export async function loadModels(pipeline: Pipeline, options: LoadModelsOptions): Promise<LoadedPipeline> {
  const runners = new Map<string, ModelRunner>();
  try {
    for (const node of pipeline.models.values()) {
      const runner = await loadModel(node.path, {
        ...options,
        check: (manifest, files) => checkServed(pipeline, node, manifest, node.path, files),
      });
      runners.set(node.name, runner);
      const mismatches = modelMismatches(node, runner);
      if (mismatches.length > 0) {
        throw new ConfigurationError(
          'model-mismatch',
          mismatches.map((mismatch) => `${pipeline.file}: models.${node.name}: ${mismatch}`).join('\n'),
        );
      }
    }
  } catch (error) {
    await closeRunners(runners);
    throw error;
  }
  return { pipeline, runners };
}

/** Why a model doesn't fit the node that wants to run it, one line each. */
export function modelMismatches(
  node: ModelNode,
  model: {
    readonly name: string;
    readonly type: string;
    readonly inputs: ReadonlyMap<string, ModalityInput>;
  },
): string[] {
  const problems: string[] = [];
  if (model.type !== node.type)
    problems.push(`model ${model.name} is a ${model.type}, not a ${node.type}; change the type`);
  for (const [modality, input] of model.inputs) {
    const digest = node.join.digests.get(modality);
    if (digest === undefined) {
      problems.push(
        `model ${model.name} has an input ${modality} that the pipeline doesn't serve; add it to inputs`,
      );
    } else if (digest !== input.upstream) {
      problems.push(
        `the transforms before input ${modality} are not those that model ${model.name} was trained with ` +
          `(${short(digest)}, trained with ${short(input.upstream)}); restore them, or train the model anew`,
      );
    }
  }
  for (const modality of node.join.inputs.keys()) {
    if (!model.inputs.has(modality))
      problems.push(`model ${model.name} has no input ${modality}; remove it from inputs`);
  }
  return problems;
}

function short(digest: string): string {
  return digest.replace('sha256:', '').slice(0, 12);
}
