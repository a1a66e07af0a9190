import { Observable, type OperatorFunction, Subscription } from 'rxjs';
import type { Clock, Seconds, Timer } from '../../core/clock.js';
import type { EventSink, SessionEvent } from '../../core/event.js';
import type { ModelRunner } from '../../core/model.js';
import { errorOf } from '../../core/owned.js';
import {
  type BegunAnew,
  type Marker,
  type StreamInfo,
  type StreamMessage,
  streamOf,
} from '../../core/signal.js';
import type { StallWatch } from '../../signal/timebase/stall-watch.js';
import type { Pipeline } from '../file/pipeline.js';
import { whyUnusable } from '../file/stream-fit.js';
import { Backlog } from '../session/backlog.js';
import { Binder, type Binding } from '../session/binder.js';
import { FailedSession } from '../session/failed-session.js';
import { samplesLeftOut } from '../session/graph-events.js';
import type { GraphOutput } from '../session/graph-output.js';
import { NodeSequence } from '../session/node-sequence.js';
import type { RecordedGraphState } from '../session/recorded-graph.js';
import { SessionFacts } from '../session/session-facts.js';
import { SessionFaults, sessionFailed } from '../session/session-faults.js';
import { type GraphOptions, SessionGraph } from '../session/session-graph.js';
import { SilenceWatch } from '../session/silence-watch.js';
import { CutShort, WholeWindows } from '../session/whole-windows.js';
import { Inbox } from './inbox.js';
import type { Switch } from './switch.js';
import type { Turns, Worker } from './turns.js';

/** A pipeline with its models loaded, one runner for each model node. */
export interface LoadedPipeline {
  readonly pipeline: Pipeline;
  readonly runners: ReadonlyMap<string, ModelRunner>;
}

/** What each model node's inputs are, as a graph wants to know them. */
export function modelInputs({ runners }: LoadedPipeline): GraphOptions['models'] {
  return new Map([...runners].map(([name, runner]) => [name, runner.inputs]));
}

/** A graph's output and the pipeline that gave it. */
export interface LiveOutput {
  readonly output: GraphOutput;
  readonly loaded: LoadedPipeline;
}

export interface RunSessionOptions {
  readonly session: string;
  /** The pipeline to run, which may be replaced. */
  readonly loaded: Switch<LoadedPipeline>;
  /** Tells when messages come, and how far apart faults are. */
  readonly clock: Pick<Clock, 'now' | 'every'>;
  /** Knows when we stood still ourselves. Default: we never do. */
  readonly stall?: StallWatch | undefined;
  readonly events: EventSink;
  /** Faults of what makes something of the session's outputs: they count as the graph's own. Default: none. */
  readonly faults$?: Observable<unknown>;
  /** What the graph is to throw instead of taking a marker of a stream; null: nothing. Default: it takes them all. */
  readonly askedFault?: (stream: StreamInfo, marker: Marker) => Error | null;
  /** Shares out the turns of the event loop among sessions. Default: each message is through at once, whatever it takes. */
  readonly turns?: Turns;
  /** Streams that fed sources before the daemon was started again, and are awaited. Default: none. */
  readonly expected?: readonly Binding[];
  /** Whether what the session gave piles up behind it: then its graph gives no more, and messages wait. Default: never. */
  readonly held$?: Observable<boolean>;
  /** Gets the session's log: every message in order, and which stream feeds which source before what follows from it. */
  readonly log?: (message: StreamMessage) => void;
  /** Told where the graph begins anew: in the middle of `after`, or behind it; null: at the session's end. */
  readonly begunAnew?: (anew: BegunAnew, after: StreamMessage | null) => void;
  /** Told how many messages wait for their turn, whenever that changes. */
  readonly waiting?: (messages: number) => void;
  /** Told whenever messages begin or end to wait for others that were sent before them: they aren't in the log yet. */
  readonly ordering?: (isWaiting: boolean) => void;
  /** Whether senders are asked to wait, which is no silence of theirs. Default: they never are. */
  readonly isBusy?: () => boolean;
  /** Whether something is to come that was sent before what comes now. Default: it never is. */
  readonly isCatchingUp?: () => boolean;
  /** Given what tells why an open stream feeds no source. */
  readonly asked?: (whyUnbound: (stream: string) => string | null) => void;
  /** Where another daemon was with the session. Default: it begins. */
  readonly from?: ContinuedGraph | undefined;
  /** Told whenever the graph is through with samples; `state` tells where it is then. */
  readonly reached?: (samples: StreamMessage, state: () => RecordedGraphState) => void;
}

