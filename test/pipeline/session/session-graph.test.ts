import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SessionEvent } from '../../../src/core/event.js';
import type { ModalityInput } from '../../../src/core/model.js';
import { Random } from '../../../src/core/random.js';
import { type Chunk, type StreamInfo, type StreamMessage, sliceChunk } from '../../../src/core/signal.js';
import { checkPipeline } from '../../../src/pipeline/file/check.js';
import { PipelineDocument } from '../../../src/pipeline/file/document.js';
import type { Pipeline } from '../../../src/pipeline/file/pipeline.js';
import type { GraphOutput } from '../../../src/pipeline/session/graph-output.js';
import { SessionGraph } from '../../../src/pipeline/session/session-graph.js';
import { onGrid } from '../../../src/signal/timebase/session-time.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';

const text = `
sources:
  eeg: { type: websocket, stream_type: EEG }
  eog: { type: websocket, stream_type: EOG, optional: true }
transforms:
  clean: { type: bandpass, input: eeg, low_hz: 2 }
  de: { type: extract, input: clean, features: [differential-entropy], window_s: 2, hop_s: 0.5 }
  raw: { type: window, input: eog, window_s: 2, hop_s: 0.5 }
models:
  affect: { type: hi-moe, path: nowhere, inputs: { eeg: de, eog: raw } }
`;

function pipelineOf(yaml: string): Pipeline {
  const { pipeline, problems } = checkPipeline(new PipelineDocument('test.yaml', yaml));
  if (!pipeline) throw new Error(JSON.stringify(problems));
  return pipeline;
}
const pipeline = pipelineOf(text);

const bands = ['delta', 'theta', 'alpha', 'beta', 'gamma'];
const inputs = new Map<string, ModalityInput>([
  [
    'eeg',
    {
      kind: 'features',
      upstream: '',
      features: ['Fp1', 'Fp2'].flatMap((channel) =>
        bands.map((band) => ({ channel, feature: `de_${band}`, unit: 'nat' })),
      ),
    },
  ],
  ['eog', { kind: 'window', upstream: '', channels: ['vEOG'], sfreq_hz: 60, length: 120 }],
]);

function streamOf(type: 'EEG' | 'EOG', sfreq: number, labels: string[]): StreamInfo {
  const channels = labels.map((label) => ({ label, unit: 'uV', type }));
  return { id: type, name: type, type, sourceId: type, sfreq, channels };
}
const eeg = streamOf('EEG', 110, ['Fp1', 'Fp2']);
const eog = streamOf('EOG', 60, ['vEOG']);

function signal(info: StreamInfo, from_s: number, to_s: number, seed = 1): Chunk {
  const random = new Random(seed);
  const n = Math.round((to_s - from_s) * info.sfreq);
  return {
    info,
    data: Float64Array.from({ length: n * info.channels.length }, () => 10 * random.gaussian()),
    times: Float64Array.from({ length: n }, (_, i) => from_s + i / info.sfreq),
    gapBefore: false,
  };
}

/** Cuts chunks at random places and puts the pieces in order of their first stamps. */
function cut(chunks: readonly Chunk[], seed: number, longest: number): Chunk[] {
  const random = new Random(seed);
  return chunks
    .flatMap((chunk) => {
      const pieces: Chunk[] = [];
      for (let from = 0; from < chunk.times.length; ) {
        const to = Math.min(chunk.times.length, from + 1 + Math.floor(random.uniform() * longest));
        pieces.push(sliceChunk(chunk, from, to));
        from = to;
      }
      return pieces;
    })
    .sort((a, b) => a.times[0] - b.times[0]);
}

interface RunOptions {
  readonly ordered?: boolean;
  readonly end?: boolean;
}

function start(options: RunOptions = {}) {
  const outputs: GraphOutput[] = [];
  const events: SessionEvent[] = [];
  const ordered = options.ordered ?? true;
  const graph = new SessionGraph({
    session: 's',
    pipeline,
    models: new Map([['affect', inputs]]),
    ordered,
    monitor: false,
    events: (event) => events.push(event),
    emit: (output) => outputs.push(output),
  });
  for (const info of [eeg, eog]) graph.push({ kind: 'open', info });
  return { graph, outputs, events };
}

