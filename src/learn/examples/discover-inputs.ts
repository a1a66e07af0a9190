import { from, tap } from 'rxjs';
import type { ChunkTransform, FeatureTransform, WindowTransform } from '../../core/component.js';
import { ConfigurationError, InputError } from '../../core/errors.js';
import { type FeatureDescriptor, type FeatureSchema, featureName } from '../../core/features.js';
import type { ModalityInput } from '../../core/model.js';
import { type StreamInfo, type StreamMessage, samplesIn } from '../../core/signal.js';
import type { ModelNode, Pipeline } from '../../pipeline/file/pipeline.js';
import { runAtOnce } from '../../pipeline/run/run-at-once.js';
import type { GraphOutput } from '../../pipeline/session/graph-output.js';
import { type ModelInputs, runGraph } from './dataset.js';

type WindowInput = Extract<ModalityInput, { kind: 'window' }>;
type WindowLayout = Pick<WindowInput, 'channels' | 'sfreq_hz' | 'length'>;

/** What the nodes of one session give: features, or raw windows. */
export interface SessionOutputs {
  readonly schemas: ReadonlyMap<string, FeatureSchema>;
  readonly windows: ReadonlyMap<string, WindowLayout>;
}

/**
 * What the pipeline's model node can be given: for each modality the features, or the labelled channels of raw windows,
 * that any of its nodes gives in any of `sessions`, in the order in which they appear. A few seconds of each kind of
 * headset suffice.
 */
export function discoverInputs(
  pipeline: Pipeline,
  node: ModelNode,
  sessions: Iterable<Iterable<StreamMessage>>,
): ModelInputs {
  return joinedInputs(
    pipeline,
    node,
    Array.from(sessions, (session) => sessionOutputs(pipeline, session)),
  );
}

/** {@link discoverInputs} of sessions that were run already. */
export function joinedInputs(
  pipeline: Pipeline,
  node: ModelNode,
  outputs: readonly SessionOutputs[],
): ModelInputs {
  return new Map(
    [...node.join.inputs].map(([modality, servers]): [string, ModalityInput] => {
      const invalid = (problem: string): ConfigurationError =>
        new ConfigurationError(
          'training-invalid',
          `${pipeline.file}: models.${node.name}: modality ${modality} ${problem}`,
        );
      const upstream = node.join.digests.get(modality)!;
      const features = featuresOf(outputs, servers);
      const window = windowOf(outputs, servers, invalid);
      if (features.length > 0 && window)
        throw invalid('is served by features and by raw windows; keep one of the two');
      if (window) return [modality, { kind: 'window', ...window, upstream }];
      if (features.length > 0) return [modality, { kind: 'features', features, upstream }];
      throw new InputError(
        'training-input-missing',
        `${pipeline.file}: no session gave anything for modality ${modality}; remove it from models.${node.name}, or add its sensor`,
      );
    }),
  );
}

/** Runs one session through the pipeline, to see what its nodes give. */
export function sessionOutputs(pipeline: Pipeline, session: Iterable<StreamMessage>): SessionOutputs {
  const schemas = new Map<string, FeatureSchema>();
  const sources = new Map<string, StreamInfo>();
  const take = (output: GraphOutput): void => {
    if (output.kind === 'features') schemas.set(output.node, output.vector.schema);
    else if (output.kind === 'closed')
      for (const [source, { info }] of output.inputs) sources.set(source, info);
  };
  runAtOnce(from(session).pipe(runGraph(pipeline, new Map(), { monitor: true }), tap(take)));
  const windows = new Map<string, WindowLayout>();
  for (const { name, input, definition, params } of pipeline.transforms.values()) {
    const upstream = schemas.get(input);
    if (definition.kind === 'features' && upstream) {
      const transform = definition as FeatureTransform<never>;
      schemas.set(name, transform.create(params as never).reset(upstream, 'start'));
    } else if (definition.kind === 'window' && definition.produces === 'window') {
      const info = infoAt(pipeline, input, sources);
      const { window_s } = (definition as WindowTransform<never>).timing(params as never);
      const layout = info && layoutOf(info, window_s);
      if (layout) windows.set(name, layout);
    }
  }
  return { schemas, windows };
}

/** The stream as it comes out of chunk transform or source `name`; null where the session has none. */
function infoAt(
  pipeline: Pipeline,
  name: string,
  sources: ReadonlyMap<string, StreamInfo>,
): StreamInfo | null {
  const node = pipeline.transforms.get(name);
  if (!node) return sources.get(name) ?? null;
  const info = infoAt(pipeline, node.input, sources);
  const transform = node.definition as ChunkTransform<never>;
  return info && transform.create(node.params as never).reset(info, 'start');
}

/** Channels are told apart by their labels, and samples by their number: null without either. */
function layoutOf({ channels, sfreq }: StreamInfo, window_s: number): WindowLayout | null {
  const labels = channels.flatMap(({ label }) => (label === '' ? [] : [label]));
  if (labels.length === 0 || sfreq === 0) return null;
  return { channels: labels, sfreq_hz: sfreq, length: samplesIn(window_s, sfreq) };
}

function featuresOf(outputs: readonly SessionOutputs[], servers: readonly string[]): FeatureDescriptor[] {
  const found = new Map<string, FeatureDescriptor>();
  for (const { schemas } of outputs)
    for (const server of servers)
      for (const feature of schemas.get(server)?.features ?? [])
        found.set(`${featureName(feature)} ${feature.unit}`, feature);
  return [...found.values()];
}

function windowOf(
  outputs: readonly SessionOutputs[],
  servers: readonly string[],
  invalid: (problem: string) => ConfigurationError,
): WindowLayout | null {
  const layouts = outputs.flatMap(({ windows }) => servers.flatMap((server) => windows.get(server) ?? []));
  const [first] = layouts;
  if (!first) return null;
  const other = layouts.find((l) => l.sfreq_hz !== first.sfreq_hz || l.length !== first.length);
  if (other)
    throw invalid(
      `comes as ${first.length} samples at ${first.sfreq_hz} Hz and as ${other.length} at ${other.sfreq_hz} Hz; put resample before its window`,
    );
  return { ...first, channels: [...new Set(layouts.flatMap(({ channels }) => channels))] };
}
