import { isDeepStrictEqual } from 'node:util';
import type { Seconds } from '../core/clock.js';
import type { ChunkTransform, FeatureTransform, WindowTransform } from '../core/component.js';
import { InputError } from '../core/errors.js';
import type { EventSink } from '../core/event.js';
import { type FeatureSchema, type FeatureVector, featureName } from '../core/features.js';
import type { ModalityInput } from '../core/model.js';
import { errorOf } from '../core/owned.js';
import type { ChunkProcessor, FeatureProcessor, RawWindow, ResetCause, Windower } from '../core/processor.js';
import {
  type Chunk,
  isMeasured,
  isSameLayout,
  type Marker,
  type StreamInfo,
  type StreamMessage,
  sliceChunk,
  TIME_TOLERANCE_S,
} from '../core/signal.js';
import { restoreState, type Stateful, type StateVersion, storedState } from '../core/state.js';
import { FixationStream } from '../features/events/device-event.js';
import { onGrid } from '../timebase/session-time.js';
import { Binder, type Binding, type StreamSpan } from './binder.js';
import { ChannelMonitor, type ChannelMonitorState } from './channel-monitor.js';
import { ClosingTimes } from './closing-times.js';
import { ContactQuality } from './contact-quality.js';
import { FedValues } from './fed-values.js';
import { FrameBuilder, type StreamLookup } from './frame.js';
import type { GraphOutput, InputStatus } from './graph-output.js';
import type { BoundSource, GraphState, GraphStep, Takeover, Told } from './graph-state.js';
import { InterpolationWatch, type MissingChannel } from './interpolation-watch.js';
import { keptNodes } from './kept-nodes.js';
import { type Lineage, lineageOf } from './lineage.js';
import { NodeSequence } from './node-sequence.js';
import type { Pipeline, SourceNode, TransformNode } from './pipeline.js';
import { StampSilence } from './stamp-silence.js';
import { fitted, whyUnusable } from './stream-fit.js';
import { selects } from './stream-selector.js';
import { TruthOutputs } from './truth-outputs.js';
import { Watermarks } from './watermarks.js';

/** Windows that end more than this after what was heard last, samples or ticks, are left out instead of being closed empty, s. */
const LONGEST_SILENCE_S = 60;
/** Most markers and truths that wait for the first sample, which tells when they were. */
const MAX_EARLY = 4096;
/** Most values that one unit of work feeds into the nodes: a longer chunk goes in piece by piece. */
const MAX_FED_VALUES = 16_384;

export interface GraphOptions {
  readonly session: string;
  readonly pipeline: Pipeline;
  /** Input schema of each model node. */
  readonly models: ReadonlyMap<string, ReadonlyMap<string, ModalityInput>>;
  /**
   * Whether messages come in order of their first stamps (recordings). Then a window closes when a chunk starts at or
   * after its end, and its content can't depend on how the recording is cut into chunks.
   */
  readonly ordered: boolean;
  /** Sources whose streams are told by messages of kind `bind`; those of the others are chosen here. Default: none. */
  readonly logged?: ReadonlySet<string>;
  /** What a recording knows of its streams, by id. */
  readonly spans?: ReadonlyMap<string, StreamSpan>;
  /** Whether `closed` outputs tell the state of every channel. */
  readonly monitor: boolean;
  /** Whether to give feature vectors, too; default yes. */
  readonly features?: boolean;
  /** Most values that a window of one stream may hold; default {@link MAX_WINDOW_VALUES}. */
  readonly maxWindowValues?: number;
  /** Numbers of each node's outputs; a graph that replaces another goes on where that one was. */
  readonly sequence?: NodeSequence;
  readonly events: EventSink;
  readonly emit: (output: GraphOutput) => void;
}

interface WindowStep {
  readonly node: string;
  readonly version: StateVersion;
  readonly source: string;
  readonly windower: Windower<FeatureVector> | Windower<RawWindow>;
}

interface ChunkStep {
  readonly node: string;
  readonly version: StateVersion;
  readonly source: string;
  readonly processor: ChunkProcessor;
  readonly chunkSteps: ChunkStep[];
  readonly windowSteps: WindowStep[];
}

interface FeatureStep {
  readonly node: string;
  readonly version: StateVersion;
  readonly input: string;
  readonly processor: FeatureProcessor;
  /** The stream on which its vectors go out; null: they only serve other nodes. */
  readonly publishes: 'indices' | 'features' | null;
  /** The nodes whose vectors it gets before its own. */
  readonly beside: readonly string[];
  schemaIn: FeatureSchema | null;
}

interface Bound extends BoundSource {
  readonly monitor: ChannelMonitor | null;
}

/**
 * One session of a pipeline: stream messages in, features and model frames out. Synchronous, without clock, I/O or
 * RxJS; all state is made here, so that two sessions share nothing.
 *
 * Session time is zero where a message says so, else at the first sample delivered; earlier stamps are negative. A window at T is a function of the
 * samples with t < T alone.
 */
