import { describe, expect, it } from 'vitest';
import { blockMessages } from '../../../src/learn/datasets/signal-messages.js';
import { streamsOf } from './read-dataset.js';

const recording = (messages: ReturnType<typeof blockMessages>) => ({
  person: 'p',
  session: '1',
  kind: 'signals' as const,
  messages,
  trials: [],
});

describe('messages of blocks of samples', () => {
  const eeg = {
    declaration: {
      id: 'cap',
      name: 'cap',
      type: '',
      sourceId: '',
      sfreq: 100,
      channels: [
        { label: 'FP1', unit: 'V', type: 'EEG' },
        { label: 'GSR', unit: 'uS', type: 'EDA' },
        { label: 'CZ', unit: 'uV', type: 'EEG' },
      ],
    },
    start: 0,
    length: 230,
    channel: (c: number) => Float64Array.from({ length: 230 }, (_, i) => 1000 * c + i),
    breaks: [120],
  };
  const ecg = {
    declaration: {
      id: 'chest',
      name: 'chest',
      type: 'ECG',
      sourceId: '',
      sfreq: 10,
      channels: [{ label: 'II', unit: 'mV', type: '' }],
    },
    start: 0.25,
    length: 10,
    channel: () => new Array(10).fill(1),
  };
  const messages = blockMessages([eeg, ecg]);

  it('have a stream for each type, in canonical labels and units, in order of time', () => {
    const streams = streamsOf(recording(messages));
    expect([...streams.keys()]).toEqual(['EEG', 'EDA', 'ECG']);
    const { info, channels, times, gaps } = streams.get('EEG')!;
    expect(info.channels.map(({ label, unit }) => `${label} ${unit}`)).toEqual(['Fp1 uV', 'Cz uV']);
    expect(channels[0][3]).toBe(3e6);
    expect(channels[1]).toEqual(Array.from({ length: 230 }, (_, i) => 2000 + i));
    expect(times).toEqual(Array.from({ length: 230 }, (_, i) => i / 100));
    expect(gaps).toEqual([1.2]);
    expect(streams.get('ECG')!.times[0]).toBe(0.25);
    expect(streams.get('EDA')!.gaps).toEqual([1.2]);
  });

  it('start again each time', () => {
    expect(streamsOf(recording(messages))).toEqual(streamsOf(recording(messages)));
    const [first] = messages;
    expect(first.kind).toBe('open');
  });
});
