import { describe, expect, it } from 'vitest';
import type { FeatureVector } from '../../../../src/core/features.js';
import type { Chunk, Marker, StreamMessage } from '../../../../src/core/signal.js';
import { deviceEventStartText, deviceEventText } from '../../../../src/io/recordings/tables/device-event.js';
import { checkPipeline } from '../../../../src/pipeline/file/check.js';
import { PipelineDocument } from '../../../../src/pipeline/file/document.js';
import { SessionGraph } from '../../../../src/pipeline/session/session-graph.js';
import { deviceEventOf, FixationStream } from '../../../../src/signal/features/events/device-event.js';
import { simulateGazeScene } from '../../../../src/simulation/gaze-scene.js';
import { chunkOf } from '../../../../src/testing/stream-fixtures.js';
import { named, streamWith } from '../extractor-runs.js';

const marker = (value: string, time = 2): Marker => ({ stream: 'events', time, value });

describe('deviceEventOf', () => {
  it('reads what readers of recordings write', () => {
    expect(deviceEventOf(marker(deviceEventText('fixation', 1.7, 2, 'left')))).toMatchObject({
      kind: 'fixation',
      end_s: 2,
      eye: 'left',
    });
    expect(deviceEventOf(marker(deviceEventText('smooth-pursuit', 1, 2)))).toEqual({
      kind: 'pursuit',
      onset_s: 1,
      end_s: 2,
      eye: '',
    });
  });

  it("goes by the marker's clock, not by the text's", () => {
    expect(deviceEventOf(marker('saccade onset_s=100.5 duration_s=0.05', 2))!.onset_s).toBeCloseTo(1.95, 12);
  });

  it('takes an event without an onset, as a client may send it', () => {
    expect(deviceEventOf(marker('blink duration_s=0.2'))!.onset_s).toBeCloseTo(1.8, 12);
  });

  it.each(['', 'fixation', 'stimulus 3', 'fixation duration_s=x', 'a fixation duration_s=0.2'])(
    'passes over %j',
    (value) => expect(deviceEventOf(marker(value))).toBeNull(),
  );

  it('passes over the start of an event, whose length nobody knows yet', () => {
    expect(deviceEventOf(marker(deviceEventStartText('fixation', 'right')))).toBeNull();
  });
});

describe('FixationStream', () => {
  const info = streamWith('Other', 0, [
    ['fixation id', ''],
    ['confidence', ''],
    ['norm_pos_x', ''],
    ['norm_pos_y', ''],
    ['dispersion', 'deg'],
    ['duration', 'milliseconds'],
    ['method', ''],
  ]);

  it('is recognised by its channels', () => {
    expect(FixationStream.of(info)).not.toBeNull();
    expect(FixationStream.of(streamWith('Gaze', 60, [['duration', '']]))).toBeNull();
  });

  it('tells each fixation once, when the next one has begun', () => {
    const told: Marker[] = [];
    const still = [0, 0, 0, 0, 0, 0];
    // Fixation 7 is told three times while it grows, then 8, a broken one, and 9.
    const rows = [
      [7, 7, 7, 8, 8.5, 9],
      still,
      still,
      still,
      still,
      [100, 180, 250, 120, Number.NaN, 90],
      still,
    ];
    FixationStream.of(info)!.push(chunkOf(info, rows, [1, 1, 1, 1.4, 1.5, 1.7]), (m) => told.push(m));
    expect(told.map((m) => [m.time, m.value])).toEqual([
      [1.25, 'fixation duration_s=0.25'],
      [1.52, 'fixation duration_s=0.12'],
    ]);
  });
});

describe("a session's graph", () => {
  const gaze = streamWith('Gaze', 250, [
    ['x', 'deg'],
    ['y', 'deg'],
    ['left_pupil', 'mm'],
  ]);
  const scene = simulateGazeScene({
    seed: 2,
    sfreq: 250,
    duration_s: 12,
    pursuitShare: 0,
    noise_deg: 0.02,
    blinks_per_min: 0,
  });
  /** Session time begins at 100 s on the senders' clock. */
  const chunks = Array.from({ length: 12 }, (_, s): Chunk => {
    const part = (row: Float64Array) => row.slice(s * 250, (s + 1) * 250);
    return chunkOf(gaze, [part(scene.x), part(scene.y), part(scene.pupil)], 100 + s);
  });

  function run(between: (s: number) => StreamMessage[]): FeatureVector[] {
    const { pipeline } = checkPipeline(
      new PipelineDocument(
        'eye.yaml',
        'sources: { gaze: { type: websocket, stream_type: Gaze } }\ntransforms: { eye: { type: extract, input: gaze, features: [{ name: eye-movement, events: device }], window_s: 4, hop_s: 1 } }\n',
      ),
    );
    const vectors: FeatureVector[] = [];
    const graph = new SessionGraph({
      session: 's',
      pipeline: pipeline!,
      models: new Map(),
      ordered: true,
      monitor: false,
      events: () => {},
      emit: (output) => {
        if (output.kind === 'features') vectors.push(output.vector);
      },
    });
    graph.push({ kind: 'open', info: gaze });
    for (const [s, chunk] of chunks.entries()) {
      graph.push({ kind: 'chunk', chunk });
      for (const message of between(s)) graph.push(message);
    }
    graph.end();
    return vectors;
  }

  it("brings markers to the extractor on the session's clock", () => {
    const vectors = run((s) => [
      { kind: 'marker', marker: marker('fixation duration_s=0.25', 100 + s + 0.5) },
      { kind: 'marker', marker: marker('nothing of the kind', 100 + s + 0.6) },
    ]);
    const last = named(vectors.at(-1)!);
    expect(last['fixation.duration_mean']).toBeCloseTo(250, 6);
    expect(last['fixation.duration_sd']).toBeCloseTo(0, 6);
    expect(last['fixation.frequency_60s']).toBeCloseTo(1, 9);
  });

  it("brings Pupil Capture's fixations to it", () => {
    const info = {
      ...streamWith('Other', 0, [
        ['fixation id', ''],
        ['dispersion', 'deg'],
        ['duration', 'milliseconds'],
      ]),
      id: 'fixations',
    };
    const vectors = run((s) => [{ kind: 'chunk', chunk: chunkOf(info, [[s], [1], [400]], [100 + s + 0.1]) }]);
    const last = named(vectors.at(-1)!);
    expect(last['fixation.duration_mean']).toBeCloseTo(400, 6);
    // The one that goes on isn't told yet.
    expect(last['fixation.frequency_60s']! * 12).toBeCloseTo(11, 6);
  });
});
