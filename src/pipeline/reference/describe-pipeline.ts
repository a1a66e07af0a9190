import { ConfigurationError } from '../../core/errors.js';
import type { StreamType } from '../../core/signal.js';
import { loadManifest } from '../../model/manifest.js';
import type { ModelOutputs } from '../../model/networks/definition.js';
import { modelDefinitions } from '../../model/networks/definitions.js';
import { extractedNames } from '../../signal/transforms/extract.js';
import type { Pipeline } from '../file/pipeline.js';

/** What a pipeline takes and gives. */
export interface PipelineDescription {
  /** Streams without which it doesn't start a session. */
  readonly needs: readonly StreamType[];
  /** Streams that it takes where they are there. */
  readonly takes: readonly StreamType[];
  /** Extractors of the feature rows, in the order of the file. */
  readonly features: readonly string[];
  /** Nodes of the stream `indices`. */
  readonly indices: readonly string[];
  readonly models: readonly ModelDescription[];
}

export interface ModelDescription {
  readonly node: string;
  readonly type: string;
  /** Folder. */
  readonly path: string;
  /** What it tells; null: it is still to be trained. */
  readonly tells: Pick<ModelOutputs, 'heads' | 'classes' | 'ranking'> | null;
}

/** Reads the manifests of a pipeline's models, and what the file itself says. */
export async function describePipeline(pipeline: Pipeline): Promise<PipelineDescription> {
  const sources = [...pipeline.sources.values()];
  const types = (optional: boolean): StreamType[] => [
    ...new Set(
      sources.filter((source) => source.optional === optional).map(({ stream_type }) => stream_type),
    ),
  ];
  const nodes = [...pipeline.transforms.values()];
  return {
    needs: types(false),
    takes: types(true),
    features: [...new Set(nodes.flatMap(extractedNames))],
    indices: nodes
      .filter(({ definition }) => definition.kind === 'features' && definition.publishes)
      .map(({ name }) => name),
    models: await Promise.all(
      [...pipeline.models.values()].map(async ({ name, type, path }) => ({
        node: name,
        type,
        path,
        tells: await whatItTells(path),
      })),
    ),
  };
}

async function whatItTells(path: string): Promise<ModelDescription['tells']> {
  try {
    const { type, settings } = await loadManifest(path);
    const definition = modelDefinitions.get(type)!;
    const { heads, classes, ranking } = definition.outputs(definition.settings.parse(settings));
    return { heads, classes, ranking };
  } catch (error) {
    if (error instanceof ConfigurationError && error.code === 'model-missing') return null;
    throw error;
  }
}
