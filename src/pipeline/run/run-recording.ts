import {
  concatMap,
  finalize,
  lastValueFrom,
  map,
  Observable,
  type OperatorFunction,
  of,
  Subject,
  type Subscriber,
  type Subscription,
  tap,
} from 'rxjs';
import { type Seconds, VirtualClock } from '../../core/clock.js';
import type { EventSink } from '../../core/event.js';
import { isMeasured, type StreamMessage } from '../../core/signal.js';
import type { ThinnedWindow } from '../../io/recordings/recording.js';
import { anchorIgnored } from '../session/anchors.js';
import type { RecordedGraphState } from '../session/recorded-graph.js';
import type { SessionOutput } from '../session/session-output.js';
import type { StreamSpan } from '../session/stream-span.js';
import { Gate } from './gate.js';
import { type PredictionsState, predictInOrder } from './predict-in-order.js';
import { readThrough } from './read-through.js';
import { runHosted } from './run-hosted.js';
import { type LoadedPipeline, modelInputs } from './run-session.js';
import { type HostSetup, InlineHost, type MakeHost } from './session-host.js';
import { decodeState, encodeState } from './state-file.js';
import { thinnedFrames } from './thinned-frames.js';
import { whileHeld } from './while-held.js';

export interface RunRecordingOptions {
  readonly session: string;
  readonly loaded: LoadedPipeline;
  /** What the recording knows of its streams, from {@link spansOf}; default: nothing. */
  readonly spans?: ReadonlyMap<string, StreamSpan>;
  /** Sources whose streams the recording's log tells, from {@link loggedSources}; default: none. */
  readonly logged?: ReadonlySet<string>;
  /** Windows that models were not asked about when it was recorded, and are not now; default: none. A replay thins nothing itself. */
  readonly thinned?: readonly ThinnedWindow[];
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

/** Where a replay, or a live session, was stopped. */
export interface ReplayState {
  readonly graph: RecordedGraphState;
  readonly predictions: PredictionsState;
}

/** A replay from its beginning, or from where another one was stopped, to its end or until it is stopped. */
interface Stretch {
  readonly messages: Subject<StreamMessage>;
  /** What the model still works on then is not told. */
  readonly stop: () => Promise<ReplayState>;
  readonly subscription: Subscription;
}

/**
 * Runs a recording's messages through a pipeline: its graph, wherever that is, and the predictions of its frames. The gate is
 * shut while a graph elsewhere works, and while as many frames wait as go to the model next.
 */
export function runRecording(
  gate: Gate,
  options: RunRecordingOptions,
): OperatorFunction<StreamMessage, SessionOutput> {
  return (messages$) =>
    new Observable<SessionOutput>((subscriber) => {
      let stretch = begin(gate, options, null, subscriber);
      const goOn = async (message: StreamMessage): Promise<StreamMessage> => {
        const state = encodeState(await stretch.stop());
        await gate.closed();
        if (!subscriber.closed) stretch = begin(gate, options, decodeState(state) as ReplayState, subscriber);
        return message;
      };
      const { restoreEvery_s } = options;
      const stops = restoreEvery_s === undefined ? null : new Stops(restoreEvery_s);
      const going$ = stops
        ? messages$.pipe(
            concatMap((message) => (stops.before(message) ? whileHeld(gate, goOn(message)) : of(message))),
          )
        : messages$;
      const subscription = going$.subscribe({
        next: (message) => stretch.messages.next(message),
        error: (error) => stretch.messages.error(error),
        complete: () => stretch.messages.complete(),
      });
      return () => {
        subscription.unsubscribe();
        stretch.subscription.unsubscribe();
      };
    });
}

/**
 * Runs messages of a session that isn't over from where it was stopped (null: from its beginning), and stops behind them. `told` is
 * given what comes out.
 */
export async function runOn(
  messages: AsyncIterable<StreamMessage>,
  options: RunRecordingOptions,
  from: ReplayState | null,
  told: (output: SessionOutput) => void,
): Promise<ReplayState> {
  const gate = new Gate();
  const outputs = new Subject<SessionOutput>();
  const failed = new Promise<never>((_, reject) => outputs.subscribe({ next: told, error: reject }));
  failed.catch(() => {});
  const stretch = begin(gate, options, from, outputs);
  const read = lastValueFrom(
    readThrough(gate, messages).pipe(tap((message) => stretch.messages.next(message))),
    { defaultValue: null },
  );
  await Promise.race([read, failed]);
  const state = await stretch.stop();
  await gate.closed();
  return state;
}

function begin(
  gate: Gate,
  options: RunRecordingOptions,
  state: ReplayState | null,
  to: Pick<Subscriber<SessionOutput>, 'next' | 'error' | 'complete'>,
): Stretch {
  const { session, loaded, events, batch = 1 } = options;
  const make: MakeHost = options.host ?? ((setup, from) => new InlineHost(setup, from));
  const host = make(setupOf(options), state?.graph ?? null);
  const messages = new Subject<StreamMessage>();
  const model = {};
  let snapshot!: () => PredictionsState;
  const subscription = messages
    .pipe(
      runHosted({ host, gate, events }),
      map((output) => ({ output, loaded })),
      predictInOrder({
        session,
        // No time passes in a replay, whose time is the recording's.
        clock: new VirtualClock(),
        ...(options.explain && { explain: options.explain }),
        batch,
        // While the model works on one batch, the next one is read; who asks for single windows watches, and sees each first.
        mostFrames: batch === 1 ? 1 : 2 * batch,
        isThinned: thinnedFrames(options.thinned),
        held: (isHeld) => (isHeld ? gate.hold(model) : gate.release(model)),
        ignored: (anchor, node) => events({ ...anchorIgnored(anchor, node), session }),
        from: state ? { state: state.predictions, loaded } : undefined,
        snapshots: (take) => {
          snapshot = take;
        },
        closing: (work) => gate.closing(work),
      }),
      finalize(() => gate.release(model)),
    )
    .subscribe({
      next: (output) => to.next(output),
      error: (error: unknown) => to.error(error),
      complete: () => to.complete(),
    });
  const stop = async (): Promise<ReplayState> => {
    const graph = await host.snapshot();
    const predictions = snapshot();
    subscription.unsubscribe();
    return { graph, predictions };
  };
  return { messages, stop, subscription };
}

function setupOf(options: RunRecordingOptions): HostSetup {
  const {
    session,
    loaded,
    spans,
    logged,
    monitor = false,
    features = false,
    inArrivalOrder = false,
  } = options;
  return {
    session,
    pipeline: loaded.pipeline,
    models: modelInputs(loaded),
    ordered: !inArrivalOrder,
    ...(spans && { spans }),
    ...(logged && { logged }),
    monitor,
    features,
  };
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
