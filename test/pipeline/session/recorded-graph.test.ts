import { expect, it } from 'vitest';
import type { SessionEvent } from '../../../src/core/event.js';
import type { StreamMessage } from '../../../src/core/signal.js';
import type { GraphOutput } from '../../../src/pipeline/session/graph-output.js';
import { RecordedGraph, type RecordedGraphOptions } from '../../../src/pipeline/session/recorded-graph.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';
import { pipelineOf } from '../live-and-replay.js';

const pipeline = pipelineOf(`
sources:
  eeg: { type: websocket, stream_type: EEG }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 1, hop_s: 1 }
`);
const eeg = streamInfo({ type: 'EEG', sfreq: 64, labels: ['Cz'], unit: 'uV' });
const open: readonly StreamMessage[] = [
  { kind: 'open', info: eeg },
  { kind: 'bind', source: 'eeg', stream: eeg.id },
];
const seconds = (from: number, n: number): StreamMessage => ({
  kind: 'chunk',
  chunk: chunkOf(eeg, [Float64Array.from({ length: 64 * n }, (_, i) => Math.sin(i + from))], from),
});
const anew = (given: number, own = true, isDown = false): StreamMessage => ({
  kind: 'anew',
  anew: { pipeline: own ? pipeline.digest : 'another', given, isDown, reason: 'it is odd' },
  atEnd: false,
});
const dropped = (samples: number): StreamMessage => ({ kind: 'dropped', stream: eeg.id, samples });

const setup = {
  ...{ session: 's', pipeline, models: new Map(), ordered: false, monitor: false },
  logged: new Set(['eeg']),
};

function run(messages: readonly StreamMessage[], options: Partial<RecordedGraphOptions> = {}) {
  const told: string[] = [];
  const events: SessionEvent[] = [];
  const graph = new RecordedGraph(
    {
      ...setup,
      ...options,
      events: (event) => events.push(event),
      emit: (output: GraphOutput) =>
        told.push(
          output.kind === 'closed'
            ? `closed ${output.time}`
            : output.kind === 'began'
              ? `began ${output.zero}`
              : output.kind,
        ),
    },
    null,
  );
  for (const message of messages) graph.push(message);
  const isFeatures = (text: string): boolean => text === 'features';
  const features = told.filter(isFeatures).length;
  return { told: told.filter((text) => !isFeatures(text)), features, codes: events.map(({ code }) => code) };
}

it('a session whose graph failed before it began begins with the message after that', () => {
  expect(run([...open, anew(0), seconds(0, 2), seconds(2, 1)])).toEqual({
    told: ['began 2', 'closed 1'],
    features: 1,
    codes: ['session-failed'],
  });
});

it('gives no more of a message than it gave live, and goes on behind it', () => {
  const { told } = run([...open, seconds(0, 1), anew(2), seconds(1, 4), seconds(5, 1)]);
  // Windows before the next samples are of nobody, as they are live.
  expect(told).toEqual(['began 0', 'closed 1', 'closed 2', 'closed 3', 'closed 5', 'closed 6']);
});

it('heeds no fault of another pipeline, and none where messages come in order of stamps', () => {
  const plain = run([...open, seconds(0, 4), seconds(4, 2)]);
  expect(run([...open, anew(1, false, true), seconds(0, 4), seconds(4, 2)])).toEqual(plain);
  expect(run([...open, anew(1), dropped(64), seconds(0, 4)], { ordered: true })).toEqual(
    run([...open, seconds(0, 4)], { ordered: true }),
  );
});

it('leaves out as many samples as were, however they are cut', () => {
  const parts = run([...open, seconds(0, 1), dropped(96), seconds(1, 1), seconds(2, 1), seconds(3, 1)]);
  expect(parts.told.at(-1)).toBe('closed 4');
  expect(parts.codes.filter((code) => code === 'samples-dropped')).toHaveLength(2);
});

it('tells once that a source can’t use the stream that feeds it', () => {
  const messages = [...open, seconds(0, 2), anew(1), seconds(2, 2)];
  const { codes } = run(messages, { maxWindowValues: 10 });
  expect(codes.filter((code) => code !== 'samples-dropped')).toEqual(['stream-ignored', 'session-failed']);
});

it.each([false, true])('goes on as it was where it is stored, down (%s) as well', (isDown) => {
  const options = { ...setup, events: () => {}, emit: () => {} };
  const graph = new RecordedGraph(options, null);
  const atEnd = { ...(anew(2) as Extract<StreamMessage, { kind: 'anew' }>), atEnd: true };
  for (const message of [...open, anew(0, true, isDown), seconds(0, 2), anew(1), atEnd, dropped(9)])
    graph.push(message);
  const state = graph.snapshot();
  expect(state).toMatchObject({ isDown, due: { given: 1 }, dueAtEnd: { given: 2 }, dropped: [[eeg.id, 9]] });
  expect(new RecordedGraph(options, state).snapshot()).toEqual(state);
});
