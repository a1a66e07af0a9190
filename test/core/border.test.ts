import { describe, expect, it } from 'vitest';
import { BorderError, requireChunk } from '../../src/core/border.js';
import { SessionRuns } from '../../src/io/sinks/told/session-runs.js';
import { chunkOf, streamInfo } from '../../src/testing/stream-fixtures.js';

const info = streamInfo({ type: 'EEG', sfreq: 100, labels: ['Fp1', 'Fp2'], unit: 'uV' });
const rows = [
  [1, 2, 3],
  [4, 5, 6],
];
const BEFORE = Number.NEGATIVE_INFINITY;

describe('a chunk', () => {
  it('has stamps that do not fall, behind those before', () => {
    requireChunk(chunkOf(info, rows, [1, 1, 2]), 1);
    expect(() => requireChunk(chunkOf(info, rows, [1, 2, 1.9]), BEFORE)).toThrow(
      'a stamp of eeg is 1.9, behind 2',
    );
    expect(() => requireChunk(chunkOf(info, rows, [1, 2, 3]), 1.1)).toThrow(BorderError);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('has no stamp %s', (stamp) => {
    for (const times of [[stamp, 1, 2], [0, stamp, 2], [0, 1, stamp]]) // biome-ignore format: one list
      expect(() => requireChunk(chunkOf(info, rows, times), BEFORE)).toThrow(BorderError);
  });

  it('has as many values as stamps of each channel', () => {
    const chunk = chunkOf(info, rows, 0);
    expect(() => requireChunk({ ...chunk, data: chunk.data.subarray(1) }, BEFORE)).toThrow(
      'a chunk of eeg has 5 values for 3 stamps of 2 channels',
    );
  });
});

describe('the numbers of a node', () => {
  it('rise by one within a run, from wherever it begins', () => {
    const runs = new SessionRuns('r');
    for (const seq of [7, 8]) runs.took('s', 'a', seq);
    runs.took('s', 'b', 0);
    expect(() => runs.took('s', 'a', 8)).toThrow('s, a: number 8 came where 9 was the next');
    expect(() => runs.took('s', 'a', 10)).toThrow(BorderError);
    runs.end('s');
    runs.took('s', 'a', 0);
  });
});
