import type { Seconds } from '../core/clock.js';
import type { EventSink } from '../core/event.js';
import { isMeasured, type StreamMessage } from '../core/signal.js';
import { type AnchorState, Anchors, anchorIgnored } from './anchors.js';
import type { StreamSpan } from './binder.js';
import type { GraphOutput } from './graph-output.js';
import type { GraphState } from './graph-state.js';
import { type FrameOutput, type Predicted, type PredictionContext, predictAll } from './predict.js';
import { type LoadedPipeline, modelInputs } from './run-session.js';
import { type Given, InlineHost, type MakeHost, type SessionHost } from './session-host.js';
import type { SessionOutput } from './session-output.js';
import { decodeState, encodeState } from './state-file.js';

/** A good {@link ReplayOptions.batch} where nobody watches. */
export const REPLAY_BATCH = 16;

export interface ReplayOptions {
  readonly session: string;
  readonly loaded: LoadedPipeline;
  /** What the recording knows of its streams, from {@link spansOf}; default: nothing. */
  readonly spans?: ReadonlyMap<string, StreamSpan>;
  /** Sources whose streams the recording's log tells, from {@link loggedSources}; default: none. */
  readonly logged?: ReadonlySet<string>;
  readonly events: EventSink;
  /** Whether to tell the state of every channel; default no. */
  readonly monitor?: boolean;
  /** Whether to give feature vectors beside predictions; default no. */
  readonly features?: boolean;
  /**
   * Whether messages come as they came live, so that windows close when they did; default: in order of their stamps.
   */
  readonly inArrivalOrder?: boolean;
  /**
   * Windows that go to the model together; default 1. More are faster, and come later, which matters only to those
   * who watch. The predictions don't depend on it.
   */
  readonly batch?: number;
  /** Whether a model's predictions carry their `contribution`; asked for each batch. Default: no. */
  readonly explain?: (model: string) => boolean;
  /** Where the graph runs; default: in this thread. */
  readonly host?: MakeHost;
  /** Stops, stores everything and goes on as a new object, every so much of the recording's time, s. Default: never. */
  readonly restoreEvery_s?: Seconds | undefined;
}

/**
 * Runs a recording's messages, in order of their first stamps or of their arrival, through a pipeline. Nothing is dropped: the
 * reader waits while the model works, so memory stays bounded however fast the disk is.
 */
export async function* replay(
  messages: AsyncIterable<StreamMessage> | Iterable<StreamMessage>,
  options: ReplayOptions,
): AsyncGenerator<SessionOutput> {
  const stops = new Stops(options.restoreEvery_s ?? Number.POSITIVE_INFINITY);
  let run = new ReplayRun(options, null);
  try {
    for await (const message of messages) {
      if (stops.before(message)) {
        const state = encodeState(await run.snapshot());
        await run.close();
        run = new ReplayRun(options, decodeState(state) as ReplayState);
      }
      const given = run.push(message);
      if (given) yield* await given;
    }
    yield* run.end();
  } finally {
    await run.close();
  }
}

/** Where a replay was stopped. */
interface ReplayState {
  readonly graph: GraphState;
  readonly anchors: AnchorState;
  /** What the model was asked for and has not been told on, and what it is not yet asked for. */
  readonly asked: readonly GraphOutput[];
  readonly waiting: readonly GraphOutput[];
}

/** A replay from its beginning, or from where another one was stopped. */
class ReplayRun {
  readonly #options: ReplayOptions;
  readonly #host: SessionHost;
  readonly #anchors: Anchors;
  readonly #batch: number;
  #asked: readonly GraphOutput[] = [];
  /** While the model works on one batch, the next one is read. */
  #answer: Promise<SessionOutput[]> = Promise.resolve([]);
  #waiting: GraphOutput[] = [];
  #frames = 0;

