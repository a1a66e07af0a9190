import { catchError, EMPTY, filter, finalize, map, type Observable, Subject, Subscription, tap } from 'rxjs';
import type { Clock, Seconds } from '../../core/clock.js';
import type { EventSink, SessionEvent } from '../../core/event.js';
import type { ModelRunner } from '../../core/model.js';
import { errorOf } from '../../core/owned.js';
import { type BegunAnew, isMeasured, type StreamMessage } from '../../core/signal.js';
import type { ThinnedWindow } from '../../io/recordings/recording.js';
import type { OutputMessage } from '../../io/sinks/sink.js';
import { SharedSessions } from '../../io/sources/door/shared-sessions.js';
import { type SessionMessage, type Source, sourceFailed } from '../../io/sources/source.js';
import { onGrid } from '../../signal/timebase/session-time.js';
import type { StallWatch } from '../../signal/timebase/stall-watch.js';
import { foldedSink } from '../../telemetry/fold-repeats.js';
import type { Metrics } from '../../telemetry/metrics.js';
import { anchorIgnored } from '../session/anchors.js';
import type { Binding } from '../session/binder.js';
import { AskedFaults } from './asked-faults.js';
import { bySession } from './by-session.js';
import { LeavingModels } from './leaving-models.js';
import { shedLive } from './model-queues.js';
import { outputMessage } from './output-messages.js';
import { type PredictionsState, predictInOrder } from './predict-in-order.js';
import type { ReplayState } from './run-recording.js';
import { type ContinuedGraph, type LoadedPipeline, runSession } from './run-session.js';
import { Switch } from './switch.js';
import { Turns } from './turns.js';

/** Messages of a session that may wait for its graph before its senders are asked to wait; beyond what an `Inbox` holds, samples are left out. */
const CROWDED_ABOVE = 256;

export interface SessionStatus {
  readonly session: string;
  predictions: number;
  droppedWindows: number;
}

export interface RuntimeOptions {
  readonly loaded: LoadedPipeline;
  readonly clock: Clock;
  readonly events: EventSink;
  readonly metrics?: Metrics;
  /** What the doors of each session share. Default: what the runtime makes. */
  readonly sessions?: SharedSessions;
  /** Gets every session's log: its messages in order, ticks and which stream feeds which source among them. */
  readonly log?: (message: SessionMessage) => void;
  /** Told of every window that a model is too slow for, before its line is told. */
  readonly thinned?: (session: string, window: ThinnedWindow) => void;
  /** Told where a session's graph begins anew after a fault, or a reload that ends its being down; `after` as for `runSession`. */
  readonly begunAnew?: (session: string, anew: BegunAnew, after: StreamMessage | null) => void;
  /** Whether somebody wants a model's predictions in a session to carry their `contribution`. Default: nobody. */
  readonly explain?: (session: string, model: string) => boolean;
  /** Streams that fed sources of a session before the daemon was started again. Default: none. */
  readonly expected?: (session: string) => readonly Binding[];
  /** Where another daemon was with a session, asked for once when it opens. Default: it begins. */
  readonly from?: (session: string) => ContinuedSession | null;
  /** Told whenever a session is through with samples of its log; `state` tells where it is then. */
  readonly reached?: (session: string, samples: StreamMessage, state: () => ReplayState) => void;
  /** Whether simulated streams that ask for faults of the daemon get them. Default: they don't. */
  readonly obeysFaults?: boolean;
  /** Bounds the work of all sessions in one turn of the event loop. */
  readonly turns?: Turns;
  /** Knows when we stood still ourselves; told of all that comes. Default: we never do. */
  readonly stall?: StallWatch;
}

/** Where another daemon was with a session, and what it hadn't told yet. */
export interface ContinuedSession extends ContinuedGraph {
  readonly predictions: PredictionsState;
}

/** What a session that is asked to send no more waits for, and who waits for it. */
interface Busy {
  readonly idle: Promise<void>;
  readonly release: () => void;
}

/** Runs a pipeline on live sources, one graph a session, and publishes what comes out. */
export class PipelineRuntime {
  readonly #loaded: Switch<LoadedPipeline>;
  readonly #outputs = new Subject<OutputMessage>();
  readonly #sessions = new Map<string, SessionStatus>();
  /** What the doors take in, all of them together: a session may have streams through several. */
  readonly #taken = new Subject<SessionMessage>();
  readonly #subscriptions = new Subscription();
  /** Sessions that lag behind what is sent. */
  readonly #busy = new Map<string, Busy>();
  /** Sessions of which messages wait to be put in order: until when. */
  readonly #ordering = new Map<string, { readonly over: Promise<void>; readonly end: () => void }>();
  /** By session, what tells why a stream of it feeds no source. */
  readonly #whys = new Map<string, (stream: string) => string | null>();
  readonly #leaving: LeavingModels;
  readonly #turns: Turns;
  readonly #shared: SharedSessions;
  readonly #ended = new Subject<string>();
  /** Events on their way to the log and to `sys`. */
  readonly #told: ReturnType<typeof foldedSink>;