export class SessionGraph {
  readonly #options: GraphOptions;
  readonly #roots = new Map<string, Pick<ChunkStep, 'chunkSteps' | 'windowSteps'>>();
  readonly #chunkSteps: ChunkStep[] = [];
  readonly #windowSteps: WindowStep[] = [];
  readonly #featureSteps: FeatureStep[] = [];
  readonly #frames: FrameBuilder[];
  readonly #sequence: NodeSequence;
  readonly #closing = new ClosingTimes();
  readonly #watermarks: Watermarks;
  /** Of a recording that doesn't tell it. */
  readonly #silence = new StampSilence();
  readonly #fed: FedValues;
  readonly #streams = new Map<string, StreamInfo>();
  readonly #binder: Binder;
  readonly #bound = new Map<string, Bound>();
  readonly #lineage: Lineage;
  /** Sources, nodes and models that simulated data ever reached: baselines remember them when the stream is gone. */
  readonly #simulated = new Set<string>();
  readonly #truth = new TruthOutputs();
  /** Outputs whose stamps no sample has yet given a zero. */
  #early: Told[] = [];
  /** Streams in which an eye tracker tells its fixations. */
  readonly #fixations = new Map<string, FixationStream>();
  /** Streams in which a headset tells the contact of its electrodes. */
  readonly #contacts = new Map<string, ContactQuality>();
  /** By node that fills in missing channels. */
  readonly #watches = new Map<string, InterpolationWatch>();
  /** Of sources whose missing channels a node fills in. */
  readonly #interpolations = new Map<string, InterpolationWatch>();
  readonly #latest = new Map<string, FeatureVector | RawWindow>();
  #zero: Seconds | null = null;
  #closedUntil = Number.NEGATIVE_INFINITY;
  /** Where the windows of a long silence end that were left out. */
  #skippedTo = Number.NEGATIVE_INFINITY;
  /** Furthest stamp as it came: the binder's time. */
  #stamped = Number.NEGATIVE_INFINITY;
  /** Furthest time that a tick told. */
  #ticked = Number.NEGATIVE_INFINITY;
  /** What is left of the message that was begun, in order. */
  #todo: GraphStep[] = [];
  #planned: readonly Binding[] = [];
  #takeovers: readonly Takeover[] = [];