function run(chunks: readonly Chunk[], options: RunOptions = {}) {
  const { graph, outputs, events } = start(options);
  for (const chunk of chunks) graph.push({ kind: 'chunk', chunk } satisfies StreamMessage);
  if (options.end ?? true) graph.end();
  return { outputs, events, frames: framesOf(outputs) };
}

function framesOf(outputs: readonly GraphOutput[]) {
  return outputs.flatMap((output) => (output.kind === 'frame' ? [output] : []));
}

/** Frames as text in which every bit counts. */
function bits(frames: ReturnType<typeof framesOf>): string[] {
  return frames.map(({ time, seq, window, frame, modalities }) =>
    JSON.stringify([
      time,
      seq,
      window,
      frame.map((m) => [[...m.values], [...m.mask], m.present]),
      [...modalities],
    ]),
  );
}

const session = [signal(eeg, 0, 9, 1), signal(eog, 0.1, 9, 2)];

describe('windows', () => {
  it('close from the first full window on, every hop, up to what the data fill', () => {
    const { frames } = run(session);
    expect(frames.map(({ time }) => time)).toEqual(Array.from({ length: 15 }, (_, k) => 2 + 0.5 * k));
    expect(frames.map(({ seq }) => seq)).toEqual(frames.map((_, k) => k));
    expect(frames[5].window).toEqual([2.5, 4.5]);
  });

  it('do not depend on how the recording is cut into chunks', () => {
    const whole = bits(run(session).frames);
    expect(whole.some((line) => line.includes('"present":true'))).toBe(true);
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(1, 7, 50, 2000), (seed, longest) => {
        expect(bits(run(cut(session, seed, longest)).frames)).toEqual(whole);
      }),
      { numRuns: 25 },
    );
  });

  it('are the same live as in replay, where chunks come in order of their first stamps', () => {
    const chunks = cut(session, 5, 20);
    expect(bits(run(chunks, { ordered: false }).frames)).toEqual(bits(run(chunks).frames));
  });

  it('do not depend on where the clock stood', () => {
    const late = cut(session, 3, 40).map((chunk) => ({
      ...chunk,
      times: chunk.times.map((t) => t + 1_700_000_000),
    }));
    const expected = run(cut(session, 3, 40)).frames;
    const got = run(late).frames;
    expect(got.map(({ time }) => time)).toEqual(expected.map(({ time }) => time));
    expect(got.map(({ frame }) => [...frame[0].values])).toEqual(
      expected.map(({ frame }) => [...frame[0].values]),
    );
  });

  it('of irregular movements do not depend on it in a single bit', () => {
    const gaze = pipelineOf(`
sources: { gaze: { type: websocket, stream_type: Gaze } }
transforms: { eye: { type: extract, input: gaze, features: [eye-movement], window_s: 4, hop_s: 1 } }`);
    const channels = ['left_x', 'left_y'].map((label) => ({ label, unit: 'deg', type: 'gaze' }));
    const info: StreamInfo = { id: 'g', name: 'g', type: 'Gaze', sourceId: 'g', sfreq: 60, channels };
    const random = new Random(4);
    const data = Float64Array.from(
      { length: 2 * 600 },
      (_, i) => 5 * Math.sign(Math.sin(i / 40)) + random.uniform() / 9,
    );
    const valuesFrom = (zero: number): string[] => {
      const values: string[] = [];
      const graph = new SessionGraph({
        ...{
          session: 's',
          pipeline: gaze,
          models: new Map(),
          ordered: true,
          monitor: false,
          events: () => {},
        },
        emit: (output) => {
          if (output.kind === 'features') values.push([output.vector.time, ...output.vector.values].join());
        },
      });
      const times = Float64Array.from({ length: 600 }, (_, i) => onGrid(zero + onGrid(i / 60)));
      graph.push({ kind: 'open', info });
      graph.push({ kind: 'chunk', chunk: { info, data, times, gapBefore: false } });
      graph.end();
      return values;
    };
    const expected = valuesFrom(0);
    expect(expected.length).toBeGreaterThan(5);
    for (const zero of [77.25, 4321.5, 1_700_000_000.125]) expect(valuesFrom(zero)).toEqual(expected);
  });

  it('of a session know nothing of another', () => {
    const alone = bits(run(session).frames);
    const a = start();
    const b = start();
    const noise = cut([signal(eeg, 0, 9, 8)], 1, 30);
    cut(session, 1, 30).forEach((chunk, i) => {
      a.graph.push({ kind: 'chunk', chunk });
      if (noise[i]) b.graph.push({ kind: 'chunk', chunk: noise[i] });
    });
    a.graph.end();
    expect(bits(framesOf(a.outputs))).toEqual(alone);
  });
});

