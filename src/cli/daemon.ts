import { filter, type Observable, tap } from 'rxjs';
import { canonicalJson } from '../core/digest.js';
import type { EventSink } from '../core/event.js';
import { chooseBackend } from '../lsl/backend.js';
import { loadConfig } from '../lsl/config.js';
import { type RunningServer, startServer } from '../server/server.js';
import { ConsoleSink } from '../sinks/console.js';
import { LslSink } from '../sinks/lsl.js';
import type { OutputMessage } from '../sinks/sink.js';
import { WebSocketSink } from '../sinks/websocket.js';
import { LslSource } from '../sources/lsl.js';
import type { SessionMessage, SourceContext } from '../sources/source.js';
import { WebSocketSource } from '../sources/websocket.js';
import { createMetrics } from '../telemetry/metrics.js';
import { sourceDefinitions } from '../topology/registry.js';
import type { LoadedPipeline } from '../topology/run-session.js';
import { PipelineRuntime } from '../topology/runtime.js';
import type { CommandContext } from './context.js';
import { type DaemonOptions, serverOptions } from './daemon-options.js';
import { SessionRecorder } from './session-recorder.js';

/** Session of sources that don't name one. */
export const DEFAULT_SESSION = 'default';
/** Session of what `--lsl` finds: its clock is the machine's, which senders over WebSocket don't share. */
export const LSL_SESSION = 'lsl';

export interface Daemon {
  readonly runtime: PipelineRuntime;
  readonly sink: WebSocketSink;
  readonly server: RunningServer;
  /** Closes sockets with 1001 and stops, within 5 s. */
  close(): Promise<void>;
}

/** Starts a pipeline's sources, its graph and the server. Throws before anything listens if the port or a file is unusable. */
export async function startDaemon(
  context: CommandContext,
  loaded: LoadedPipeline,
  options: DaemonOptions,
  events: EventSink,
): Promise<Daemon> {
  const { clock } = context;
  const metrics = createMetrics();
  const runtime = new PipelineRuntime({ loaded, clock, events, metrics });
  const announce: EventSink = (event) => runtime.announce(event);
  const source = new WebSocketSource({
    clock,
    events: announce,
    metrics,
    busy: (session) => runtime.busy(session),
  });
  const unixOf = (session: string, time: number): number | undefined => {
    const zero = runtime.sessions.get(session)?.zero_unix_s;
    return zero === null || zero === undefined ? undefined : zero + time;
  };
  const sink = new WebSocketSink({
    clock,
    events,
    metrics,
    unixOf,
  });
  runtime.outputs$.subscribe((message) => sink.publish(message));
  const printed = printedStreams(loaded);
  if (printed.size > 0) {
    const lines = new ConsoleSink(context.stdout);
    runtime.outputs$
      .pipe(filter(({ stream }) => printed.has(stream)))
      .subscribe((message) => lines.publish(message));
  }
  const recorder =
    options.record === undefined ? null : new SessionRecorder(options.record, { clock, events: announce });
  const recorded = (messages$: Observable<SessionMessage>): Observable<SessionMessage> =>
    recorder ? messages$.pipe(tap((message) => recorder.take(message))) : messages$;
  runtime.consume(recorded(source.messages$));
  const lslSink = lslSinkOf(loaded, { clock, events, unixOf });
  if (lslSink) runtime.outputs$.subscribe((message) => lslSink.publish(message));
  const close = async (): Promise<void> => {
    await Promise.all([source.close(), sink.close(), lslSink?.close()]);
    await recorder?.close();
    await runtime.close();
    metrics.close();
  };
  try {
    const server = await startServer({
      clock,
      events,
      metrics,
      source,
      sink,
      ...(await serverOptions(options)),
    });
    for (const messages$ of otherSources(loaded, { clock, events: announce, session: DEFAULT_SESSION }))
      runtime.consume(recorded(messages$));
    if (options.lsl !== undefined)
      runtime.consume(recorded(lslStreams(options, { clock, events: announce, session: LSL_SESSION })));
    return {
      runtime,
      sink,
      server,
      close: async () => {
        await server.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Streams on the network, for the sources of whichever type of data they fit. */
function lslStreams({ lsl, lslBackend = 'auto' }: DaemonOptions, { clock, events, session }: SourceContext) {
  const params = typeof lsl === 'string' ? { query: lsl } : {};
  const network = { clock, events, config: loadConfig() };
  return new LslSource(network, params, session, chooseBackend(lslBackend)).messages$;
}

/** The pipeline's outlet, if it has one. */
function lslSinkOf(
  { pipeline }: LoadedPipeline,
  options: ConstructorParameters<typeof LslSink>[0],
): LslSink | null {
  const wanted = [...pipeline.sinks.values()].some(({ type }) => type === 'lsl');
  return wanted ? new LslSink(options) : null;
}

/** What the pipeline's console sinks are fed with. */
function printedStreams({ pipeline }: LoadedPipeline): Set<OutputMessage['stream']> {
  const inputs = [...pipeline.sinks.values()]
    .filter(({ type }) => type === 'console')
    .flatMap((sink) => sink.inputs);
  return new Set(inputs.map((input) => (pipeline.models.has(input) ? 'affect' : 'features')));
}

/** Sources beside the WebSocket, which every daemon has. Nodes of equal type and parameters share one. */
function otherSources({ pipeline }: LoadedPipeline, context: SourceContext) {
  const sources = new Map<string, ReturnType<PipelineSourceCreate>['messages$']>();
  for (const { type, params } of pipeline.sources.values()) {
    const definition = sourceDefinitions.get(type);
    const key = canonicalJson([type, params]);
    if (!definition || type === 'websocket' || sources.has(key)) continue;
    sources.set(key, definition.create(params, context).messages$);
  }
  return sources.values();
}

type PipelineSourceCreate = (typeof sourceDefinitions extends ReadonlyMap<string, infer D>
  ? D
  : never)['create'];

/** Resolves when the process is asked to end. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
