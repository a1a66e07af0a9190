import { describe, expect, it } from 'vitest';
import type { StreamInfo } from '../../../src/core/signal.js';
import {
  type Candidate,
  loggedSources,
  matchStreams,
  spansOf,
} from '../../../src/pipeline/run/match-streams.js';
import { streamInfo } from '../../../src/testing/stream-fixtures.js';
import { pipelineOf } from '../live-and-replay.js';

function streamOf(name: string, changed: Partial<StreamInfo> = {}): StreamInfo {
  const info = streamInfo({ type: 'EEG', sfreq: 100, labels: ['Fp1', 'Fp2'], unit: 'uV' });
  return { ...info, id: name, name, sourceId: `serial ${name}`, ...changed };
}
const streamFrom = (name: string, first: number, last: number, changed?: Partial<StreamInfo>): Candidate => ({
  ...{ info: streamOf(name, changed), samples: 100 * (last - first) + 1 },
  ...{ first, last },
});
const dead = (name: string): Candidate => ({ info: streamOf(name), samples: 0, first: null, last: null });

/** What is found for sources: which stream feeds each, which have none, and what is told. */
function matched(sources: readonly string[], candidates: readonly Candidate[]) {
  const pipeline = pipelineOf(`sources:\n${sources.map((line) => `  ${line}\n`).join('')}`);
  const { bindings, missing, notes } = matchStreams(pipeline, candidates);
  for (const { code, level } of notes) expect([code, level]).toEqual(['stream-ignored', 'warn']);
  return {
    bound: [...bindings].map(([source, id]) => `${source}=${id}`),
    missing,
    told: notes.map(({ stream, message }) => `${stream}: ${message}`),
  };
}

const EEG = 'eeg: { type: websocket, stream_type: EEG }';

describe('a source of a recording', () => {
  it('is fed by a stream that it asks for, and is missing where there is none, unless it is optional', () => {
    const gaze = (more = ''): string => `gaze: { type: websocket, stream_type: Gaze${more} }`;
    const cap = streamFrom('cap', 0, 10);
    expect(matched([EEG, gaze()], [cap])).toEqual({ bound: ['eeg=cap'], missing: ['gaze'], told: [] });
    expect(matched([EEG, gaze(', optional: true')], [cap]).missing).toEqual([]);
  });

  it('has the one with most samples of those that are there at once, and the others are told', () => {
    const [short, long, third] = [streamFrom('A', 0, 9), streamFrom('B', 5, 60), streamFrom('C', 50, 70)];
    expect(matched([EEG], [short, long, third])).toEqual({
      ...{ bound: ['eeg=B'], missing: [] },
      told: ['B: eeg: 3 streams fit; B has most samples (5501), left out: A (901), C (2001)'],
    });
    // Of which it isn't known when they were: all at once.
    const whenever = [short, long].map(({ info, samples }) => ({ info, samples }));
    expect(matched([EEG], whenever)).toMatchObject({ bound: ['eeg=B'], told: [expect.any(String)] });
  });

  it('has the first one of those that come one after the other, in whatever order they are listed', () => {
    const candidates = [streamFrom('long', 20, 60), streamFrom('short', 0, 10)];
    expect(matched([EEG], candidates)).toEqual({ bound: ['eeg=short'], missing: [], told: [] });
  });

  it('is fed by none that is dead, which is told', () => {
    const left = 'A: stream A (EEG) has no samples; left out';
    expect(matched([EEG], [dead('A')])).toEqual({ bound: [], missing: ['eeg'], told: [left] });
    const [first, second] = [dead('A'), streamFrom('B', 5, 10)];
    expect(matched([EEG], [first, second])).toEqual({ bound: ['eeg=B'], missing: [], told: [left] });
  });

  it('is fed by none that it can’t use', () => {
    const channels = ['a', 'b', 'c'].map((label) => ({ label, unit: 'uV', type: 'EEG' }));
    const [three, two] = [streamFrom('three', 0, 60, { channels }), streamFrom('two', 0, 10)];
    const named = 'eeg: { type: websocket, stream_type: EEG, labels: [C3, C4] }';
    expect(matched([named], [three])).toMatchObject({ bound: [], missing: ['eeg'] });
    expect(matched([named], [three, two]).bound).toEqual(['eeg=two']);
    expect(matched([EEG], [three, two]).bound).toEqual(['eeg=three']);
  });

  it('chooses before one that asks for less; what feeds another isn’t told as left out', () => {
    const sources = [EEG, 'left: { type: websocket, stream_type: EEG, source_id: serial L }'];
    const candidates = [streamFrom('L', 0, 60), streamFrom('R', 0, 10)];
    expect(matched(sources, candidates)).toEqual({ bound: ['left=L', 'eeg=R'], missing: [], told: [] });
  });

  it('shares its stream with one that asks for the same', () => {
    const sources = [EEG, 'again: { type: lsl, stream_type: EEG }'];
    expect(matched(sources, [streamFrom('cap', 0, 10)]).bound).toEqual(['eeg=cap', 'again=cap']);
  });
});

it('spans are those of the streams, by id; a dead one keeps none, and what isn’t known is 0', () => {
  const { info } = streamFrom('B', 0, 1);
  expect([...spansOf([streamFrom('A', 2, 10), { info, samples: 7 }, dead('C')])]).toEqual([
    ['A', { samples: 801, first: 2, last: 10 }],
    ['B', { samples: 7, first: 0, last: 0 }],
    ['C', { samples: 0, first: null, last: null }],
  ]);
});

describe('what a recording’s log tells of a source', () => {
  const pipeline = pipelineOf(
    'sources:\n  left: { type: websocket, stream_type: EEG, source_id: serial L }\n  gaze: { type: websocket, stream_type: Gaze }\n',
  );
  const known = (...bound: [string, StreamInfo[]][]): string[] => [
    ...loggedSources(pipeline, new Map(bound)),
  ];

  it('is of this pipeline where the source asks for all streams that fed it', () => {
    const [left, right] = ['L', 'R'].map((name) => streamOf(name));
    expect(known(['left', [left, streamOf('again', { sourceId: 'serial L' })]])).toEqual(['left']);
    expect(known(['left', [left, right]])).toEqual([]);
    expect(known(['left', []], ['eeg', [left]])).toEqual([]);
  });

  it('is nothing where there is no log', () => {
    expect([...loggedSources(pipeline)]).toEqual([]);
  });
});