  constructor(options: ReplayOptions, state: ReplayState | null) {
    const { session, loaded, spans, logged, monitor = false, features = false } = options;
    this.#options = options;
    this.#batch = options.batch ?? 1;
    const make: MakeHost = options.host ?? ((setup, from) => new InlineHost(setup, from));
    this.#host = make(
      {
        session,
        pipeline: loaded.pipeline,
        models: modelInputs(loaded),
        ordered: !(options.inArrivalOrder ?? false),
        ...(spans && { spans }),
        ...(logged && { logged }),
        monitor,
        features,
      },
      state?.graph ?? null,
    );
    this.#anchors = new Anchors(state?.anchors, (anchor, model) =>
      options.events({ ...anchorIgnored(anchor, model), session }),
    );
    if (!state) return;
    // The answer was not stored: it is asked for again, together with what it was asked for with before.
    this.#ask(state.asked);
    this.#keep(state.waiting);
  }

  /** What is ready to be told; null where nothing is. */
  push(message: StreamMessage): Promise<readonly SessionOutput[]> | null {
    const given = this.#host.push(message);
    return given instanceof Promise
      ? given.then(async (later) => (await this.#take(later)) ?? [])
      : this.#take(given);
  }

  async *end(): AsyncGenerator<SessionOutput> {
    yield* await this.#answers();
    const { outputs, events } = await this.#host.end();
    for (const event of events) this.#options.events(event);
    this.#ask([...this.#waiting, ...outputs]);
    yield* await this.#answers();
  }

  async snapshot(): Promise<ReplayState> {
    const graph = await this.#host.snapshot();
    return { graph, anchors: this.#anchors.snapshot(), asked: this.#asked, waiting: this.#waiting };
  }

  /** What the model still works on is not told. */
  async close(): Promise<void> {
    await this.#host.close();
    await this.#answer;
  }

  #take({ outputs, events }: Given): Promise<readonly SessionOutput[]> | null {
    for (const event of events) this.#options.events(event);
    this.#keep(outputs);
    const { runners } = this.#options.loaded;
    if (this.#waiting.length === 0 || (this.#frames < this.#batch && runners.size > 0)) return null;
    const before = this.#batch > 1 ? this.#answers() : null;
    this.#ask(this.#waiting);
    this.#waiting = [];
    this.#frames = 0;
    return before ?? this.#answers();
  }

  #keep(outputs: readonly GraphOutput[]): void {
    for (const output of outputs) {
      this.#waiting.push(output);
      if (output.kind === 'frame') this.#frames++;
    }
  }

  #ask(outputs: readonly GraphOutput[]): void {
    const { session, loaded, explain } = this.#options;
    const pipeline = loaded.pipeline.digest;
    this.#asked = outputs;
    this.#answer = predicted(outputs, loaded, (model) => {
      return { session, pipeline, explain: explain?.(model) ?? false };
    });
  }

  async #answers(): Promise<SessionOutput[]> {
    const answer = this.#answer;
    const made = await answer;
    if (this.#answer === answer) {
      this.#answer = Promise.resolve([]);
      this.#asked = [];
    }
    const models = [...this.#options.loaded.runners.keys()];
    return made.map((output) => this.#anchors.follow(output, models));
  }
}

/** When a replay is to be stopped: each time that so much of the recording has passed. */
class Stops {
  #first: Seconds | null = null;
  #next: Seconds;

  constructor(readonly every_s: Seconds) {
    this.#next = every_s;
  }

  before(message: StreamMessage): boolean {
    if (message.kind !== 'chunk' || message.chunk.times.length === 0) return false;
    if (!isMeasured(message.chunk.info)) return false;
    const [time] = message.chunk.times;
    this.#first ??= time;
    const passed_s = time - this.#first;
    if (passed_s < this.#next) return false;
    this.#next = (Math.floor(passed_s / this.every_s) + 1) * this.every_s;
    return true;
  }
}

/** Replaces frames by their predictions; the order stays. */
async function predicted(
  outputs: readonly GraphOutput[],
  { runners }: LoadedPipeline,
  contextOf: (model: string) => PredictionContext,
): Promise<SessionOutput[]> {
  const predictions = new Map<GraphOutput, Predicted>();
  for (const [model, runner] of runners) {
    const own = outputs.filter(
      (output) => output.kind === 'frame' && output.model === model,
    ) as FrameOutput[];
    const given = await predictAll(own, runner, contextOf(model));
    own.forEach((output, i) => {
      predictions.set(output, given[i]);
    });
  }
  return outputs.flatMap((output): SessionOutput[] => {
    if (output.kind !== 'frame') return [output];
    const made = predictions.get(output);
    return made ? [{ kind: 'prediction', ...made }] : [];
  });
}
