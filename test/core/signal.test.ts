import { expect, it } from 'vitest';
import { channelOf, lowerBound, type StreamInfo, samplesIn, sliceChunk } from '../../src/core/signal.js';

const info: StreamInfo = {
  id: 's',
  name: 's',
  type: 'EEG',
  sourceId: '',
  sfreq: 1,
  channels: [
    { label: 'Fp1', unit: 'uV', type: 'EEG' },
    { label: 'Fp2', unit: 'uV', type: 'EEG' },
  ],
};
const chunk = {
  info,
  data: Float64Array.of(1, 2, 3, 4, 10, 20, 30, 40),
  times: Float64Array.of(0, 1, 2, 3),
  gapBefore: true,
};

it('counts samples by rounding: 0.29 s at 100 Hz is 29 samples', () => {
  expect(samplesIn(0.29, 100)).toBe(29);
  expect(samplesIn(4, 128)).toBe(512);
});

it('slices every channel, and only the first part follows the gap', () => {
  const head = sliceChunk(chunk, 0, 1);
  const tail = sliceChunk(chunk, 1, 3);
  expect(head.gapBefore).toBe(true);
  expect(tail.gapBefore).toBe(false);
  expect([...channelOf(tail, 0)]).toEqual([2, 3]);
  expect([...channelOf(tail, 1)]).toEqual([20, 30]);
  expect([...tail.times]).toEqual([1, 2]);
});

it('finds the first stamp that is not before a time', () => {
  expect(lowerBound(chunk.times, -1)).toBe(0);
  expect(lowerBound(chunk.times, 1)).toBe(1);
  expect(lowerBound(chunk.times, 1.5)).toBe(2);
  expect(lowerBound(chunk.times, 9)).toBe(4);
});