  readonly #lookup: StreamLookup = {
    streamOf: (node) => this.#bound.get(this.#sourceOf(node))?.info ?? null,
    wasSimulated: (name) => this.#simulated.has(name),
  };

  constructor(options: GraphOptions) {
    this.#options = options;
    const { pipeline } = options;
    this.#fed = new FedValues(options.maxWindowValues);
    this.#lineage = lineageOf(pipeline);
    this.#watermarks = new Watermarks(pipeline.allowed_lateness_s);
    for (const name of pipeline.sources.keys()) this.#roots.set(name, { chunkSteps: [], windowSteps: [] });
    const asked = new Set([...pipeline.sinks.values()].flatMap(({ inputs }) => inputs));
    const chunkSteps = new Map<string, Pick<ChunkStep, 'chunkSteps' | 'windowSteps'>>(this.#roots);
    for (const node of pipeline.transforms.values()) {
      const { definition, params, name } = node;
      const parent = chunkSteps.get(node.input);
      const { state: version } = definition;
      const { source } = node;
      if (definition.kind === 'chunk' && parent) {
        const processor = this.#watched((definition as ChunkTransform<never>).create(params as never), node);
        const step: ChunkStep = { node: name, version, source, processor, chunkSteps: [], windowSteps: [] };
        parent.chunkSteps.push(step);
        this.#chunkSteps.push(step);
        chunkSteps.set(name, step);
      } else if (definition.kind === 'window' && parent) {
        const transform = definition as WindowTransform<never>;
        const step = { node: name, version, source, windower: transform.create(params as never) };
        parent.windowSteps.push(step);
        this.#windowSteps.push(step);
        this.#closing.add(name, transform.timing(params as never));
      } else if (definition.kind === 'features') {
        const transform = definition as FeatureTransform<never>;
        const processor = transform.create(params as never);
        const publishes = transform.publishes ?? (asked.has(name) ? 'features' : null);
        const { input, beside } = node;
        this.#featureSteps.push({ node: name, version, input, processor, publishes, beside, schemaIn: null });
      }
    }
    this.#binder = new Binder(
      [...pipeline.sources.values()].filter(({ name }) => !options.logged?.has(name)),
      {
        session: options.session,
        // Who tells what feeds the others tells of streams, too.
        events: options.logged?.size ? withoutArrivals(options.events) : options.events,
        unusable: (source, stream) => whyUnusable(pipeline, source, stream, options.maxWindowValues),
        ...(options.spans && { spans: options.spans }),
      },
    );
    this.#sequence = options.sequence ?? new NodeSequence();
    this.#frames = [...pipeline.models.values()].map((model) => {
      const inputs = options.models.get(model.name) ?? new Map();
      this.#closing.add(model.name, model.join);
      return new FrameBuilder(model, inputs, this.#sequence);
    });
  }

  /** Session time of the furthest sample; -Infinity before the first. */
  get head(): Seconds {
    return this.#watermarks.head;
  }

  /** Session time that samples or ticks told of last. */
  get #known(): Seconds {
    return Math.max(this.head, this.#ticked);
  }

  /** Stamp that is zero on the session clock; null before the first sample. */
  get zero(): Seconds | null {
    return this.#zero;
  }

  /** Whether no window has closed yet. */
  get #isFirst(): boolean {
    return this.#closedUntil === Number.NEGATIVE_INFINITY;
  }

  /** Whether nothing of what was begun is left. */
  get isIdle(): boolean {
    return this.#todo.length === 0;
  }

  /** Takes a message in, with all that follows from it. */
  push(message: StreamMessage): void {
    this.begin(message);
    this.work(Number.POSITIVE_INFINITY);
  }

  /** Closes the windows that the data fills to their end; no sample comes after this. */
  end(): void {
    this.beginEnd();
    this.work(Number.POSITIVE_INFINITY);
  }

  /** Takes a message in, and leaves what follows from it to {@link work}, which must be through with the message before. */
  begin(message: StreamMessage): void {
    switch (message.kind) {
      case 'open':
        this.#open(message.info);
        break;
      case 'zero':
        if (this.#zero === null) this.#begin(message.time);
        break;
      case 'bind':
        this.#obey(message.source, message.stream);
        break;
      case 'stale':
        this.#watermarks.setStale(message.stream, message.isStale);
        if (!this.#options.ordered) this.#todo.push({ do: 'close-reached' });
        break;
      case 'chunk':
        this.#chunk(message.chunk);
        break;
      case 'marker':
        this.#mark(message.marker);
        break;
      case 'close':
        this.#close(message);
        break;
    }
  }

  /** As {@link begin}, for what {@link end} does. */
  beginEnd(): void {
    this.#todo.push({ do: 'close-until', time: this.head + 1e-6 });
  }

  /**
   * Does the next `units` of what is left, or all of it: a unit closes a window, or feeds at most
   * {@link MAX_FED_VALUES} values into the nodes. Gives how many it did. Cut however, the outputs are the same.
   */
  work(units: number): number {
    let left = units;
    while (left > 0 && this.#todo.length > 0) left -= this.#step(this.#todo[0], left);
    return units === Number.POSITIVE_INFINITY ? 0 : units - left;
  }

  snapshot(): GraphState {
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
      pipeline: this.#options.pipeline.digest,
      zero: this.#zero,
      closedUntil: this.#closedUntil,
      skippedTo: this.#skippedTo,
      origins: Object.fromEntries(
        [...this.#options.pipeline.transforms].map(([name, { digest, source }]) => [
          name,
          { digest, source },
        ]),
      ),
      ticked: this.#ticked,
      streams: [...this.#streams.values()],
      binder: this.#binder.snapshot(),
      stamped: this.#stamped,
      sources: [...this.#bound].map(([name, { monitor, ...bound }]) => ({
        ...bound,
        name,
        monitor: monitor?.snapshot() ?? null,
      })),
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
      closing: this.#closing.snapshot(),
      watermarks: this.#watermarks.snapshot(),
      silence: this.#silence.snapshot(),
      fed: this.#fed.snapshot(),
      sequence: this.#sequence.snapshot(),
      simulated: [...this.#simulated],
      truth: this.#truth.snapshot(),
      early: [...this.#early],
      todo: this.#todo.map((step) => ({ ...step })),
      planned: this.#planned,
      takeovers: this.#takeovers,
      fixations: [...this.#fixations.values()].map((stream) => ({
        info: stream.info,
        current: stream.snapshot(),
      })),
      contacts: [...this.#contacts.values()].map((stream) => ({
        info: stream.info,
        grades: stream.snapshot(),
      })),
    };
  }

  /** Goes on where another graph of the same pipeline was; this one was made anew. Throws {@link InputError}. */
  restore(state: GraphState): void {
    if (state.pipeline !== this.#options.pipeline.digest)
      throw new InputError(
        'state-mismatch',
        'the stored state is of another pipeline; go on with that one, or begin the session anew',
      );
    const described = this.#goOn(state);
    for (const { name, stream, info, monitor, ...rest } of state.sources) {
      const root = this.#roots.get(name);
      if (root) resetSteps(root, info, 'start');
      const bound = { ...rest, stream: described(stream), info: described(info) };
      this.#bound.set(name, { ...bound, monitor: this.#monitorOf(info, monitor) });
    }
    this.#binder.restore(state.binder);
    this.#restoreNodes(state, () => true);
    this.#closing.restore(state.closing);
    for (const name of state.simulated) this.#simulated.add(name);
  }

  /**
   * Goes on in place of a graph of another pipeline; this one was made anew. A node stays as it is if the other pipeline
   * has it, under its name, with all that feeds it, and the same stream feeds both; the others begin, on the session's grid.
   * `bindings`: of sources whose streams are told, those that the other graph was not told of.
   */
  takeOver(state: GraphState, bindings: readonly Binding[] = []): void {
    const described = this.#goOn(state);
    const { sources } = this.#options.pipeline;
    for (const { name, monitor, ...was } of state.sources) {
      const source = sources.get(name);
      const stream = described(was.stream);
      if (!source || !selects(source, stream) || !this.#bind(source, stream)) continue;
      const { info } = this.#bound.get(name)!;
      const seen = isDeepStrictEqual(info, was.info) ? monitor : null;
      this.#bound.set(name, { ...was, stream, info, monitor: this.#monitorOf(info, seen) });
    }
    for (const { source: name, stream } of [...bindings, ...this.#binder.takeOver(state.binder)]) {
      if (!this.#bind(sources.get(name)!, stream)) continue;
      const was = state.sources.find(({ info }) => info.id === stream.id);
      if (was) Object.assign(this.#bound.get(name)!, { stale: was.stale, since: was.since });
    }
    const streams = new Map(state.sources.map(({ name, info }) => [name, info]));
    const kept = keptNodes(this.#options.pipeline, new Map(Object.entries(state.origins)), (was, is) =>
      isDeepStrictEqual(streams.get(was), this.#bound.get(is)?.info),
    );
    this.#restoreNodes(state, (node) => kept.has(node));
    this.#closing.skipTo(Math.max(this.#closedUntil + 1e-6, this.#skippedTo));
    const simulated = new Set(state.simulated);
    for (const [name, lineage] of this.#lineage)
      if ([...lineage].some((node) => kept.has(node) && simulated.has(node))) this.#simulated.add(name);
  }

  /** What a session knows apart from its nodes. Gives what makes one of equal descriptions of streams. */
  #goOn(state: GraphState): (info: StreamInfo) => StreamInfo {
    const infos = new Map<string, StreamInfo>();
    const described = (info: StreamInfo): StreamInfo => {
      const text = JSON.stringify(info);
      const known = infos.get(text) ?? info;
      infos.set(text, known);
      return known;
    };
    this.#zero = state.zero;
    this.#stamped = state.stamped;
    this.#closedUntil = state.closedUntil;
    this.#skippedTo = state.skippedTo;
    this.#ticked = state.ticked;
    for (const info of state.streams) {
      this.#streams.set(info.id, described(info));
      this.#followFixations(info);
      this.#followContacts(info);
    }
    this.#watermarks.restore(state.watermarks);
    this.#silence.restore(state.silence);
    this.#fed.restore(state.fed);
    this.#sequence.restore(state.sequence);
    this.#truth.restore(state.truth);
    this.#early = [...state.early];
    this.#todo = state.todo.map((step) => ({ ...step }));
    this.#planned = state.planned;
    this.#takeovers = state.takeovers;
    for (const { info, current } of state.fixations) this.#followFixations(info)?.restore(current);
    for (const { info, grades } of state.contacts) this.#followContacts(info)?.restore(grades);
    return described;
  }

  #restoreNodes(state: GraphState, stays: (node: string) => boolean): void {
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

  #monitorOf(info: StreamInfo, state: ChannelMonitorState | null): ChannelMonitor | null {
    const monitor = this.#options.monitor ? new ChannelMonitor(info) : null;
    if (state) monitor?.restore(state);
    return monitor;
  }

  /** Processors and windowers that have a stream. */
  #begun(): (readonly [ChunkStep | WindowStep, Partial<Stateful>])[] {
    const steps = [
      ...this.#chunkSteps.map((step) => [step, step.processor] as const),
      ...this.#windowSteps.map((step) => [step, step.windower] as const),
    ];
    return steps.filter(([{ source }]) => this.#bound.has(source));
  }

  #open(info: StreamInfo): void {
    if (info.type === 'Ticks') return;
    this.#binder.take({ kind: 'open', info }, this.#stamped);
    this.#streams.set(info.id, info);
    this.#followFixations(info);
    this.#followContacts(info);
  }

  /** What the session's log says of a source. */
  #obey(name: string, id: string): void {
    const stream = this.#streams.get(id);
    if (stream && this.#options.logged?.has(name)) this.#plan({ source: name, stream });
  }

  /** A stream feeds a source from its next sample on. */
  #plan(binding: Binding): void {
    this.#planned = [...this.#planned.filter(({ source }) => source !== binding.source), binding];
  }

  /** Bindings that begin with a sample of a stream; the streams that fed those sources aren't waited for any more. */
  #takePlanned(id: string): readonly Extract<GraphStep, { do: 'bind' }>[] {
    const due = this.#planned.filter(({ stream }) => stream.id === id);
    if (due.length === 0) return [];
    this.#watermarks.setStale(id, false);
    this.#planned = this.#planned.filter(({ stream }) => stream.id !== id);
    const taken = new Set(due.map(({ source }) => source));
    const others = [...this.#bound].filter(([source]) => !taken.has(source));
    for (const source of this.#options.ordered ? [] : taken) {
      const before = this.#bound.get(source)?.info.id;
      if (before === undefined || before === id || others.some(([, { info }]) => info.id === before))
        continue;
      this.#watermarks.forget(before);
      this.#fed.forget(before);
    }
    return due.map((binding) => ({ do: 'bind', ...binding }));
  }

  #followFixations(info: StreamInfo): FixationStream | null {
    const fixations = FixationStream.of(info);
    if (!fixations) return null;
    this.#fixations.set(info.id, fixations);
    // Its markers go to every node.
    if (info.simulated) for (const name of this.#lineage.keys()) this.#simulated.add(name);
    return fixations;
  }

  #followContacts(info: StreamInfo): ContactQuality | null {
    const contacts = ContactQuality.of(info);
    if (contacts) this.#contacts.set(info.id, contacts);
    return contacts;
  }

  /** False, with an event, where a node can't work on such a stream after all. */
  #bind(node: SourceNode, stream: StreamInfo): boolean {
    const { name: source } = node;
    const root = this.#roots.get(source)!;
    const before = this.#bound.get(source);
    let info: StreamInfo;
    let monitor: ChannelMonitor | null;
    const isSame = before !== undefined && isSameDevice(before.info, stream);
    try {
      info = fitted(node, stream, this.#closing.longest_s, this.#options.maxWindowValues);
      resetSteps(root, info, isSame ? 'layout' : 'start');
      monitor = this.#monitorOf(info, null);
    } catch (error) {
      this.#bound.delete(source);
      this.#options.events({
        code: 'stream-ignored',
        level: 'warn',
        session: this.#options.session,
        stream: stream.name,
        message: `${source}: stream ${stream.name} can't be used: ${errorOf(error).message}`,
      });
      return false;
    }
    // What was learnt about the person belongs to what that person wears.
    if (before && !isSame)
      for (const step of this.#featureSteps) if (this.#sourceOf(step.node) === source) step.schemaIn = null;
    this.#bound.set(source, {
      ...{ stream, info, monitor, isUnused: false },
      ...{ stale: before?.stale ?? false, since: before?.since ?? null },
    });
    if (info.simulated)
      for (const [name, lineage] of this.#lineage) if (lineage.has(source)) this.#simulated.add(name);
    return true;
  }

  #close(message: Extract<StreamMessage, { kind: 'close' }>): void {
    const { id } = message;
    this.#truth.close(id);
    // In a recording a stream's end says nothing that its stamps don't.
    if (this.#options.ordered) return;
    this.#binder.take(message, this.#stamped);
    this.#streams.delete(id);
    this.#watermarks.forget(id);
    this.#fed.forget(id);
    this.#todo.push({ do: 'close-reached' });
  }

  #chunk(chunk: Chunk): void {
    const n = chunk.times.length;
    if (n === 0) return;
    const info = chunk.info;
    if (info.type === 'Ticks') {
      this.#stamped = Math.max(this.#stamped, chunk.times[n - 1]);
      if (this.#zero !== null) this.#tick(chunk.times[n - 1] - this.#zero);
      return;
    }
    if (!this.#streams.has(info.id)) this.#open(info);
    this.#decide(chunk);
    const jumps = this.#options.ordered || !isMeasured(info) ? [] : this.#jumpsIn(chunk);
    if (jumps[0] !== 0) this.#todo.push({ do: 'stretch', chunk, from: 0, to: jumps[0] ?? n, skips: false });
    for (const [k, from] of jumps.entries())
      this.#todo.push({ do: 'stretch', chunk, from, to: jumps[k + 1] ?? n, skips: true });
  }

  #decide(chunk: Chunk): void {
    const { info, times } = chunk;
    if (!isMeasured(info)) return;
    this.#stamped = Math.max(this.#stamped, times[0]);
    const until = Math.max(this.#stamped, times[times.length - 1]);
    for (const binding of this.#binder.take({ kind: 'chunk', chunk }, this.#stamped, until))
      this.#plan(binding);
  }

  /**
   * Indices before which stamps jump by more than two windows, against what came before and what ticks told, told in one
   * event: nothing says that so much time passed, and the windows in between are left out.
   */
  #jumpsIn({ info, times }: Chunk): number[] {
    const zero = this.#zero ?? times[0];
    const limit_s = 2 * this.#closing.longest_s;
    const jumps: number[] = [];
    let skipped_s = 0;
    let before = this.#known === Number.NEGATIVE_INFINITY ? times[0] : zero + this.#known;
    for (let i = 0; i < times.length; i++) {
      if (times[i] - before > limit_s) {
        jumps.push(i);
        skipped_s += times[i] - before;
      }
      if (times[i] > before || before === Number.NEGATIVE_INFINITY) before = times[i];
    }
    if (jumps.length > 0)
      this.#options.events({
        code: 'time-skipped',
        level: 'warn',
        session: this.#options.session,
        stream: info.name,
        message: `stamps of ${info.name} jump ahead by ${skipped_s.toFixed(1)} s that nothing else tells of: the windows in between are left out`,
        details: { jumps: jumps.length, skipped_s },
      });
    return jumps;
  }

  /** Does one step, or as much of it as fits into `units`; gives the units that it took. */
  #step(step: GraphStep, units: number): number {
    switch (step.do) {
      case 'stretch': {
        this.#todo.shift();
        const { chunk, from, to, skips } = step;
        if (skips) this.#skipTo(chunk.times[from] - this.#zero!);
        this.#todo.unshift(...this.#samples(sliceChunk(chunk, from, to)));
        return 1;
      }
      case 'feed':
        return this.#feed(step);
      case 'reach':
        this.#todo.shift();
        this.#watermarks.advance(step.info, step.first, step.last);
        return 0;
      case 'skip-to':
        this.#todo.shift();
        this.#skipTo(step.time);
        return 0;
      case 'close-reached':
        return this.#closeWhile((end) => this.#watermarks.reached(end, this.#isFirst), units);
      case 'close-until':
        return this.#closeWhile((end) => end <= step.time, units);
      case 'bind': {
        this.#todo.shift();
        const source = this.#options.pipeline.sources.get(step.source);
        if (source) this.#bind(source, step.stream);
        return 0;
      }
    }
  }

  /** Takes in what doesn't wait for windows to close, and gives what is left to do. */
  #samples(chunk: Chunk): GraphStep[] {
    const { info } = chunk;
    const n = chunk.times.length;
    if (info.type === 'Annotation') this.#truth.take(chunk, (truth) => this.#publish(truth));
    if (this.#zero === null && isMeasured(info)) this.#begin(chunk.times[0]);
    if (this.#zero !== null) {
      const zero = this.#zero;
      this.#fixations
        .get(info.id)
        ?.push(chunk, (marker) => this.#tell({ ...marker, time: marker.time - zero }));
    }
    if (this.#zero === null) return [];
    const zero = this.#zero;
    const contacts = this.#contacts.get(info.id);
    const binds = this.#takePlanned(info.id);
    this.#noteUnused(info, binds);
    const isFed = binds.length > 0 || this.#isAwaited(info.id) || this.#sourcesFedBy(info).length > 0;
    if (!isFed && !contacts) return [];
    // On the grid again, so that where a sender's clock counts from changes no bit.
    const times = chunk.times.map((t) => onGrid(t - zero));
    contacts?.push({ ...chunk, times });
    if (!isFed) return [];
    const first = times[0];
    if (first < this.#closedUntil - 1e-6) {
      this.#options.events({
        code: 'samples-late',
        level: 'warn',
        session: this.#options.session,
        stream: info.name,
        time: first,
        message: `samples of ${info.name} at ${first.toFixed(3)} s came after the window at ${this.#closedUntil} s closed`,
      });
    }
    if (chunk.gapBefore) {
      this.#options.events({
        code: 'gap-found',
        level: 'info',
        session: this.#options.session,
        stream: info.name,
        time: first,
        message: `samples of ${info.name} are missing before ${first.toFixed(3)} s`,
      });
    }
    const skip: GraphStep[] = first - this.#known > LONGEST_SILENCE_S ? [{ do: 'skip-to', time: first }] : [];
    const feed: GraphStep[] = [...binds, { do: 'feed', chunk: { ...chunk, times }, from: 0 }];
    const reach: GraphStep = { do: 'reach', info, first, last: times[n - 1] };
    if (this.#options.ordered) {
      this.#silence.take(info, times);
      return [{ do: 'close-until', time: first + 1e-6 }, ...skip, ...feed, reach];
    }
    const now = this.#await(info.id, first, feed, chunk.data.length);
    return [...skip, ...now, reach, { do: 'close-reached' }];
  }

  /** Sources that a stream feeds, as it is described. */
  #sourcesFedBy(info: StreamInfo): readonly (readonly [source: string, bound: Bound])[] {
    return [...this.#bound].filter(([, { stream }]) => stream.id === info.id && isSameLayout(stream, info));
  }

  /** Sources that a stream fed, and that it isn't said to feed as it is described now. */
  #noteUnused(info: StreamInfo, binds: readonly { readonly source: string }[]): void {
    for (const [source, bound] of this.#bound) {
      if (bound.stream.id !== info.id || isSameLayout(bound.stream, info)) continue;
      const isTaken = [...binds, ...this.#takeovers.flatMap(({ steps }) => steps)].some(
        (step) => 'source' in step && step.source === source,
      );
      if (!isTaken) bound.isUnused = true;
    }
  }

  #isAwaited(id: string): boolean {
    return this.#takeovers.some(({ stream }) => stream === id);
  }

  /** Gives what of `steps` can be done now: what takes a source over waits until the windows before it have closed. */
  #await(id: string, first: Seconds, steps: readonly GraphStep[], values: number): readonly GraphStep[] {
    const sources = steps.flatMap((step) => (step.do === 'bind' ? [step.source] : []));
    const isNew = sources.some((source) => this.#bound.has(source));
    const before = this.#takeovers.findLast(({ stream }) => stream === id);
    if (!isNew && !before) return steps;
    const takeover: Takeover =
      isNew || !before
        ? { stream: id, sources, first, steps, values }
        : { ...before, steps: [...before.steps, ...steps], values: before.values + values };
    const others = this.#takeovers.filter((other) => isNew || other !== before);
    if (takeover.values > this.#fed.most) {
      this.#takeovers = others;
      return takeover.steps;
    }
    this.#takeovers = [...others, takeover];
    return [];
  }

  /** Begins a takeover that no window before it keeps waiting; whether there was one. */
  #takeOverBefore(end: Seconds): boolean {
    const due = this.#takeovers.find(({ first }) => first < end - TIME_TOLERANCE_S);
    if (!due) return false;
    this.#takeovers = this.#takeovers.filter((takeover) => takeover !== due);
    this.#todo.unshift(...due.steps);
    return true;
  }

  #feed(step: Extract<GraphStep, { do: 'feed' }>): number {
    const { chunk, from } = step;
    const n = chunk.times.length;
    const length = Math.max(1, Math.floor(MAX_FED_VALUES / chunk.info.channels.length));
    const to = Math.min(n, from + length);
    if (to === n) this.#todo.shift();
    else this.#todo[0] = { ...step, from: to };
    const room = this.#fed.take(chunk.info.id, (to - from) * chunk.info.channels.length);
    if (room === 'dropped') {
      this.#todo = this.#todo.filter((other) => other.do !== 'feed');
      this.#tellDropped(chunk.info.name);
      return 1;
    }
    const slice = sliceChunk(chunk, from, to);
    const part = room === 'gap' ? { ...slice, gapBefore: true } : slice;
    for (const [source, bound] of this.#sourcesFedBy(chunk.info)) {
      const own = { ...part, info: bound.info };
      bound.since ??= part.times[0];
      bound.monitor?.push(own);
      const root = this.#roots.get(source);
      if (root) pushSteps(root, own);
    }
    return 1;
  }

  #tellDropped(stream: string): void {
    this.#options.events({
      code: 'samples-dropped',
      level: 'warn',
      session: this.#options.session,
      stream,
      message: `samples of ${stream} are left out: more come at one time than a window holds; send stamps that move on, fewer channels or a lower rate`,
    });
  }

  #tellMarkDropped({ stream, time }: Marker): void {
    this.#options.events({
      code: 'samples-dropped',
      level: 'warn',
      session: this.#options.session,
      stream: this.#streams.get(stream)?.name ?? stream,
      time,
      message: `a marker of ${stream} at ${time.toFixed(3)} s is left out: too many wait for windows that end after them`,
    });
  }

  #skipTo(time: Seconds): void {
    this.#closing.skipTo(time);
    this.#skippedTo = time;
  }

  /** Tells that session time has come to `time` although no sample says so: closes what was waiting for silent streams. */
  #tick(time: Seconds): void {
    if (time - this.#known > LONGEST_SILENCE_S) this.#todo.push({ do: 'skip-to', time });
    this.#ticked = Math.max(this.#ticked, time);
    this.#todo.push({ do: 'close-until', time });
  }

  #begin(zero: Seconds): void {
    this.#zero = zero;
    this.#options.emit({ kind: 'began', zero });
    for (const output of this.#early.splice(0)) this.#publish(output);
  }

  #mark(marker: Marker): void {
    this.#publish({ kind: 'marker', marker });
    if (this.#zero !== null) this.#tell({ ...marker, time: marker.time - this.#zero });
  }

  /** Emits what was told at a stamp in session time, once that is known. */
  #publish(output: Told): void {
    const zero = this.#zero;
    if (zero === null) {
      this.#early.push(output);
      if (this.#early.length > MAX_EARLY) this.#early.shift();
    } else if (output.kind === 'truth') this.#options.emit({ ...output, time: output.time - zero });
    else {
      const { marker } = output;
      this.#options.emit({ kind: 'marker', marker: { ...marker, time: marker.time - zero } });
    }
  }

  #tell(marker: Marker): void {
    let isTaken = true;
    for (const { windower } of this.#windowSteps) isTaken = (windower.mark?.(marker) ?? true) && isTaken;
    if (!isTaken) this.#tellMarkDropped(marker);
    for (const { processor } of this.#featureSteps) processor.mark?.(marker);
  }

  /** Closes at most `most` windows, and ends the step where no other is ready; gives how many it closed. */
  #closeWhile(ready: (end: Seconds) => boolean, most: number): number {
    const limit = this.#known + LONGEST_SILENCE_S + TIME_TOLERANCE_S;
    for (let closed = 0; ; closed++) {
      const end = this.#closing.peek();
      if (this.#takeOverBefore(end)) return closed;
      if (end > limit || !ready(end)) {
        this.#todo.shift();
        return closed;
      }
      if (closed === most) return closed;
      this.#closeAt(end);
    }
  }

  #closeAt(time: Seconds): void {
    const { emit, features = true } = this.#options;
    this.#watchSilence(time);
    const due = this.#closing.take(time);
    for (const step of this.#windowSteps) {
      if (!due.has(step.node) || !this.#hasBegun(step.source, time)) continue;
      const output = step.windower.close(time);
      this.#latest.set(step.node, output);
      if ('schema' in output && features) this.#publishVector('features', step.node, output);
    }
    for (const step of this.#featureSteps) {
      const input = this.#latest.get(step.input);
      if (!input || !('schema' in input) || input.time !== time) continue;
      if (step.schemaIn === null || !sameFeatures(step.schemaIn, input.schema)) {
        step.processor.reset(input.schema, step.schemaIn === null ? 'start' : 'layout');
        step.schemaIn = input.schema;
      }
      for (const node of step.beside) {
        const beside = this.#latest.get(node);
        if (beside && 'schema' in beside && beside.time === time) step.processor.beside?.(beside);
      }
      const output = step.processor.process(input);
      this.#latest.set(step.node, output);
      if (step.publishes === 'indices' || (step.publishes && features))
        this.#publishVector(step.publishes, step.node, output);
    }
    for (const frame of this.#frames) {
      if (due.has(frame.model.name)) emit(frame.build(time, this.#latest, this.#lookup));
    }
    this.#closedUntil = time;
    this.#fed.closed(time, this.#closing.longest_s);
    emit({ kind: 'closed', time, zero: this.#zero ?? 0, inputs: this.#inputs(time) });
  }

  /** Whether a window at `time` can hold a sample of a source. */
  #hasBegun(source: string, time: Seconds): boolean {
    const since = this.#bound.get(source)?.since ?? Number.POSITIVE_INFINITY;
    return since < time - TIME_TOLERANCE_S;
  }

  #publishVector(kind: 'features' | 'indices', node: string, vector: FeatureVector): void {
    const made = { node, seq: this.#sequence.next(node), vector, simulated: this.#simulated.has(node) };
    this.#options.emit(
      kind === 'indices' ? { kind, ...made } : { kind, ...made, input: this.#sourceOf(node) },
    );
  }

  #sourceOf(node: string): string {
    return this.#options.pipeline.transforms.get(node)?.source ?? node;
  }

  #inputs(time: Seconds): ReadonlyMap<string, InputStatus> {
    const inputs = new Map<string, InputStatus>();
    const contacts = this.#contactsAt(time);
    for (const [source, { info, stale, monitor }] of this.#bound) {
      if (!monitor || !this.#hasBegun(source, time)) continue;
      const filled = this.#interpolations.get(source)?.take();
      const channels = monitor.take(time).map((report) => {
        const contact = report.quality && contacts.get(report.label);
        return {
          ...report,
          ...(contact === undefined ? {} : { contact }),
          ...(filled && { interpolated: filled.get(report.label) ?? 0 }),
        };
      });
      inputs.set(source, { info, stale, channels });
    }
    return inputs;
  }

  /** The least that any of the headset's streams tells of each electrode. */
  #contactsAt(time: Seconds): ReadonlyMap<string, number> {
    const least = new Map<string, number>();
    for (const contacts of this.#contacts.values())
      for (const [label, share] of contacts.at(time))
        least.set(label, Math.min(share, least.get(label) ?? 1));
    return least;
  }

  #watched(processor: ChunkProcessor, { name, source, definition }: TransformNode): ChunkProcessor {
    if (definition.type !== 'interpolate') return processor;
    const watch = new InterpolationWatch(processor, (channel) => this.#tellMissing(name, source, channel));
    this.#watches.set(name, watch);
    this.#interpolations.set(source, watch);
    return watch;
  }

  #tellMissing(
    node: string,
    source: string,
    { label, time, mended, missing, channels }: MissingChannel,
  ): void {
    const at = `${source}: ${label} is missing at ${time.toFixed(3)} s`;
    this.#options.events({
      code: mended ? 'channel-interpolated' : 'channel-masked',
      level: 'warn',
      session: this.#options.session,
      stream: this.#bound.get(source)?.info.name ?? source,
      time,
      message: mended
        ? `${at}; ${node} fills it in from the other ${channels - missing} channels, whenever it can`
        : `${at}, with ${missing} of ${channels} channels: too many for ${node}, or no place on the scalp is known; masked`,
    });
  }

  #watchSilence(time: Seconds): void {
    for (const [source, bound] of this.#bound) {
      const { stream = bound.info.id } =
        this.#takeovers.findLast(({ sources }) => sources.includes(source)) ?? {};
      const isSilent = this.#options.ordered
        ? this.#silence.isStale(stream, time)
        : this.#watermarks.isStale(stream);
      const stale = isSilent || bound.isUnused;
      if (stale === bound.stale) continue;
      bound.stale = stale;
      this.#options.events({
        code: stale ? 'stream-stale' : 'stream-returned',
        level: stale ? 'warn' : 'info',
        session: this.#options.session,
        stream: bound.info.name,
        time,
        message: stale
          ? `${source}: no samples of ${bound.info.name} lately; masked`
          : `${source}: samples of ${bound.info.name} are back`,
      });
    }
  }
}