/** Where another daemon was with a session. */
export interface ContinuedGraph {
  readonly graph: RecordedGraphState;
  /** When the last sample of each stream came, by our clock: its stamp and how far that is ahead. */
  readonly heard: ReadonlyMap<
    string,
    { readonly last: Seconds; readonly at: Seconds; readonly isStale: boolean }
  >;
}

/**
 * Runs live stream messages through a session's graph. The graph is made inside the subscription, so two subscribers
 * share no state. When the pipeline is replaced, its graph goes on where the one before was: nodes that stay lose
 * nothing, no sample is lost and no closing time is given twice.
 *
 * What is thrown in the graph ends neither the session nor another one: the graph begins anew behind the last window that
 * was whole, and the third time within a minute the session stays down, until the pipeline is replaced.
 */
export function runSession(options: RunSessionOptions): OperatorFunction<StreamMessage, LiveOutput> {
  return (messages$) =>
    new Observable<LiveOutput>((subscriber) => {
      const running = new RunningSession(options, {
        next: (live) => subscriber.next(live),
        complete: () => subscriber.complete(),
      });
      const error = (reason: unknown): void => subscriber.error(reason);
      const subscription = new Subscription(options.loaded.use((loaded) => running.prepare(loaded)));
      subscription.add(() => options.turns?.drop(running));
      subscription.add(options.held$?.subscribe({ next: (isHeld) => running.hold(isHeld), error }));
      subscription.add(() => running.stop());
      subscription.add(options.faults$?.subscribe({ next: (fault) => running.failed(fault), error }));
      subscription.add(
        messages$.subscribe({
          next: (message) => running.push(message),
          error,
          complete: () => running.end(),
        }),
      );
      return subscription;
    });
}

/** How often it looks whether all has come that was awaited, s. */
const LOOK_S: Seconds = 0.1;

const told = ({ source, stream }: Binding): StreamMessage => ({ kind: 'bind', source, stream: stream.id });

class RunningSession implements Worker {
  readonly #options: RunSessionOptions;
  readonly #to: { readonly next: (live: LiveOutput) => void; readonly complete: () => void };
  readonly #inbox = new Inbox();
  readonly #backlog = new Backlog();
  readonly #leaveStall: (() => void) | undefined;
  /** Looks, while what came waits for what is still to come. */
  #look: Timer | null = null;
  #stage: 'running' | 'ending' | 'closing' | 'ended' = 'running';
  readonly #sequence = new NodeSequence();
  readonly #faults = new SessionFaults();
  readonly #facts = new SessionFacts();
  #binder: Binder;
  readonly #silence: SilenceWatch;
  #loaded: LoadedPipeline;
  #graph: SessionGraph | FailedSession | null = null;
  #isHeld = false;
  readonly #windows = new WholeWindows(this.#sequence);
  /** The message that the graph was given last. */
  #begun: StreamMessage | null = null;

