import type { EventSink } from '../core/event.js';
import type { StreamMessage } from '../core/signal.js';
import type { Recording } from '../io/recordings/recording.js';
import { startServer } from '../io/server/server.js';
import { WebSocketSink } from '../io/sinks/websocket.js';
import { loggedSources, spansOf } from '../pipeline/run/match-streams.js';
import { outputMessage } from '../pipeline/run/output-messages.js';
import { replay } from '../pipeline/run/replay.js';
import type { LoadedPipeline } from '../pipeline/run/run-session.js';
import { createMetrics } from '../telemetry/metrics.js';
import { untilAborted } from './daemon.js';
import { type DaemonContext, type DaemonOptions, serverOptions } from './daemon-settings.js';

export interface ServeRecordingOptions {
  readonly loaded: LoadedPipeline;
  readonly recording: Recording;
  /** What it was opened from. */
  readonly files: readonly string[];
  /** The recording's, at the pace at which they are to come. */
  readonly messages: AsyncIterable<StreamMessage>;
  readonly session: string;
  readonly options: DaemonOptions;
  readonly events: EventSink;
  /** Aborts when nobody wants it any more. */
  readonly signal: AbortSignal;
}

/** `affectd replay --serve`: publishes a recording's predictions as they come, and keeps serving until asked to end. */
export async function serveRecording(context: DaemonContext, serve: ServeRecordingOptions): Promise<void> {
  const { clock } = context;
  const { loaded, recording, session, events, signal } = serve;
  const metrics = createMetrics();
  const sink = new WebSocketSink({ clock, events, metrics });
  const server = await startServer({ clock, events, metrics, sink, ...(await serverOptions(serve.options)) });
  const announce: EventSink = (event) => {
    events(event);
    sink.publish({ stream: 'sys', session, time: event.time ?? null, event });
  };
  context.stdout.write(`affectd replays ${session} on ${server.url}\n`);
  try {
    for await (const result of replay(serve.messages, {
      session,
      loaded,
      spans: spansOf(recording.streams),
      logged: loggedSources(loaded.pipeline, recording.bound),
      thinned: recording.thinned,
      events: announce,
      inArrivalOrder: recording.inArrivalOrder,
      monitor: true,
      features: true,
      explain: (model) => sink.explains(session, model),
    })) {
      if (signal.aborted) break;
      if (result.kind === 'began') sink.began(session, result.zero, serve.files);
      const message = outputMessage(session, result);
      if (message) sink.publish(message);
    }
    await untilAborted(signal);
  } finally {
    await server.close();
    metrics.close();
  }
}