function nameOf({ node, version }: { readonly node: string; readonly version: StateVersion }) {
  return { name: node, version };
}

function withoutArrivals(events: EventSink): EventSink {
  return (event) => {
    if (event.code !== 'stream-unmatched' && event.code !== 'stream-duplicate') events(event);
  };
}

/** Whether a stream is the one before come back, rather than another person's or another headset. */
function isSameDevice(before: StreamInfo, after: StreamInfo): boolean {
  if (before.sourceId !== after.sourceId) return false;
  return after.sourceId !== '' || (before.name === after.name && before.client === after.client);
}

/** A headset that comes back sends the same features: what was learnt about the person stays. */
function sameFeatures(a: FeatureSchema, b: FeatureSchema): boolean {
  if (a === b) return true;
  if (a.features.length !== b.features.length) return false;
  return a.features.every(
    (f, i) => featureName(f) === featureName(b.features[i]) && f.unit === b.features[i].unit,
  );
}

function resetSteps(
  steps: Pick<ChunkStep, 'chunkSteps' | 'windowSteps'>,
  info: StreamInfo,
  cause: ResetCause,
): void {
  for (const step of steps.windowSteps) step.windower.reset(info, cause);
  for (const step of steps.chunkSteps) resetSteps(step, step.processor.reset(info, cause), cause);
}

function pushSteps(steps: Pick<ChunkStep, 'chunkSteps' | 'windowSteps'>, chunk: Chunk): void {
  for (const step of steps.windowSteps) step.windower.push(chunk);
  for (const step of steps.chunkSteps) step.processor.process(chunk, (output) => pushSteps(step, output));
}
