import { map, tap } from 'rxjs';
import type { Seconds } from '../core/clock.js';
import { doneWithin } from '../core/done-within.js';
import { ConfigurationError } from '../core/errors.js';
import type { EventSink } from '../core/event.js';
import { streamOf } from '../core/signal.js';
import { chooseBackend } from '../io/lsl/backend.js';
import { loadConfig } from '../io/lsl/config.js';
import { type RunningServer, startServer } from '../io/server/server.js';
import { ConsoleSink } from '../io/sinks/console.js';
import { contained, containedObserver } from '../io/sinks/contained.js';
import { LslSink } from '../io/sinks/lsl.js';
import { type OutputMessage, unexplained } from '../io/sinks/sink.js';
import { WebSocketSink } from '../io/sinks/websocket.js';
import { SharedSessions } from '../io/sources/door/shared-sessions.js';
import { AskedStreams } from '../io/sources/lsl/asked-streams.js';
import { LslDirectory } from '../io/sources/lsl/lsl-directory.js';
import type { SessionMessage } from '../io/sources/source.js';
import { WebSocketSource } from '../io/sources/websocket.js';
import { closedAtEnd } from '../pipeline/run/closed-at-end.js';
import type { LoadedPipeline } from '../pipeline/run/run-session.js';
import { RunningSinks, type SinkFactory } from '../pipeline/run/running-sinks.js';
import { RunningSources } from '../pipeline/run/running-sources.js';
import { PipelineRuntime } from '../pipeline/run/runtime.js';
import { baselineSince } from '../pipeline/session/baseline-since.js';
import { tickStream } from '../pipeline/session/silence-ticks.js';
import { partLimits } from '../recorder/parted-recording.js';
import { onceFor, recordedBindings } from '../recorder/recorded-bindings.js';
import { SessionRecorder } from '../recorder/session-recorder.js';
import { StallWatch } from '../signal/timebase/stall-watch.js';
import { foldedSink } from '../telemetry/fold-repeats.js';
import { createMetrics } from '../telemetry/metrics.js';
import { daemonCalls } from './calls/calls.js';
import { LiveSessions } from './calls/live-sessions.js';
import { SetMarkers } from './calls/set-markers.js';
import { type DaemonContext, type DaemonOptions, serverOptions } from './daemon-settings.js';
import { encodeSession, encodeTold, resumeSessions } from './resume-sessions.js';

/** What a disk has left to take when the daemon ends, s. */
const CLOSES_WITHIN_S: Seconds = 4;

/** Session of sources that don't name one. */
export const DEFAULT_SESSION = 'default';

export interface Daemon {
  readonly runtime: PipelineRuntime;
  readonly sink: WebSocketSink;
  readonly server: RunningServer;
  /**
   * Goes over to another pipeline: sources and sinks that are new start, those that are gone end, the others lose nothing.
   * Models that are replaced close when nothing waits for them. One at a time. @throws ConfigurationError or InputError of an end
   * that can't be made or opened, before anything has gone over: the old one stays.
   */
  replace(loaded: LoadedPipeline): Promise<void>;
  /** Closes sockets with 1001 and stops, within 5 s. */
  close(): Promise<void>;
}

