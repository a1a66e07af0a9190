import { describe, expect, it } from 'vitest';
import type { SessionEvent } from '../../src/core/event.js';
import type { StreamInfo } from '../../src/core/signal.js';
import { chunkOf, streamInfo } from '../../src/testing/stream-fixtures.js';
import { checkPipeline } from '../../src/topology/check.js';
import { PipelineDocument } from '../../src/topology/document.js';
import { SessionGraph } from '../../src/topology/session-graph.js';

const { pipeline } = checkPipeline(
  new PipelineDocument(
    'test.yaml',
    `
sources:
  eeg: { type: websocket, stream_type: EEG }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 4, hop_s: 0.5 }
`,
  ),
);

/** A live session; how many windows each message closes is what its work is counted by. */
function start() {
  const events: SessionEvent[] = [];
  let windows = 0;
  const graph = new SessionGraph({
    ...{
      session: 's',
      pipeline: pipeline!,
      models: new Map(),
      ordered: false,
      bindings: null,
      monitor: true,
    },
    events: (event) => events.push(event),
    emit: ({ kind }) => {
      if (kind === 'closed') windows++;
    },
  });
  const send = (info: StreamInfo, times: readonly number[]): number => {
    const before = windows;
    const row = times.map((t) => Math.sin(t * 7) * 20);
    graph.push({ kind: 'chunk', chunk: chunkOf(info, [row], times) });
    return windows - before;
  };
  const codes = (): string[] => events.map(({ code }) => code);
  return { graph, events, send, codes };
}

const eeg = (sfreq: number, channels = 1): StreamInfo =>
  streamInfo({
    ...{ type: 'EEG', sfreq, unit: 'uV' },
    labels: Array.from({ length: channels }, (_, c) => `ch${c}`),
  });

describe('one message closes no more windows than it can have filled', () => {
  it('20 samples that stand for eleven days each', () => {
    const { send } = start();
    expect(
      send(
        eeg(1e-6),
        Array.from({ length: 20 }, (_, i) => 0.1 * i),
      ),
    ).toBeLessThan(30);
  });

  it('100 stamps, 59.5 s from each other: told in one event', () => {
    const { send, events } = start();
    const info = eeg(0);
    send(info, [0]);
    expect(
      send(
        info,
        Array.from({ length: 100 }, (_, i) => 59.5 * (i + 1)),
      ),
    ).toBeLessThanOrEqual(100);
    const skipped = events.filter(({ code }) => code === 'time-skipped');
    expect(skipped.map(({ details }) => details?.jumps)).toEqual([100]);
  });
});

it('silence that ticks tell of is not skipped', () => {
  const { graph, send, codes } = start();
  const info = eeg(0);
  send(info, [0, 0.1, 0.2]);
  const ticks: StreamInfo = { ...info, id: 'ticks', type: 'Ticks' };
  let closed = 0;
  for (let t = 1; t <= 30; t++) closed += send(ticks, [t]);
  expect(closed).toBe(53);
  send(info, [30.5]);
  expect(graph.head).toBe(30.5);
  expect(codes()).not.toContain('time-skipped');
});

it('a stream whose window would hold more than any sensor gives is left out', () => {
  const { graph, events } = start();
  graph.push({ kind: 'open', info: eeg(1e6, 1024) });
  const [ignored] = events;
  expect(ignored).toMatchObject({ code: 'stream-ignored', level: 'warn' });
  expect(ignored.message).toContain('1024 channels at 1000000 Hz make');
});
