import { isDeepStrictEqual } from 'node:util';
import { requireChunk } from '../../core/border.js';
import type { Seconds } from '../../core/clock.js';
import { InputError } from '../../core/errors.js';
import type { EventSink } from '../../core/event.js';
import type { FeatureVector } from '../../core/features.js';
import type { ModalityInput } from '../../core/model.js';
import { errorOf } from '../../core/owned.js';
import {
  type Chunk,
  isMeasured,
  isSameLayout,
  type Marker,
  type StreamInfo,
  type StreamMessage,
  sliceChunk,
  TIME_TOLERANCE_S,
} from '../../core/signal.js';
import { onGrid } from '../../signal/timebase/session-time.js';
import { type Lineage, lineageOf } from '../file/lineage.js';
import type { Pipeline, SourceNode } from '../file/pipeline.js';
import { fitted, whyUnusable } from '../file/stream-fit.js';
import { selects } from '../file/stream-selector.js';
import { Binder, type Binding } from './binder.js';
import { BoundSources } from './bound-sources.js';
import { ClosingTimes } from './closing-times.js';
import { DeviceStreams } from './device-streams.js';
import { EarlyOutputs } from './early-outputs.js';
import { FedValues } from './fed-values.js';
import { FrameBuilder, type StreamLookup } from './frame.js';
import { GraphEvents } from './graph-events.js';
import type { GraphOutput } from './graph-output.js';
import type { GraphState, GraphStep } from './graph-state.js';
import { keptNodes } from './kept-nodes.js';
import { NodeSequence } from './node-sequence.js';
import { NodeSteps } from './node-steps.js';
import { SessionFacts } from './session-facts.js';
import { jumpsIn } from './stamp-jumps.js';
import { StampSilence } from './stamp-silence.js';
import { identity } from './stream-identity.js';
import type { StreamSpan } from './stream-span.js';
import { Takeovers } from './takeovers.js';
import { TruthOutputs } from './truth-outputs.js';
import { Watermarks } from './watermarks.js';

