import { existsSync, readdirSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Linux lists a process's descriptors here. */
const DESCRIPTORS = '/proc/self/fd';

/** The daemon's metrics, in a registry of their own; `/metrics` renders it. Names follow Prometheus' conventions. */
export interface Metrics {
  readonly registry: Registry;
  readonly sessions: Gauge;
  readonly windows: Counter;
  readonly predictions: Counter<'valid'>;
  /** From a window's closing to its prediction, s. */
  readonly predictionLatency: Histogram;
  readonly subscribers: Gauge;
  readonly messagesSent: Counter<'stream'>;
  readonly messagesDropped: Counter<'stream' | 'policy'>;
  readonly ingestConnections: Gauge;
  readonly ingestStreams: Gauge;
  readonly ingestSamples: Counter;
  readonly ingestAcks: Counter;
  readonly ingestNacks: Counter<'code'>;
  readonly recordings: Gauge;
  readonly recordingsFailing: Gauge;
  readonly protocolErrors: Counter<'path' | 'code'>;
  /** Times that a connection was read more slowly because it sent too fast. */
  readonly throttled: Counter<'path'>;
  readonly connectionsRefused: Counter<'code'>;
  /** Stops measuring the event loop. */
  close(): void;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const counter = <L extends string = never>(name: string, help: string, labelNames: L[] = []) =>
    new Counter<L>({ name, help, labelNames, registers });

  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  new Gauge({
    name: 'affectd_event_loop_lag_seconds',
    help: 'Delay of the event loop since the last scrape.',
    labelNames: ['quantile'],
    registers,
    collect() {
      // An idle histogram holds no value and answers NaN or the largest integer.
      const read = (nanoseconds: number) => (delay.count > 0 ? nanoseconds / 1e9 : 0);
      this.set({ quantile: '0.5' }, read(delay.percentile(50)));
      this.set({ quantile: '0.99' }, read(delay.percentile(99)));
      this.set({ quantile: '1' }, read(delay.max));
      delay.reset();
    },
  });
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  // Elsewhere nobody tells.
  if (existsSync(DESCRIPTORS))
    new Gauge({
      name: 'process_open_fds',
      help: 'Open descriptors.',
      registers,
      collect() {
        this.set(readdirSync(DESCRIPTORS).length);
      },
    });
  new Gauge({
    name: 'nodejs_active_resources',
    help: 'What keeps the event loop alive, by its kind: sockets, timers, requests.',
    labelNames: ['type'],
    registers,
    collect() {
      this.reset();
      for (const type of process.getActiveResourcesInfo()) this.inc({ type });
    },
  });

  return {
    registry,
    sessions: gauge('affectd_sessions', 'Sessions that run.'),
    windows: counter('affectd_windows_total', 'Windows closed.'),
    predictions: counter('affectd_predictions_total', 'Predictions published.', ['valid']),
    predictionLatency: new Histogram({
      name: 'affectd_prediction_latency_seconds',
      help: "From a window's closing to its prediction.",
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers,
    }),
    subscribers: gauge('affectd_subscribers', 'Connections at /v1/stream.'),
    messagesSent: counter('affectd_messages_sent_total', 'Messages sent to subscribers.', ['stream']),
    messagesDropped: counter(
      'affectd_messages_dropped_total',
      'Messages not sent because a subscriber read too slowly.',
      ['stream', 'policy'],
    ),
    ingestConnections: gauge('affectd_ingest_connections', 'Connections at /v1/ingest.'),
    ingestStreams: gauge('affectd_ingest_streams', 'Open ingest streams.'),
    ingestSamples: counter('affectd_ingest_samples_total', 'Samples taken.'),
    ingestAcks: counter('affectd_ingest_acks_total', 'Frames acknowledged.'),
    ingestNacks: counter('affectd_ingest_nacks_total', 'Times a frame was answered that it is not kept.', [
      'code',
    ]),
    recordings: gauge('affectd_recordings', 'Sessions that are recorded.'),
    recordingsFailing: gauge('affectd_recordings_failing', 'Those of which nothing is kept at present.'),
    protocolErrors: counter('affectd_protocol_errors_total', 'Coded errors answered.', ['path', 'code']),
    throttled: counter('affectd_throttled_total', 'Times a sender was read more slowly.', ['path']),
    connectionsRefused: counter('affectd_connections_refused_total', 'Connections refused.', ['code']),
    close: () => delay.disable(),
  };
}
