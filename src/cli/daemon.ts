import { canonicalJson } from '../core/digest.js';
import type { EventSink } from '../core/event.js';
import { type RunningServer, startServer } from '../server/server.js';
import { WebSocketSink } from '../sinks/websocket.js';
import { WebSocketSource } from '../sources/websocket.js';
import { createMetrics } from '../telemetry/metrics.js';
import { sourceDefinitions } from '../topology/registry.js';
import type { LoadedPipeline } from '../topology/run-session.js';
import { PipelineRuntime } from '../topology/runtime.js';
import type { CommandContext } from './context.js';
import { type DaemonOptions, serverOptions } from './daemon-options.js';

/** Session of sources that don't name one. */
export const DEFAULT_SESSION = 'default';

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
  const sink = new WebSocketSink({
    clock,
    events,
    metrics,
    unixOf: (session, time) => {
      const zero = runtime.sessions.get(session)?.zero_unix_s;
      return zero === null || zero === undefined ? undefined : zero + time;
    },
  });
  runtime.outputs$.subscribe((message) => sink.publish(message));
  runtime.consume(source.messages$);
  const close = async (): Promise<void> => {
    await Promise.all([source.close(), sink.close()]);
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
      runtime.consume(messages$);
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

/** Sources beside the WebSocket, which every daemon has. Nodes of equal type and parameters share one. */
function otherSources({ pipeline }: LoadedPipeline, context: Parameters<PipelineSourceCreate>[1]) {
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