  constructor(readonly options: RuntimeOptions) {
    this.#told = foldedSink(options.clock, (event) => {
      options.events(event);
      const { session = '*', time = null } = event;
      this.#outputs.next({ stream: 'sys', session, time, event });
    });
    this.#loaded = new Switch(options.loaded);
    this.#leaving = new LeavingModels(options.clock, (event) => this.announce(event));
    this.#turns = options.turns ?? new Turns();
    this.#shared = options.sessions ?? new SharedSessions();
    this.#subscriptions.add(
      this.#taken
        .pipe(bySession((session, own$) => this.#runSession(session, own$), options.clock))
        .subscribe({
          next: (message) => this.#outputs.next(message),
          error: (error: unknown) => this.announce(sessionsFailed(error)),
        }),
    );
  }

  get outputs$(): Observable<OutputMessage> {
    return this.#outputs.asObservable();
  }

  /** Names of sessions that have ended: what is kept of them may go. `sys` tells people. */
  get ended$(): Observable<string> {
    return this.#ended.asObservable();
  }

  get loaded(): LoadedPipeline {
    return this.#loaded.value;
  }

  get sessions(): ReadonlyMap<string, SessionStatus> {
    return this.#sessions;
  }

  /** Where `time`, in s from a session's zero, lies on this machine's clock ({@link Clock.now}); null before that is known. */
  placeOf(session: string, time: Seconds): Seconds | null {
    if (!this.#shared.has(session)) return null;
    const { time: own } = this.#shared.of(session);
    return own.zero === null ? null : own.ours(own.zero + time) - (this.options.stall?.slept_s ?? 0);
  }

  /** The stamp of a session's own clock at `at` of this machine's ({@link Clock.now}); null before a session has its zero. */
  stampAt(session: string, at: Seconds): Seconds | null {
    const begin = this.placeOf(session, 0);
    return begin === null ? null : onGrid(this.#shared.of(session).time.zero! + (at - begin));
  }

  /** Why an open stream of a session feeds no source; null: it feeds one, or there is no such stream. */
  whyUnbound(session: string, stream: string): string | null {
    return this.#whys.get(session)?.(stream) ?? null;
  }

  /** Takes in a source, until it completes or the runtime closes. Sessions go on for as long as one of their streams is open. */
  consume({ messages$ }: Source): void {
    this.#subscriptions.add(
      messages$.subscribe({
        next: (message) => {
          this.options.stall?.came();
          this.#taken.next(message);
        },
        error: (error: unknown) => this.announce(sourceFailed(error)),
      }),
    );
  }

  /**
   * Makes every session ready for another pipeline; the returned function goes over to it, at once. What can't be made
   * ready throws, and all stays as it was. Predictions in flight end on the models that are replaced, which close then.
   */
  prepare(loaded: LoadedPipeline): () => void {
    const goOver = this.#loaded.prepare(loaded);
    return () => {
      const { runners } = this.loaded;
      goOver();
      this.#leaving.replace(runners.values(), loaded.runners.values());
    };
  }

  /** Tells an event to the log and to subscribers of `sys`; of those that repeat, once a second. */
  announce(event: SessionEvent): void {
    this.#told.events(event);
  }

  /** While `session` lags behind what is sent: resolves when it has caught up. */
  busy(session: string): Promise<void> | undefined {
    return this.#busy.get(session)?.idle;
  }

  /** While messages of `session` wait to be put in order: resolves when what came so far is in its log. */
  ordering(session: string): Promise<void> | undefined {
    return this.#ordering.get(session)?.over;
  }

  #setOrdering(session: string, isWaiting: boolean): void {
    if (isWaiting) {
      let end = (): void => {};
      const over = new Promise<void>((resolve) => {
        end = resolve;
      });
      this.#ordering.set(session, { over, end });
    } else {
      this.#ordering.get(session)?.end();
      this.#ordering.delete(session);
    }
  }

  /** `messages` wait for the graph; above {@link CROWDED_ABOVE} senders are asked to wait until half of that is left. */
  #setWaiting(session: string, messages: number): void {
    const busy = this.#busy.get(session);
    if (!busy && messages > CROWDED_ABOVE) {
      let release = (): void => {};
      const idle = new Promise<void>((resolve) => {
        release = resolve;
      });
      this.#busy.set(session, { idle, release });
    } else if (busy && messages <= CROWDED_ABOVE / 2) {
      this.#busy.delete(session);
      busy.release();
    }
  }

  async close(): Promise<void> {
    this.#subscriptions.unsubscribe();
    this.#told.close();
    this.#outputs.complete();
    this.#ended.complete();
    await Promise.all([this.#leaving.close(), closeRunners(this.loaded.runners)]);
  }

  #runSession(session: string, messages$: Observable<SessionMessage['message']>): Observable<OutputMessage> {
    const { clock, metrics, explain, obeysFaults = false } = this.options;
    const status: SessionStatus = {
      session,
      predictions: 0,
      droppedWindows: 0,
    };
    this.#sessions.set(session, status);
    this.#shared.began(session);
    metrics?.sessions.set(this.#sessions.size);
    const events: EventSink = (event) => this.announce({ ...event, session });
    events({ code: 'session-opened', level: 'info', message: `session ${session} opened` });
    const from = this.options.from?.(session) ?? undefined;
    let untold!: () => PredictionsState;
    let own: ((stream: string) => string | null) | null = null;
    const faults$ = new Subject<unknown>();
    const held$ = new Subject<boolean>();
    const asked = new AskedFaults(obeysFaults, clock, events);
    return messages$.pipe(
      tap((message) => {
        if (message.kind === 'chunk' && isMeasured(message.chunk.info))
          this.#shared.of(session).time.hear(this.options.stall?.now() ?? clock.now(), message.chunk.times);
      }),
      runSession({
        session,
        loaded: this.#loaded,
        clock,
        events,
        faults$,
        held$,
        askedFault: (stream, marker) => asked.take(stream, marker),
        log: (message) => this.options.log?.({ session, message }),
        begunAnew: (anew, after) => this.options.begunAnew?.(session, anew, after),
        turns: this.#turns,
        expected: this.options.expected?.(session) ?? [],
        from,
        reached: (samples, state) =>
          this.options.reached?.(session, samples, () => ({ graph: state(), predictions: untold() })),
        stall: this.options.stall,
        waiting: (messages) => this.#setWaiting(session, messages),
        ordering: (isWaiting) => this.#setOrdering(session, isWaiting),
        asked: (why) => {
          own = why;
          this.#whys.set(session, why);
        },
        isBusy: () => this.busy(session) !== undefined,
        isCatchingUp: () => this.#shared.of(session).isCatchingUp(clock.now()),
      }),
      predictInOrder({
        session,
        clock,
        ...(explain && { explain: (model) => explain(session, model) }),
        shed: shedLive,
        slower: () => asked.slower(),
        snapshots: (snapshot) => {
          untold = snapshot;
        },
        from: from && { state: from.predictions, loaded: this.loaded },
        leaving: this.#leaving,
        held: (isHeld) => held$.next(isHeld),
        thinned: ({ model, seq, time }, { id }) => {
          status.droppedWindows++;
          this.options.thinned?.(session, { node: model, model: id, seq, time });
          events({
            code: 'windows-dropped',
            level: 'warn',
            time,
            message: `the model ${model} is too slow: it is not asked about its window at ${time} s`,
          });
        },
        ignored: (anchor, model) => events(anchorIgnored(anchor, model)),
        failed: (fault) => faults$.next(fault),
        predicted: (prediction, latency_s) => {
          status.predictions++;
          metrics?.predictions.inc({ valid: String(prediction.valid) });
          metrics?.predictionLatency.observe(latency_s);
        },
      }),
      tap((output) => {
        if (output.kind !== 'closed') return;
        metrics?.windows.inc();
      }),
      map((output) => {
        try {
          return outputMessage(session, output);
        } catch (error) {
          faults$.next(error);
          return null;
        }
      }),
      filter((message) => message !== null),
      // One session's fault must not end the others.
      catchError((error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        events({
          code: 'session-failed',
          level: 'error',
          message: `session ${session} ended by a fault: ${message}`,
        });
        return EMPTY;
      }),
      finalize(() => {
        asked.close();
        this.#setOrdering(session, false);
        this.#setWaiting(session, 0);
        // A session that began anew under this name has a status of its own.
        if (this.#sessions.get(session) === status) this.#sessions.delete(session);
        if (this.#whys.get(session) === own) this.#whys.delete(session);
        metrics?.sessions.set(this.#sessions.size);
        this.#shared.ended(session);
        events({ code: 'session-closed', level: 'info', message: `session ${session} closed` });
        this.#ended.next(session);
      }),
    );
  }
}

const sessionsFailed = (error: unknown): SessionEvent => ({
  code: 'session-failed',
  level: 'error',
  message: `all sessions ended by a fault: ${errorOf(error).message}`,
});

export async function closeRunners(runners: ReadonlyMap<string, ModelRunner>): Promise<void> {
  await Promise.all([...runners.values()].map((runner) => runner.close()));
}
