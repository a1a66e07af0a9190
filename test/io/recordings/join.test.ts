import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../../src/core/errors.js';
import type { StreamInfo, StreamMessage, StreamType } from '../../../src/core/signal.js';
import { joinRecordings } from '../../../src/io/recordings/join.js';
import { mergeStreams } from '../../../src/io/recordings/merge.js';
import type { Recording } from '../../../src/io/recordings/recording.js';
import { StreamSurvey } from '../../../src/io/recordings/stream-survey.js';
import { readRecording } from './read-recording.js';

/** A recording in memory: one stream of `n` samples at 1 Hz from `first` on. */
function recorded(
  path: string,
  type: StreamType,
  first: number,
  n: number,
  zero_unix_s: number | null,
): Recording {
  const info: StreamInfo = {
    id: type,
    name: path,
    type,
    sourceId: '',
    sfreq: 1,
    channels: [{ label: 'x', unit: '', type }],
  };
  const survey = new StreamSurvey();
  for (let i = 0; i < n; i++) survey.add(first + i);
  return {
    path,
    format: 'test',
    stem: path,
    streams: [survey.result(info)],
    zero_unix_s,
    problems: [],
    messages({ events }): AsyncIterable<StreamMessage> {
      events({ code: 'unit-unknown', level: 'warn', message: 'm', stream: info.id, time: first });
      const chunk = (i: number) => ({
        info,
        data: Float64Array.of(i),
        times: Float64Array.of(first + i),
        gapBefore: false,
      });
      const chunks = Array.from({ length: n }, (_, i) => ({ kind: 'chunk' as const, chunk: chunk(i) }));
      return mergeStreams([info], [chunks.values()]);
    },
    async close() {},
  };
}

describe('joinRecordings', () => {
  it('puts recordings on one clock by their wall-clock starts, in order of time', async () => {
    const joined = joinRecordings(
      [recorded('head', 'EEG', 0, 3, 1_600_000_010), recorded('wrist', 'EDA', 1_600_000_009, 4, 0)],
      { alignStart: false },
    );
    expect(joined).toMatchObject({ zero_unix_s: 1_600_000_010, stem: 'head', path: 'head, wrist' });
    expect(joined.streams.map(({ first, last }) => [first, last])).toEqual([
      [0, 2],
      [-1, 2],
    ]);
    const { streams, order, kinds, events } = await readRecording(joined);
    expect([...streams].map(([id, { times }]) => [id, times])).toEqual([
      ['EEG', [0, 1, 2]],
      ['EDA', [-1, 0, 1, 2]],
    ]);
    expect(order).toEqual([-1, 0, 0, 1, 1, 2, 2]);
    expect(kinds.filter((kind) => kind !== 'chunk')).toEqual(['open', 'open', 'close', 'close']);
    expect(events.map(({ stream, time }) => [stream, time])).toEqual([
      ['EEG', 0],
      ['EDA', -1],
    ]);
  });

  it('asks for --align start where a start is unknown, and then aligns first samples', () => {
    const both = [recorded('a', 'EEG', 50, 3, null), recorded('b', 'EDA', 1_600_000_000, 3, 0)];
    expect(() => joinRecordings(both, { alignStart: false })).toThrow(ConfigurationError);
    expect(() => joinRecordings(both, { alignStart: false })).toThrow(/^a: .*--align start/);
    const joined = joinRecordings(both, { alignStart: true });
    expect(joined.streams.map(({ first, info }) => [first, info.aligned])).toEqual([
      [50, undefined],
      [50, 'assumed'],
    ]);
    expect(joined.zero_unix_s).toBeNull();
  });

  it('refuses two EEG recordings that do not overlap', () => {
    const [a, b] = [recorded('a', 'EEG', 0, 10, 1000), recorded('b', 'EEG', 0, 10, 1010)];
    expect(() => joinRecordings([a, b], { alignStart: false })).toThrow(/a and b: .*overlap/);
    expect(() => joinRecordings([a, b], { alignStart: false })).toThrow(ConfigurationError);
    expect(
      joinRecordings([a, recorded('c', 'EDA', 0, 10, 9000)], { alignStart: false }).streams,
    ).toHaveLength(2);
  });

  it('keeps stream ids apart', () => {
    const joined = joinRecordings([recorded('a', 'EEG', 0, 10, 0), recorded('b', 'EEG', 0, 10, 5)], {
      alignStart: false,
    });
    expect(joined.streams.map((stream) => stream.info.id)).toEqual(['EEG', 'EEG~2']);
  });
});