describe('a stream that falls silent', () => {
  const silent = [signal(eeg, 0, 12, 1), signal(eog, 0, 5, 2), { ...signal(eog, 8, 12, 3), gapBefore: true }];

  it('is masked from the first window after it is stale, and back when a window is full again', () => {
    const { frames, events } = run(cut(silent, 1, 30));
    const present = frames.filter(({ modalities }) => modalities.get('eog')?.present).map(({ time }) => time);
    // Masked 0.5 s after the last sample at 4.983 s, told after 0.6 s; a full window again 2 s after the return at 8 s.
    expect(present).toEqual([2, 2.5, 3, 3.5, 4, 4.5, 5, 10, 10.5, 11, 11.5, 12]);
    expect(frames.find(({ time }) => time === 6)?.modalities.get('eog')?.reason).toBe('stale');
    expect(events.map(({ code, time }) => [code, time])).toContainEqual(['stream-stale', 6]);
    expect(events.map(({ code, time }) => [code, time])).toContainEqual(['stream-returned', 8.5]);
  });

  it('does not hold up the others, and gives the same live as in replay', () => {
    const chunks = cut(silent, 4, 15);
    const { graph, outputs } = start({ ordered: false });
    for (const chunk of chunks.filter((c) => c.times[0] < 7)) graph.push({ kind: 'chunk', chunk });
    expect(framesOf(outputs).at(-1)?.time).toBeLessThanOrEqual(5);
    graph.push({ kind: 'stale', stream: 'EOG', isStale: true });
    expect(framesOf(outputs).at(-1)?.time).toBeGreaterThanOrEqual(6.5);
    expect(bits(run(chunks, { ordered: false }).frames)).toEqual(bits(run(chunks).frames));
  });

  it('masked, its garbage leaves every other bit as it was', () => {
    const garbage = signal(eog, 0, 5, 9);
    garbage.data.fill(Number.NaN);
    const a = run(cut([signal(eeg, 0, 9, 1)], 1, 30)).frames;
    const b = run(cut([signal(eeg, 0, 9, 1), garbage], 1, 30)).frames;
    const arrays = (frames: typeof a) =>
      frames.map(({ frame }) => frame.map((m) => [[...m.values], [...m.mask]]));
    expect(arrays(b)).toEqual(arrays(a));
  });
});

describe('a stream that ends', () => {
  it('keeps what it gave: windows that hold its last samples are as in replay', () => {
    const chunks = cut([signal(eeg, 0, 9, 1), signal(eog, 0, 9, 2)], 2, 30);
    const { graph, outputs } = start({ ordered: false });
    for (const chunk of chunks) graph.push({ kind: 'chunk', chunk });
    for (const info of [eog, eeg]) graph.push({ kind: 'close', id: info.id });
    graph.end();
    expect(bits(framesOf(outputs))).toEqual(bits(run(chunks).frames));
  });

  it('gives its place to another of its type', () => {
    const { graph, outputs } = start({ ordered: false });
    graph.push({ kind: 'chunk', chunk: signal(eeg, 0, 3) });
    graph.push({ kind: 'close', id: eeg.id });
    const next = { ...eeg, id: 'EEG 2' };
    graph.push({ kind: 'open', info: next });
    graph.push({ kind: 'chunk', chunk: { ...signal(eeg, 4, 8), info: next } });
    expect(framesOf(outputs).at(-1)).toMatchObject({ time: 8 });
    expect(framesOf(outputs).at(-1)?.modalities.get('eeg')?.present).toBe(true);
  });
});

