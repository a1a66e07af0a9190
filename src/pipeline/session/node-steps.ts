import type { Seconds } from '../../core/clock.js';
import type { ChunkTransform, FeatureTransform, WindowTransform } from '../../core/component.js';
import { type FeatureSchema, type FeatureVector, featureName } from '../../core/features.js';
import type {
  ChunkProcessor,
  FeatureProcessor,
  RawWindow,
  ResetCause,
  Windower,
} from '../../core/processor.js';
import type { Chunk, Marker, StreamInfo } from '../../core/signal.js';
import { restoreState, type Stateful, type StateVersion, storedState } from '../../core/state.js';
import type { Pipeline, TransformNode } from '../file/pipeline.js';
import type { BoundSources } from './bound-sources.js';
import type { ClosingTimes } from './closing-times.js';
import type { GraphState } from './graph-state.js';
import { InterpolationWatch, type MissingChannel } from './interpolation-watch.js';
import { type PublishedOn, publishedNodes } from './published-nodes.js';

interface WindowStep {
  readonly node: string;
  readonly version: StateVersion;
  readonly source: string;
  readonly windower: Windower<FeatureVector> | Windower<RawWindow>;
}

interface ChunkStep extends ChunkSteps {
  readonly node: string;
  readonly version: StateVersion;
  readonly source: string;
  readonly processor: ChunkProcessor;
}

/** What the samples of a source or node go into. */
interface ChunkSteps {
  readonly chunkSteps: ChunkStep[];
  readonly windowSteps: WindowStep[];
}

interface FeatureStep {
  readonly node: string;
  readonly version: StateVersion;
  readonly source: string;
  readonly input: string;
  readonly processor: FeatureProcessor;
  /** The stream on which its vectors go out; null: they only serve other nodes. */
  readonly publishes: PublishedOn | null;
  /** The nodes whose vectors it gets before its own. */
  readonly beside: readonly string[];
  schemaIn: FeatureSchema | null;
}

export interface NodeStepsOptions {
  readonly pipeline: Pipeline;
  /** Gets to know when windows end. */
  readonly closing: ClosingTimes;
  /** Whether a stream feeds a source. */
  readonly isFed: (source: string) => boolean;
  /** Told of a channel that `node` misses. */
  readonly missing: (node: string, source: string, channel: MissingChannel) => void;
}

type NodeStates = Pick<GraphState, 'nodes' | 'watches' | 'inputs' | 'latest' | 'schemas'>;

/** A pipeline's transforms at work in one session: samples into chains of nodes, windows and features out of them, in the file's order. */
export class NodeSteps {
  readonly #isFed: (source: string) => boolean;
  readonly #roots = new Map<string, ChunkSteps>();
  readonly #chunkSteps: ChunkStep[] = [];
  readonly #windowSteps: WindowStep[] = [];
  readonly #featureSteps: FeatureStep[] = [];
  /** By node that fills in missing channels. */
  readonly #watches = new Map<string, InterpolationWatch>();
  /** Of sources whose missing channels a node fills in. */
  readonly #interpolations = new Map<string, InterpolationWatch>();
  readonly #latest = new Map<string, FeatureVector | RawWindow>();