/** Starts a pipeline's sources, its graph and the server. Throws before anything listens if the port or a file is unusable. */
export async function startDaemon(
  context: DaemonContext,
  loaded: LoadedPipeline,
  options: DaemonOptions,
  log: EventSink,
): Promise<Daemon> {
  const { clock } = context;
  const metrics = createMetrics();
  // What the log alone is told; the runtime folds what it tells the log and subscribers.
  const logged = foldedSink(clock, log);
  const { events } = logged;
  const sessions = new SharedSessions();
  const expected = options.record === undefined ? new Map() : recordedBindings(options.record, clock.unix());
  let take = (_: SessionMessage): void => {};
  const stall = new StallWatch(clock, (age_s) =>
    announce({
      code: 'daemon-behind',
      level: 'warn',
      message: `the daemon stood still for ${age_s.toFixed(1)} s, or the machine slept: no sensor counts as silent until what came meanwhile is read`,
      details: { age_s },
    }),
  );
  const runtime: PipelineRuntime = new PipelineRuntime({
    loaded,
    clock,
    events: log,
    metrics,
    sessions,
    expected: onceFor(expected),
    from: (session) => {
      const state = resumed?.take(session) ?? null;
      if (state) {
        const { graph } = state.graph;
        const rest = baselineSince(loaded.pipeline, graph);
        live.goOn(session, { zero: graph.zero, baseline: rest === null ? null : graph.zero! + rest });
      }
      return state;
    },
    stall,
    ...(context.turns && { turns: context.turns }),
    obeysFaults: options.obeyFaults ?? false,
    log: (message) => take(message),
    thinned: (session, window) => recorder?.thinned(session, window),
    begunAnew: (session, anew, after) => recorder?.begunAnew(session, anew, after),
    reached: (session, samples, state) =>
      recorder?.reached(session, samples, (place, since) => ({
        state: encodeSession({ place, state: state() }),
        told: encodeTold(place, sink.toldSince(session, since)),
      })),
    explain: (session, model) => sink.explains(session, model),
  });
  const announce: EventSink = (event) => runtime.announce(event);
  const source = new WebSocketSource({
    clock,
    events: announce,
    metrics,
    sessions,
    stall,
    busy: (session) => runtime.busy(session),
    safe: (session, streams) => safe(session, streams),
  });
  const live = new LiveSessions();
  const markers = new SetMarkers(sessions);
  const { lslBackend = 'auto' } = options;
  const { lslNetwork, serve = startServer } = context;
  const directory = new LslDirectory();
  const asked = new AskedStreams({
    ...{ clock, sessions, stall, directory, session: DEFAULT_SESSION },
    backend: () => chooseBackend(lslBackend),
    context: () => ({
      ...{ clock, events: announce, ...lslNetwork },
      config: lslNetwork?.config ?? loadConfig(),
    }),
  });
  const calls = daemonCalls({
    ...{ clock, live, markers, lsl: asked, runtime: () => runtime, sink: () => sink },
    recorder: () => recorder,
    safe: (session, streams) => safe(session, streams),
  });
  const sink: WebSocketSink = new WebSocketSink({
    ...{ clock, calls },
    events,
    metrics,
    ...(context.newName && { run: context.newName() }),
    unixOf: (session, time) => {
      const place = runtime.placeOf(session, time);
      return place === null ? undefined : clock.unix() - clock.now() + place;
    },
  });
  runtime.outputs$.subscribe(
    containedObserver('websocket', (message: OutputMessage) => sink.publish(message), events),
  );
  runtime.ended$.subscribe(containedObserver('websocket', (session: string) => sink.ended(session), events));
  runtime.outputs$.subscribe(
    containedObserver('websocket', (message: OutputMessage) => live.hear(message), events),
  );
  runtime.ended$.subscribe(containedObserver('websocket', (session: string) => live.ended(session), events));
  const sinks = new RunningSinks(
    runtime.outputs$.pipe(map(unexplained)),
    new Map<string, SinkFactory>([
      ['console', () => new ConsoleSink(context.stdout)],
      [
        'lsl',
        ({ name }) =>
          new LslSink({
            name,
            clock,
            events,
            stampOf: (session, time) => runtime.placeOf(session, time) ?? undefined,
          }),
      ],
    ]),
    events,
    runtime.ended$,
  );
  const recorder = recorderOf(
    options,
    context,
    (session) => sink.runOf(session),
    (event) => {
      announce(event);
      metrics.recordings.set(recorder?.sessions ?? 0);
      metrics.recordingsFailing.set(recorder?.failures.size ?? 0);
    },
  );
  await recorder?.check();
  const resumed =
    recorder && options.record !== undefined
      ? await resumeSessions(options.record, {
          clock,
          events: announce,
          loaded,
          sessions,
          source,
          recorder,
          sink,
        })
      : null;
  const safe = (session: string, streams: readonly string[]): Promise<void> | undefined => {
    const isSafe = (): Promise<void> | undefined => recorder?.safe(session, streams);
    return runtime.ordering(session)?.then(isSafe) ?? isSafe();
  };
  const rescue = (): void => recorder?.rescue();
  if (recorder) context.rescues?.add(rescue);
  runtime.ended$.subscribe(
    containedObserver('recording', (session: string) => recorder?.ended(session), events),
  );
  // What devices push here is told as it goes into the session; what comes from elsewhere is had there, but to be drawn is told, too.
  const pushed = new Set<string>();
  const tellSignals = contained(
    'websocket',
    ({ session, message }: SessionMessage) => {
      const id = streamOf(message);
      const isPushed = id === null || id === tickStream.id || pushed.has(`${id} of ${session}`);
      sink.publishSignals(session, message, isPushed);
    },
    events,
  );
  take = ({ session, message }) => {
    recorder?.take({ session, message });
    live.take({ session, message });
    tellSignals({ session, message });
    if (message.kind === 'close') pushed.delete(`${message.id} of ${session}`);
  };
  runtime.consume({
    ...source,
    messages$: source.messages$.pipe(
      tap(({ session, message }) => {
        if (message.kind === 'open') pushed.add(`${message.info.id} of ${session}`);
      }),
    ),
  });
  runtime.consume(markers);
  if (resumed) runtime.consume(resumed.cut);
  runtime.consume({ messages$: asked.messages$.pipe(closedAtEnd()) });
  const sources = new RunningSources({
    context: {
      clock,
      events: announce,
      session: DEFAULT_SESSION,
      sessions,
      stall,
      directory,
      lslBackend,
      ...(lslNetwork && { lslNetwork }),
    },
    always: lslNodes(options),
    consume: (started) => runtime.consume(started),
  });
  let isClosing = false;
  const close = async (): Promise<void> => {
    sources.close();
    asked.close();
    await Promise.all([source.close(), sink.close(), sinks.close()]);
    // A model that hangs takes its time beside a disk that does.
    await Promise.all([doneWithin(clock, CLOSES_WITHIN_S, recorder?.close()), runtime.close()]);
    context.rescues?.delete(rescue);
    stall.stop();
    logged.close();
    metrics.close();
  };
  try {
    const server = await serve({
      clock,
      events,
      metrics,
      ...{ source, sink, calls },
      ...(recorder && { openFile: (name) => recorder.shelf.open(name) }),
      ready: () => {
        const [failure] = recorder?.failures.values() ?? [];
        if (failure) return failure.code;
        const runners = [...runtime.loaded.runners.values()];
        return runners.some(({ isFailing }) => isFailing) ? 'model-failed' : null;
      },
      ...(await serverOptions(options)),
    });
    const openSinks = sinks.prepare(loaded.pipeline);
    const startSources = sources.prepare(loaded.pipeline);
    try {
      await openSinks.open(0);
    } catch (error) {
      openSinks.putBack();
      throw error;
    }
    openSinks.goOver();
    startSources();
    return {
      runtime,
      sink,
      server,
      replace: async (next) => {
        const { digest } = runtime.loaded.pipeline;
        await sources.check(next.pipeline);
        const changeSinks = sinks.prepare(next.pipeline);
        try {
          await changeSinks.open(runtime.sessions.size);
          if (isClosing) throw new Error('the daemon closes');
          const changeSources = sources.prepare(next.pipeline);
          const changeSessions = runtime.prepare(next);
          changeSinks.goOver();
          changeSessions();
          if (next.pipeline.digest !== digest) recorder?.reloaded(digest, next.pipeline.digest);
          changeSources();
        } catch (error) {
          changeSinks.putBack();
          throw error;
        }
      },
      close: async () => {
        isClosing = true;
        await server.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** `--lsl`: streams on the network, for the sources of whichever type of data they fit. */
function lslNodes({ lsl }: DaemonOptions) {
  if (lsl === undefined) return [];
  return [{ type: 'lsl', params: typeof lsl === 'string' ? { query: lsl } : {} }];
}

function recorderOf(
  { record, recordOnRequest = false, sync, ...parts }: DaemonOptions,
  { clock, disk, newName }: DaemonContext,
  runOf: (session: string) => string,
  events: EventSink,
): SessionRecorder | null {
  if (record === undefined) {
    if (recordOnRequest)
      throw new ConfigurationError(
        'record-folder-missing',
        '--record-on-request: where to? give the folder too, --record FOLDER',
      );
    return null;
  }
  return new SessionRecorder(record, {
    clock,
    events,
    limits: partLimits(parts),
    ...(sync && { sync }),
    ...(disk && { disk }),
    ...{ runOf, onRequest: recordOnRequest, ...(newName && { newName }) },
  });
}

/** Resolves when the process is asked to end. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