describe('a zero that is told', () => {
  const times = (chunks: readonly Chunk[], ordered: boolean) => {
    const { graph, outputs, events } = start({ ordered });
    graph.push({ kind: 'zero', time: 100 });
    graph.push({ kind: 'zero', time: 7 });
    for (const chunk of chunks) graph.push({ kind: 'chunk', chunk });
    graph.end();
    return { outputs, frames: framesOf(outputs), codes: events.map(({ code }) => code), zero: graph.zero };
  };
  const shifted = (chunk: Chunk, by: number): Chunk => ({ ...chunk, times: chunk.times.map((t) => t + by) });

  it.each([true, false])('is not spoilt by an earlier sample, ordered: %s', (ordered) => {
    const nonsense = shifted(sliceChunk(signal(eeg, 0, 1), 0, 1), 99.75);
    const { outputs, frames, codes, zero } = times([nonsense, shifted(signal(eeg, 0, 5), 100)], ordered);
    expect(zero).toBe(100);
    expect(outputs[0]).toEqual({ kind: 'began', zero: 100 });
    expect(outputs.filter(({ kind }) => kind === 'began')).toHaveLength(1);
    expect(frames[0].time).toBe(2);
    expect(codes).not.toContain('time-skipped');
  });

  it('is the same as the first stamp, where that is it', () => {
    const told = times([shifted(signal(eeg, 0, 5), 100)], false);
    const { graph, outputs } = start({ ordered: false });
    graph.push({ kind: 'chunk', chunk: shifted(signal(eeg, 0, 5), 100) });
    graph.end();
    expect(bits(told.frames)).toEqual(bits(framesOf(outputs)));
  });

  it('long before the first sample that counts tells of no jump', () => {
    const { codes, frames } = times([shifted(signal(eeg, 0, 5), 130)], false);
    expect(codes).not.toContain('time-skipped');
    expect(frames[0].time).toBeLessThanOrEqual(32);
  });
});

describe('when everything is silent', () => {
  const skips = (events: readonly SessionEvent[]) =>
    events.flatMap(({ code, stream, time, details }) =>
      code === 'time-skipped' ? [[stream, time, details?.skipped_s]] : [],
    );
  const ticks = { ...streamInfo({ type: 'Ticks', sfreq: 0, labels: ['tick'], unit: '' }), id: 'ticks' };
  const tick = (graph: SessionGraph, time: number): void =>
    graph.push({ kind: 'chunk', chunk: chunkOf(ticks, [[0]], [time]) });

  it('ticks close windows, masked, for as long as they come', () => {
    const { graph, outputs } = start({ ordered: false });
    graph.push({ kind: 'chunk', chunk: signal(eeg, 0, 3) });
    graph.push({ kind: 'stale', stream: eeg.id, isStale: true });
    tick(graph, 4);
    expect(framesOf(outputs).map(({ time }) => time)).toEqual([2, 2.5, 3, 3.5, 4]);
    for (let t = 4.25; t <= 200; t += 0.25) tick(graph, t);
    expect(framesOf(outputs)).toHaveLength(397);
    expect(framesOf(outputs).at(-1)).toMatchObject({ time: 200 });
    for (const frame of framesOf(outputs).slice(4))
      expect(frame.modalities.get('eeg')).toMatchObject({ present: false, reason: 'stale' });
    graph.push({ kind: 'stale', stream: eeg.id, isStale: false });
    graph.push({ kind: 'chunk', chunk: signal(eeg, 200, 204) });
    expect(
      framesOf(outputs)
        .map(({ time }) => time)
        .slice(-3),
    ).toEqual([203, 203.5, 204]);
    expect(framesOf(outputs).at(-1)?.modalities.get('eeg')?.present).toBe(true);
  });

  it('leaves out what a tick leaps over by more than a minute', () => {
    const { graph, outputs, events } = start({ ordered: false });
    graph.push({ kind: 'chunk', chunk: signal(eeg, 0, 3) });
    tick(graph, 4);
    tick(graph, 64);
    expect(skips(events)).toEqual([]);
    tick(graph, 10_000);
    expect(skips(events)).toEqual([[undefined, 10_000, 9936]]);
    expect(
      framesOf(outputs)
        .map(({ time }) => time)
        .filter((time) => time > 64),
    ).toEqual([10_000]);
  });

  it('a hole in a recording is left out from a minute on', () => {
    const after = { ...signal(eeg, 200, 204, 2), gapBefore: true };
    const beside = { ...signal(eog, 200.1, 204, 2), gapBefore: true };
    const again = { ...signal(eeg, 300, 304, 3), gapBefore: true };
    const { frames, events } = run([signal(eeg, 0, 3), signal(eog, 0, 3), after, beside, again]);
    const recorded = frames.map(({ time }) => time);
    // Once a hole, whoever comes back first, and how much of it has no lines.
    expect(skips(events)).toEqual([
      ['EEG', 200, expect.closeTo(200 - 3 - 60, 1)],
      ['EEG', 300, expect.closeTo(300 - 204 - 60, 1)],
    ]);
    expect(recorded.filter((time) => time > 63 && time < 200)).toEqual([]);
    expect(recorded).toContain(63);
  });

  it('a silence of more than a minute that stamps alone tell of is told once, live too', () => {
    const told = (longest_s: number, to: number) => {
      const events: SessionEvent[] = [];
      const graph = new SessionGraph({
        ...{ session: 's', models: new Map(), ordered: false, monitor: false, emit: () => {} },
        pipeline: pipelineOf(`
sources: { eeg: { type: websocket, stream_type: EEG } }
transforms: { de: { type: extract, input: eeg, features: [differential-entropy], window_s: ${longest_s}, hop_s: 1 } }
`),
        events: (event) => events.push(event),
      });
      graph.push({ kind: 'chunk', chunk: signal(eeg, 0, 3) });
      graph.push({ kind: 'chunk', chunk: signal(eeg, to, to + 2) });
      return skips(events);
    };
    // Below two windows of 40 s it is the silence that is told, beyond them the jump.
    expect(told(40, 60)).toEqual([]);
    expect(told(40, 80)).toEqual([['EEG', 80, expect.closeTo(77, 1)]]);
    expect(told(40, 90)).toEqual([['EEG', undefined, expect.closeTo(87, 1)]]);
    expect(told(2, 80)).toEqual([['EEG', undefined, expect.closeTo(77, 1)]]);
  });
});