/** Windows that end more than this after what was heard last, samples or ticks, are left out instead of being closed empty, s. */
const LONGEST_SILENCE_S = 60;
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
  /** What the session's log has told; a graph that replaces another goes on from it. Default: nothing. */
  readonly facts?: SessionFacts;
  readonly events: EventSink;
  readonly emit: (output: GraphOutput) => void;
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
  readonly #events: GraphEvents;
  readonly #nodes: NodeSteps;
  readonly #frames: FrameBuilder[];
  readonly #sequence: NodeSequence;
  readonly #closing = new ClosingTimes();
  readonly #watermarks: Watermarks;
  /** Of streams of a recording that doesn't tell it. */
  readonly #silence = new StampSilence();
  readonly #fed: FedValues;
  readonly #facts: SessionFacts;
  readonly #binder: Binder;
  readonly #bound: BoundSources;
  readonly #lineage: Lineage;
  /** Sources, nodes and models that simulated data ever reached: baselines remember them when the stream is gone. */
  readonly #simulated = new Set<string>();
  readonly #truth = new TruthOutputs();
  readonly #early: EarlyOutputs;
  readonly #devices = new DeviceStreams();
  #closedUntil = Number.NEGATIVE_INFINITY;
  /** Where the windows of a long silence end that were left out. */
  #skippedTo = Number.NEGATIVE_INFINITY;
  /** Furthest stamp as it came: the binder's time. */
  #stamped = Number.NEGATIVE_INFINITY;
  /** Furthest time that a tick told. */
  #ticked = Number.NEGATIVE_INFINITY;
  /** What is left of the message that was begun, in order. */
  #todo: GraphStep[] = [];
  readonly #takeovers = new Takeovers();

  readonly #lookup: StreamLookup = {
    streamOf: (node) => this.#bound.get(this.#sourceOf(node))?.info ?? null,
    wasSimulated: (name) => this.#simulated.has(name),
  };

  constructor(options: GraphOptions) {
    this.#options = options;
    const { pipeline } = options;
    this.#facts = options.facts ?? new SessionFacts();
    this.#fed = new FedValues(options.maxWindowValues);
    this.#lineage = lineageOf(pipeline);
    this.#watermarks = new Watermarks(pipeline.allowed_lateness_s);
    this.#bound = new BoundSources([...pipeline.sources.keys()], options.monitor);
    this.#events = new GraphEvents(options.session, options.events);
    this.#early = new EarlyOutputs(options.emit);
    this.#nodes = new NodeSteps({
      ...{ pipeline, closing: this.#closing },
      isFed: (source) => this.#bound.has(source),
      missing: (node, source, channel) =>
        this.#events.channelMissing(node, source, this.#bound.get(source)?.info.name ?? source, channel),
    });
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
    return this.#facts.zero;
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
        if (this.#facts.zero === null) this.#begin(message.time);
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
    this.#todo.push({ do: 'close-until', time: this.head + TIME_TOLERANCE_S });
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
    return {
      pipeline: this.#options.pipeline.digest,
      zero: this.#facts.zero,
      closedUntil: this.#closedUntil,
      skippedTo: this.#skippedTo,
      origins: Object.fromEntries(
        [...this.#options.pipeline.transforms].map(([name, { digest, source }]) => [
          name,
          { digest, source },
        ]),
      ),
      ticked: this.#ticked,
      streams: this.#facts.open,
      told: this.#facts.told,
      binder: this.#binder.snapshot(),
      stamped: this.#stamped,
      sources: this.#bound.snapshot(),
      ...this.#nodes.snapshot(),
      closing: this.#closing.snapshot(),
      watermarks: this.#watermarks.snapshot(),
      silence: this.#silence.snapshot(),
      fed: this.#fed.snapshot(),
      sequence: this.#sequence.snapshot(),
      simulated: [...this.#simulated],
      truth: this.#truth.snapshot(),
      early: this.#early.snapshot(),
      todo: this.#todo.map((step) => ({ ...step })),
      ...this.#takeovers.snapshot(),
      ...this.#devices.snapshot(),
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
      this.#nodes.reset(name, info, 'start');
      const bound = { ...rest, stream: described(stream), info: described(info) };
      this.#bound.set(name, bound, monitor);
    }
    this.#binder.restore(state.binder);
    this.#nodes.restore(state, () => true);
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
      this.#bound.set(name, { ...was, stream, info }, seen);
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
    this.#nodes.restore(state, (node) => kept.has(node));
    this.#closing.skipTo(Math.max(this.#closedUntil + TIME_TOLERANCE_S, this.#skippedTo));
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
    this.#facts.zero = state.zero;
    this.#stamped = state.stamped;
    this.#closedUntil = state.closedUntil;
    this.#skippedTo = state.skippedTo;
    this.#ticked = state.ticked;
    for (const info of state.streams) {
      this.#facts.opened(described(info));
      this.#followDevice(info);
    }
    for (const { source, stream } of state.told) this.#facts.bound(source, described(stream));
    this.#watermarks.restore(state.watermarks);
    this.#silence.restore(state.silence);
    this.#fed.restore(state.fed);
    this.#sequence.restore(state.sequence);
    this.#truth.restore(state.truth);
    this.#early.restore(state.early);
    this.#todo = state.todo.map((step) => ({ ...step }));
    this.#takeovers.restore(state);
    for (const { info } of state.fixations) this.#followDevice(info);
    this.#devices.restore(state);
    return described;
  }

  #open(info: StreamInfo): void {
    if (info.type === 'Ticks') return;
    this.#binder.take({ kind: 'open', info }, this.#stamped);
    this.#facts.opened(info);
    this.#followDevice(info);
  }

  /** What the session's log says of a source. */
  #obey(name: string, id: string): void {
    const stream = this.#facts.bind(name, id);
    if (stream && this.#options.logged?.has(name)) this.#takeovers.plan({ source: name, stream });
  }

  /** Bindings that begin with a sample of a stream; the streams that fed those sources aren't waited for any more. */
  #takePlanned(id: string): readonly Extract<GraphStep, { do: 'bind' }>[] {
    const due = this.#takeovers.takePlanned(id);
    if (due.length === 0) return [];
    this.#watermarks.setStale(id, false);
    const taken = new Set(due.map(({ source }) => source));
    const others = [...this.#bound].filter(([source]) => !taken.has(source));
    for (const source of this.#options.ordered ? [] : taken) {
      // One that was to take the source over, and still waits for it, is in another's place, too.
      const before = this.#takeovers.successorOf(source) ?? this.#bound.get(source)?.info.id;
      if (before === undefined || before === id || others.some(([, { info }]) => info.id === before))
        continue;
      this.#watermarks.forget(before);
      this.#fed.forget(before);
    }
    return due.map((binding) => ({ do: 'bind', ...binding }));
  }

  #followDevice(info: StreamInfo): void {
    const tellsMarkers = this.#devices.open(info);
    // They go to every node.
    if (tellsMarkers && info.simulated) for (const name of this.#lineage.keys()) this.#simulated.add(name);
  }

  /** False, with an event, where a node can't work on such a stream after all. */
  #bind(node: SourceNode, stream: StreamInfo): boolean {
    const { name: source } = node;
    const before = this.#bound.get(source);
    let info: StreamInfo;
    const isSame = before !== undefined && isSameDevice(before.info, stream);
    try {
      info = fitted(node, stream, this.#closing.longest_s, this.#options.maxWindowValues);
      this.#nodes.reset(source, info, isSame ? 'layout' : 'start');
      this.#bound.set(source, {
        ...{ stream, info, isUnused: false, isClosed: false },
        ...{ stale: before?.stale ?? false, since: before?.since ?? null },
      });
    } catch (error) {
      this.#bound.delete(source);
      this.#events.streamIgnored(source, stream.name, errorOf(error).message);
      return false;
    }
    // What was learnt about the person belongs to what that person wears.
    if (before && !isSame) this.#nodes.forget(source);
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
    this.#facts.closed(id);
    this.#watermarks.forget(id);
    this.#fed.forget(id);
    for (const [, bound] of this.#bound) if (bound.stream.id === id) bound.isClosed = true;
    this.#todo.push({ do: 'close-reached' });
  }

  #chunk(chunk: Chunk): void {
    const n = chunk.times.length;
    if (n === 0) return;
    requireChunk(chunk, Number.NEGATIVE_INFINITY);
    const info = chunk.info;
    if (info.type === 'Ticks') {
      this.#stamped = Math.max(this.#stamped, chunk.times[n - 1]);
      if (this.#facts.zero !== null) this.#tick(chunk.times[n - 1] - this.#facts.zero);
      return;
    }
    if (!this.#facts.streamOf(info.id)) this.#open(info);
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
      this.#takeovers.plan(binding);
  }

  /**
   * Indices before which stamps jump by more than two windows, against what came before and what ticks told, told in one
   * event: nothing says that so much time passed, and the windows in between are left out.
   */
  #jumpsIn({ info, times }: Chunk): readonly number[] {
    const zero = this.#facts.zero ?? times[0];
    const before = this.#known === Number.NEGATIVE_INFINITY ? times[0] : zero + this.#known;
    const { jumps, skipped_s } = jumpsIn(times, before, 2 * this.#closing.longest_s);
    if (jumps.length > 0) this.#events.timeSkipped(info.name, jumps.length, skipped_s);
    return jumps;
  }

  /** Does one step, or as much of it as fits into `units`; gives the units that it took. */
  #step(step: GraphStep, units: number): number {
    switch (step.do) {
      case 'stretch': {
        this.#todo.shift();
        const { chunk, from, to, skips } = step;
        if (skips) this.#skipTo(chunk.times[from] - this.#facts.zero!);
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
    if (info.type === 'Annotation')
      this.#truth.take(chunk, (truth) => this.#early.tell(truth, this.#facts.zero));
    if (this.#facts.zero === null && isMeasured(info)) this.#begin(chunk.times[0]);
    if (this.#facts.zero !== null) {
      const zero = this.#facts.zero;
      this.#devices.pushFixations(chunk, (marker) => this.#tell({ ...marker, time: marker.time - zero }));
    }
    if (this.#facts.zero === null) return [];
    const zero = this.#facts.zero;
    const tellsContacts = this.#devices.tellsContacts(info.id);
    const binds = this.#takePlanned(info.id);
    this.#noteUnused(info, binds);
    const isFed = binds.length > 0 || this.#takeovers.awaits(info.id) || this.#bound.fedBy(info).length > 0;
    if (!isFed && !tellsContacts) return [];
    // On the grid again, so that where a sender's clock counts from changes no bit.
    const times = chunk.times.map((t) => onGrid(t - zero));
    this.#devices.pushContacts({ ...chunk, times });
    if (!isFed) return [];
    const first = times[0];
    if (first < this.#closedUntil - TIME_TOLERANCE_S)
      this.#events.samplesLate(info.name, first, this.#closedUntil);
    const gapBefore = chunk.gapBefore || binds.some(({ source }) => this.#isSuccessor(info, source));
    if (gapBefore) this.#events.gapFound(info.name, first);
    const skip = this.#skipSilence(info.name, first, this.#options.ordered ? LONGEST_SILENCE_S : 0);
    const feed: GraphStep[] = [...binds, { do: 'feed', chunk: { ...chunk, times, gapBefore }, from: 0 }];
    const reach: GraphStep = { do: 'reach', info, first, last: times[n - 1] };
    if (!this.#isSilenceTold(info.id)) this.#silence.take(info, times);
    if (this.#options.ordered) {
      return [{ do: 'close-until', time: first + TIME_TOLERANCE_S }, ...skip, ...feed, reach];
    }
    const now = this.#await(info.id, first, feed, chunk.data.length);
    return [...skip, ...now, reach, { do: 'close-reached' }];
  }

  /** Whether a stream takes the place of one that was lost to `source`: another, or itself come back. */
  #isSuccessor({ id }: StreamInfo, source: string): boolean {
    const before = this.#bound.get(source);
    return before !== undefined && (before.isClosed || before.stream.id !== id);
  }

  /** Sources that a stream fed, and that it isn't said to feed as it is described now. */
  #noteUnused(info: StreamInfo, binds: readonly { readonly source: string }[]): void {
    for (const [source, bound] of this.#bound) {
      if (bound.stream.id !== info.id || isSameLayout(bound.stream, info)) continue;
      const isTaken = binds.some((bind) => bind.source === source) || this.#takeovers.binds(source);
      if (!isTaken) bound.isUnused = true;
    }
  }

  /** Gives what of `steps` can be done now: what takes a source over waits until the windows before it have closed. */
  #await(id: string, first: Seconds, steps: readonly GraphStep[], values: number): readonly GraphStep[] {
    const sources = steps.flatMap((step) => (step.do === 'bind' ? [step.source] : []));
    const isNew = sources.some((source) => this.#bound.has(source));
    return this.#takeovers.await({ stream: id, sources, first, steps, values }, isNew, this.#fed.most);
  }

  /** Begins a takeover that no window before it keeps waiting; whether there was one. */
  #takeOverBefore(end: Seconds): boolean {
    const steps = this.#takeovers.takeBefore(end);
    if (!steps) return false;
    this.#todo.unshift(...steps);
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
      this.#events.samplesDropped(chunk.info.name);
      return 1;
    }
    const slice = sliceChunk(chunk, from, to);
    const part = room === 'gap' ? { ...slice, gapBefore: true } : slice;
    for (const source of this.#bound.fedBy(chunk.info))
      this.#nodes.push(source, this.#bound.push(source, part));
    return 1;
  }

  /** Leaves out windows of a silence beyond {@link LONGEST_SILENCE_S} that ends at `time`, but for its first `closed_s`. */
  #skipSilence(stream: string | null, time: Seconds, closed_s: Seconds): readonly GraphStep[] {
    if (time - this.#known <= LONGEST_SILENCE_S) return [];
    const since = Math.max(this.#known, this.#skippedTo);
    // Nothing was before the first sample; a jump of stamps was told.
    if (since > Number.NEGATIVE_INFINITY && time - since > LONGEST_SILENCE_S)
      this.#events.silenceSkipped(stream, time, time - since - closed_s);
    return [{ do: 'skip-to', time }];
  }

  #skipTo(time: Seconds): void {
    this.#closing.skipTo(time);
    this.#skippedTo = time;
  }

  /** Tells that session time has come to `time` although no sample says so: closes what was waiting for silent streams. */
  #tick(time: Seconds): void {
    this.#todo.push(...this.#skipSilence(null, time, 0));
    this.#ticked = Math.max(this.#ticked, time);
    this.#todo.push({ do: 'close-until', time });
  }

  #begin(zero: Seconds): void {
    this.#facts.zero = zero;
    this.#options.emit({ kind: 'began', zero });
    this.#early.begin(zero);
  }

  #mark(marker: Marker): void {
    const source = this.#facts.streamOf(marker.stream)?.name ?? marker.stream;
    this.#early.tell({ kind: 'marker', marker, source }, this.#facts.zero);
    if (this.#facts.zero !== null) this.#tell({ ...marker, time: marker.time - this.#facts.zero });
  }

  #tell(marker: Marker): void {
    if (this.#nodes.mark(marker)) return;
    const { stream, time } = marker;
    this.#events.markerDropped(this.#facts.streamOf(stream)?.name ?? stream, stream, time);
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
    this.#nodes.close(time, due, this.#bound, (kind, node, vector) => {
      if (kind === 'indices' || features) this.#publishVector(kind, node, vector);
    });
    for (const frame of this.#frames) {
      if (due.has(frame.model.name)) emit(frame.build(time, this.#nodes.latest, this.#lookup));
    }
    this.#closedUntil = time;
    this.#fed.closed(time, this.#closing.longest_s);
    const inputs = this.#bound.takeInputs(time, this.#devices.contactsAt(time), (source) =>
      this.#nodes.takeFilled(source),
    );
    emit({ kind: 'closed', time, zero: this.#facts.zero ?? 0, inputs });
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

  /** Whether the session's log tells when a stream falls silent: live, and of streams that fed a source when it was recorded. */
  #isSilenceTold(id: string): boolean {
    const { ordered, logged } = this.#options;
    if (ordered || logged === undefined) return !ordered;
    return this.#facts.told.some(({ stream }) => stream.id === id);
  }

  #watchSilence(time: Seconds): void {
    for (const [source, bound] of this.#bound) {
      const stream = this.#takeovers.successorOf(source) ?? bound.info.id;
      const isSilent = this.#isSilenceTold(stream)
        ? this.#watermarks.isStale(stream)
        : this.#silence.isStale(stream, time);
      const stale = isSilent || bound.isUnused;
      if (stale === bound.stale) continue;
      bound.stale = stale;
      this.#events.silence(source, bound.info.name, time, stale);
    }
  }
}

function withoutArrivals(events: EventSink): EventSink {
  return (event) => {
    if (event.code !== 'stream-unmatched' && event.code !== 'stream-duplicate') events(event);
  };
}

/** Whether a stream is the one before come back, rather than another person's or another headset. */
function isSameDevice(before: StreamInfo, after: StreamInfo): boolean {
  if (before.sourceId !== after.sourceId) return false;
  return after.sourceId !== '' || identity(before) === identity(after);
}