  constructor(
    options: RunSessionOptions,
    to: { readonly next: (live: LiveOutput) => void; readonly complete: () => void },
  ) {
    this.#options = options;
    this.#to = to;
    this.#loaded = options.loaded.value;
    this.#binder = this.#makeBinder(this.#loaded, options.events);
    options.asked?.((stream) => this.#binder.whyUnbound(stream));
    this.#leaveStall = options.stall?.onCaughtUp(() => this.#catchUp());
    this.#silence = new SilenceWatch(options.clock, {
      stall: options.stall,
      isBusy: () => options.isBusy?.() || this.#isBehind || !this.#backlog.isEmpty,
      feeds: (id) => this.#binder.feeds(id),
      keeps: (info) => this.#binder.keeps(info),
      tell: (message) => {
        this.#log(message);
        this.#go();
      },
    });
    this.#binder.expect(options.expected ?? [], this.#silence.listened());
    this.#attempt(() => {
      this.#graph = options.from
        ? this.#goOn(options.from, this.#loaded)
        : this.#make(this.#loaded, options.events);
    });
  }

  /** Goes on where another daemon was. */
  #goOn({ graph: { graph: state, isDown, schemas }, heard }: ContinuedGraph, loaded: LoadedPipeline) {
    this.#facts.restore(state);
    this.#sequence.restore(state.sequence);
    this.#windows.goOn(state.closedUntil, new Map(Object.entries(schemas)));
    this.#binder.goOn(this.#facts.open, this.#facts.told, this.#silence.listened());
    for (const info of this.#facts.open) {
      const was = heard.get(info.id);
      if (was && this.#binder.feeds(info.id)) this.#silence.goOn(info, was.last, was.at, was.isStale);
    }
    if (isDown) {
      const down = this.#down(loaded);
      down.restore(state.closing);
      return down;
    }
    const graph = this.#make(loaded, this.#options.events);
    graph.restore(state);
    return graph;
  }

  /** Makes a graph of another pipeline that goes on where this one is. Throws where that can't be. */
  prepare(loaded: LoadedPipeline): () => void {
    const held: SessionEvent[] = [];
    let isHeld = true;
    const events: EventSink = (event) => (isHeld ? held.push(event) : this.#options.events(event));
    const binder = this.#makeBinder(loaded, events);
    const bindings = binder.takeOver(this.#binder.snapshot());
    const graph = this.#make(loaded, events);
    graph.takeOver(
      this.#graph instanceof SessionGraph ? this.#graph.snapshot() : this.#windows.bare(this.#facts),
      bindings,
    );
    return () => {
      const wasDown = this.#graph instanceof FailedSession;
      this.#loaded = loaded;
      this.#graph = graph;
      this.#binder = binder;
      this.#faults.forget();
      isHeld = false;
      for (const event of held) this.#options.events(event);
      if (wasDown) this.#tellBegunAnew(false, null);
      for (const binding of bindings) {
        this.#facts.bound(binding.source, binding.stream);
        this.#options.log?.(told(binding));
      }
    };
  }

  push(message: StreamMessage): void {
    if (!this.#isBehind && this.#backlog.isEmpty) {
      this.#take(message, false);
      return;
    }
    if (this.#backlog.isEmpty) this.#options.ordering?.(true);
    this.#backlog.add(message);
    if (this.#backlog.isFull) this.#takeBacklog();
    else this.#look ??= this.#options.clock.every(LOOK_S, () => this.#catchUp());
  }

  /** Whether something is to come that was sent before what comes now: we stood still, or didn't read its sender. */
  get #isBehind(): boolean {
    const { stall, isCatchingUp } = this.#options;
    return stall?.isBehind || (isCatchingUp?.() ?? false);
  }

  #catchUp(): void {
    if (!this.#isBehind) this.#takeBacklog();
  }

  /** What waited to be put in order. */
  #takeBacklog(): void {
    this.#look?.cancel();
    this.#look = null;
    if (this.#backlog.isEmpty) return;
    for (const message of this.#backlog.take()) this.#take(message, true);
    this.#options.ordering?.(false);
  }

  #take(message: StreamMessage, isBehind: boolean): void {
    if (message.kind === 'open') this.#silence.describe(message.info);
    for (const binding of this.#binder.take(message, this.#silence.listened())) this.#log(told(binding));
    if (message.kind === 'chunk' && this.#binder.feeds(message.chunk.info.id))
      this.#silence.hear(message.chunk, isBehind);
    this.#log(message);
    this.#go();
  }

  #log(message: StreamMessage): void {
    const { session, log, events } = this.#options;
    const isKept = this.#inbox.offer(message);
    if (!isKept) {
      const samples = message.kind === 'chunk' ? message.chunk.times.length : 1;
      log?.({ kind: 'dropped', stream: streamOf(message)!, samples });
    }
    log?.(message);
    if (!isKept) events(samplesLeftOut(session, message));
  }

  /** No message comes after this. */
  end(): void {
    this.#takeBacklog();
    this.#silence.close();
    this.#stage = 'ending';
    this.#go();
  }

  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (!isHeld) this.#go();
  }

  /** Nobody wants what comes. */
  stop(): void {
    this.#leaveStall?.();
    this.#look?.cancel();
    this.#silence.stop();
  }

  get isIdle(): boolean {
    if (this.#isHeld) return true;
    const isAsked = this.#stage === 'ending' || this.#stage === 'closing';
    return this.#isThrough && this.#inbox.size === 0 && !isAsked;
  }

  work(units: number): number {
    let left = units;
    while (left > 0 && !this.isIdle) {
      if (this.#isThrough) left -= this.#beginNext();
      else
        this.#contain((graph) => {
          left -= graph.work(left);
          if (graph === this.#graph && graph.isIdle) this.#reach(graph);
        });
    }
    this.#options.waiting?.(this.#inbox.size);
    return units - left;
  }

  #reach(graph: SessionGraph | FailedSession): void {
    if (this.#begun?.kind !== 'chunk' || this.#stage !== 'running' || graph instanceof FailedSession) return;
    this.#options.reached?.(this.#begun, () => ({
      graph: graph.snapshot(),
      ...{ isDown: false, due: null, dueAtEnd: null, dropped: [] },
      schemas: Object.fromEntries(this.#windows.schemas),
    }));
  }

  /** Whether the graph is through with the message before. */
  get #isThrough(): boolean {
    return this.#graph?.isIdle ?? true;
  }

  #go(): void {
    const { turns } = this.#options;
    if (turns) {
      turns.take(this);
      if (this.#inbox.size > 0) this.#options.waiting?.(this.#inbox.size);
    } else while (!this.isIdle) this.work(1024);
  }

  /** Gives the units that it took. */
  #beginNext(): number {
    const message = this.#inbox.take();
    if (message) {
      this.#windows.begin();
      this.#begun = message;
      const fault = this.#askedFault(message);
      this.#contain((graph) => {
        // One that is down has no graph to throw.
        if (fault && graph instanceof SessionGraph) throw fault;
        graph.begin(message);
      });
      // What binds is bounded by the pipeline's sources.
      return message.kind === 'bind' ? 0 : 1;
    }
    if (this.#stage === 'ending') {
      this.#stage = 'closing';
      this.#windows.begin();
      this.#contain((graph) => graph.beginEnd());
    } else {
      this.#stage = 'ended';
      this.#to.complete();
    }
    return 0;
  }

  #askedFault(message: StreamMessage): Error | null {
    if (message.kind !== 'marker') return null;
    const stream = this.#facts.streamOf(message.marker.stream);
    return (stream && this.#options.askedFault?.(stream, message.marker)) ?? null;
  }

  failed(fault: unknown): void {
    const { session, clock, events } = this.#options;
    const { message: reason } = errorOf(fault);
    const wasDown = this.#graph instanceof FailedSession;
    const isDown = this.#faults.take(clock.now()) === 'down';
    events(sessionFailed(session, reason, isDown));
    if (wasDown) return;
    this.#windows.cut();
    this.#tellBegunAnew(isDown, reason);
    this.#begin(isDown);
  }

  #tellBegunAnew(isDown: boolean, reason: string | null): void {
    const isAtEnd = this.#stage === 'closing' || this.#stage === 'ended';
    const pipeline = this.#loaded.pipeline.digest;
    const { given } = this.#windows;
    this.#options.begunAnew?.({ pipeline, given, isDown, reason }, isAtEnd ? null : this.#begun);
  }

  #contain(step: (graph: SessionGraph | FailedSession) => void): void {
    const graph = this.#graph;
    try {
      if (graph) step(graph);
    } catch (error) {
      // A graph that was replaced in the middle of its work has had its fault.
      if (this.#graph === graph) this.failed(error);
    }
  }

  #attempt(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.failed(error);
    }
  }

  #begin(isDown: boolean): void {
    if (isDown) {
      this.#graph = this.#down(this.#loaded);
      return;
    }
    this.#attempt(() => {
      // What its streams feed was told before.
      let isHeld = true;
      const graph = this.#make(this.#loaded, (event) => {
        if (!isHeld) this.#options.events(event);
      });
      graph.takeOver(this.#windows.bare(this.#facts));
      isHeld = false;
      this.#graph = graph;
    });
  }

  #down(loaded: LoadedPipeline): FailedSession {
    const options = this.#graphOptions(loaded, this.#options.events);
    const emit: GraphOptions['emit'] = (output) => this.#give(output, loaded);
    return new FailedSession({ ...options, facts: this.#facts, emit }, this.#windows);
  }

  #makeBinder({ pipeline }: LoadedPipeline, events: EventSink): Binder {
    return new Binder(pipeline.sources.values(), {
      session: this.#options.session,
      events,
      unusable: (source, stream) => whyUnusable(pipeline, source, stream),
    });
  }

  #make(loaded: LoadedPipeline, events: EventSink): SessionGraph {
    const graph: SessionGraph = new SessionGraph({
      ...this.#graphOptions(loaded, events),
      emit: (output) => {
        // What is told of an output may be a fault, and another graph in this one's place, which is in the middle of its work.
        if (this.#graph === graph) this.#give(output, loaded);
        if (this.#graph !== graph) throw new CutShort();
      },
    });
    return graph;
  }

  #graphOptions(loaded: LoadedPipeline, events: EventSink): Omit<GraphOptions, 'emit'> {
    return {
      session: this.#options.session,
      pipeline: loaded.pipeline,
      models: modelInputs(loaded),
      ordered: false,
      logged: new Set(loaded.pipeline.sources.keys()),
      monitor: true,
      sequence: this.#sequence,
      facts: this.#facts,
      events,
    };
  }

  #give(output: GraphOutput, loaded: LoadedPipeline): void {
    for (const given of this.#windows.take(output)) this.#to.next({ output: given, loaded });
  }
}