it('samples that come after their window closed are told of, and go into later windows', () => {
  const { graph, outputs, events } = start({ ordered: false });
  graph.push({ kind: 'chunk', chunk: signal(eog, 0, 1.9) });
  for (const chunk of cut([signal(eeg, 0, 3)], 1, 10)) graph.push({ kind: 'chunk', chunk });
  expect(framesOf(outputs).at(0)?.time).toBe(2);
  graph.push({ kind: 'chunk', chunk: { ...signal(eog, 1.9, 3, 3) } });
  expect(events.map(({ code }) => code)).toContain('samples-late');
});

it('a stream that a transform cannot use is left out with a reason, and the session goes on', () => {
  const { graph, events } = start({ ordered: false });
  const irregular = { ...eeg, id: 'other', name: 'irregular', sfreq: 0 };
  const fresh = new SessionGraph({
    session: 's',
    pipeline: pipelineOf(
      text.replace('type: bandpass, input: eeg, low_hz: 2', 'type: resample, input: eeg, sfreq_hz: 128'),
    ),
    models: new Map([['affect', inputs]]),
    ordered: false,
    monitor: false,
    events: (event) => events.push(event),
    emit: () => {},
  });
  fresh.push({ kind: 'open', info: irregular });
  expect(() => fresh.push({ kind: 'chunk', chunk: { ...signal(eeg, 0, 1), info: irregular } })).not.toThrow();
  expect(events.at(-1)).toMatchObject({ code: 'stream-ignored', level: 'warn' });
  graph.end();
});

describe('labels of the pipeline file', () => {
  const named = (labels: string) => {
    const outputs: GraphOutput[] = [];
    const events: SessionEvent[] = [];
    const graph = new SessionGraph({
      session: 's',
      pipeline: pipelineOf(text.replace('stream_type: EEG', `stream_type: EEG, labels: ${labels}`)),
      models: new Map([['affect', inputs]]),
      ordered: true,
      monitor: false,
      events: (event) => events.push(event),
      emit: (output) => outputs.push(output),
    });
    const info = { ...eeg, channels: eeg.channels.map((channel) => ({ ...channel, label: '' })) };
    graph.push({ kind: 'open', info });
    graph.push({ kind: 'chunk', chunk: { ...signal(eeg, 0, 9), info } });
    graph.end();
    return { frames: framesOf(outputs), events };
  };

  it('name the channels of a device that sends none', () => {
    const { frames } = named('[FP1, FP2]');
    expect([...frames[3].frame[0].values]).toEqual([...run([signal(eeg, 0, 9)]).frames[3].frame[0].values]);
    expect(frames[3].modalities.get('eeg')?.present).toBe(true);
  });

  it('must be as many as the channels', () => {
    const { frames, events } = named('[Fp1]');
    expect(frames).toEqual([]);
    expect(events[0].message).toMatch(/it has 2 channels, labels names 1; name all of them/);
  });
});