  constructor({ pipeline, closing, isFed, missing }: NodeStepsOptions) {
    this.#isFed = isFed;
    for (const name of pipeline.sources.keys()) this.#roots.set(name, { chunkSteps: [], windowSteps: [] });
    const published = new Map(publishedNodes(pipeline).map(({ name, kind }) => [name, kind]));
    const chunkSteps = new Map<string, ChunkSteps>(this.#roots);
    for (const node of pipeline.transforms.values()) {
      const { definition, params, name, source, input, beside } = node;
      const parent = chunkSteps.get(input);
      const { state: version } = definition;
      if (definition.kind === 'chunk' && parent) {
        const made = (definition as ChunkTransform<never>).create(params as never);
        const processor = this.#watched(made, node, missing);
        const step: ChunkStep = { node: name, version, source, processor, chunkSteps: [], windowSteps: [] };
        parent.chunkSteps.push(step);
        this.#chunkSteps.push(step);
        chunkSteps.set(name, step);
      } else if (definition.kind === 'window' && parent) {
        const transform = definition as WindowTransform<never>;
        const step = { node: name, version, source, windower: transform.create(params as never) };
        parent.windowSteps.push(step);
        this.#windowSteps.push(step);
        closing.add(name, transform.timing(params as never));
      } else if (definition.kind === 'features') {
        const transform = definition as FeatureTransform<never>;
        const processor = transform.create(params as never);
        const publishes = published.get(name) ?? null;
        const way = { node: name, version, source, input, publishes, beside } as const;
        this.#featureSteps.push({ ...way, processor, schemaIn: null });
      }
    }
  }

  /** What each node gave last. */
  get latest(): ReadonlyMap<string, FeatureVector | RawWindow> {
    return this.#latest;
  }

  reset(source: string, info: StreamInfo, cause: ResetCause): void {
    const root = this.#roots.get(source);
    if (root) resetSteps(root, info, cause);
  }

  push(source: string, chunk: Chunk): void {
    const root = this.#roots.get(source);
    if (root) pushSteps(root, chunk);
  }

  /** Tells every node; false where one has no room for it. */
  mark(marker: Marker): boolean {
    let isTaken = true;
    for (const { windower } of this.#windowSteps) isTaken = (windower.mark?.(marker) ?? true) && isTaken;
    for (const { processor } of this.#featureSteps) processor.mark?.(marker);
    return isTaken;
  }

  /** What was learnt of features of `source` is not for whom it feeds now. */
  forget(source: string): void {
    for (const step of this.#featureSteps) if (step.source === source) step.schemaIn = null;
  }

  /**
   * Closes the windows of the nodes `due` that end at `time` on sources that have begun, and works on what they give; `publish` is
   * given what goes out.
   */
  close(
    time: Seconds,
    due: ReadonlySet<string>,
    sources: Pick<BoundSources, 'hasBegun' | 'isStale'>,
    publish: (kind: PublishedOn, node: string, vector: FeatureVector) => void,
  ): void {
    for (const step of this.#windowSteps) {
      if (!due.has(step.node) || !sources.hasBegun(step.source, time)) continue;
      const output = step.windower.close(time, sources.isStale(step.source));
      this.#latest.set(step.node, output);
      if ('schema' in output) publish('features', step.node, output);
    }
    for (const step of this.#featureSteps) {
      const input = this.#vectorAt(step.input, time);
      if (!input) continue;
      if (step.schemaIn === null || !sameFeatures(step.schemaIn, input.schema)) {
        step.processor.reset(input.schema, step.schemaIn === null ? 'start' : 'layout');
        step.schemaIn = input.schema;
      }
      for (const node of step.beside) {
        const beside = this.#vectorAt(node, time);
        if (beside) step.processor.beside?.(beside);
      }
      const output = step.processor.process(input);
      this.#latest.set(step.node, output);
      if (step.publishes) publish(step.publishes, step.node, output);
    }
  }

  /** Share of samples that were filled in since the last call, by channel; undefined where nothing fills any in. */
  takeFilled(source: string): ReturnType<InterpolationWatch['take']> | undefined {
    return this.#interpolations.get(source)?.take();
  }

  snapshot(): NodeStates {
    const schemas: FeatureSchema[] = [];
    const places = new Map<string, number>();
    const placeOf = (schema: FeatureSchema): number => {
      const text = JSON.stringify(schema);
      const place = places.get(text) ?? schemas.push(schema) - 1;
      places.set(text, place);
      return place;
    };
    const fed = this.#featureSteps.filter(({ schemaIn }) => schemaIn !== null);
    return {
      nodes: Object.fromEntries(
        [...this.#begun(), ...fed.map((step) => [step, step.processor] as const)].map(([step, component]) => [
          step.node,
          storedState(nameOf(step), component),
        ]),
      ),
      watches: Object.fromEntries([...this.#watches].map(([node, watch]) => [node, watch.snapshot()])),
      inputs: Object.fromEntries(fed.map(({ node, schemaIn }) => [node, placeOf(schemaIn!)])),
      latest: Object.fromEntries(
        [...this.#latest].map(([node, output]) => [
          node,
          'schema' in output ? { ...output, schema: placeOf(output.schema) } : output,
        ]),
      ),
      schemas,
    };
  }

  /** Of the nodes that `stays` names; those that work on samples have had their stream told. */
  restore(state: NodeStates, stays: (node: string) => boolean): void {
    const nodes = new Map(Object.entries(state.nodes));
    const inputs = new Map(Object.entries(state.inputs));
    for (const [step, component] of this.#begun())
      if (stays(step.node)) restoreState(nameOf(step), component, nodes.get(step.node));
    for (const [node, watch] of Object.entries(state.watches))
      if (stays(node)) this.#watches.get(node)?.restore(watch);
    for (const step of this.#featureSteps) {
      const place = inputs.get(step.node);
      if (place === undefined || !stays(step.node)) continue;
      step.schemaIn = state.schemas[place];
      step.processor.reset(step.schemaIn, 'start');
      restoreState(nameOf(step), step.processor, nodes.get(step.node));
    }
    for (const [node, output] of Object.entries(state.latest)) {
      if (!stays(node)) continue;
      const given = 'schema' in output ? { ...output, schema: state.schemas[output.schema] } : output;
      this.#latest.set(node, given);
    }
  }

  #vectorAt(node: string, time: Seconds): FeatureVector | null {
    const output = this.#latest.get(node);
    return output && 'schema' in output && output.time === time ? output : null;
  }

  /** Processors and windowers that have a stream. */
  #begun(): (readonly [ChunkStep | WindowStep, Partial<Stateful>])[] {
    const steps = [
      ...this.#chunkSteps.map((step) => [step, step.processor] as const),
      ...this.#windowSteps.map((step) => [step, step.windower] as const),
    ];
    return steps.filter(([{ source }]) => this.#isFed(source));
  }

  #watched(
    processor: ChunkProcessor,
    { name, source, definition }: TransformNode,
    missing: NodeStepsOptions['missing'],
  ): ChunkProcessor {
    if (definition.type !== 'interpolate') return processor;
    const watch = new InterpolationWatch(processor, (channel) => missing(name, source, channel));
    this.#watches.set(name, watch);
    this.#interpolations.set(source, watch);
    return watch;
  }
}

function nameOf({ node, version }: { readonly node: string; readonly version: StateVersion }) {
  return { name: node, version };
}

/** A headset that comes back sends the same features: what was learnt about the person stays. */
function sameFeatures(a: FeatureSchema, b: FeatureSchema): boolean {
  if (a === b) return true;
  if (a.features.length !== b.features.length) return false;
  return a.features.every(
    (f, i) => featureName(f) === featureName(b.features[i]) && f.unit === b.features[i].unit,
  );
}

function resetSteps(steps: ChunkSteps, info: StreamInfo, cause: ResetCause): void {
  for (const step of steps.windowSteps) step.windower.reset(info, cause);
  for (const step of steps.chunkSteps) resetSteps(step, step.processor.reset(info, cause), cause);
}

function pushSteps(steps: ChunkSteps, chunk: Chunk): void {
  for (const step of steps.windowSteps) step.windower.push(chunk);
  for (const step of steps.chunkSteps) step.processor.process(chunk, (output) => pushSteps(step, output));
}
