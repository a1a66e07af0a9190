import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../src/core/errors.js';
import { type Chunk, channelOf } from '../../src/core/signal.js';
import { parseFaults } from '../../src/simulation/faults.js';
import type { SensorName } from '../../src/simulation/profile.js';
import { type SimulationOptions, simulateArrivals, simulateSession } from '../../src/simulation/session.js';
import { deviation, record } from './measure.js';

const base = { profile: 'epoc', seed: 3, duration_s: 10 } as const;

function chunksOf(id: SensorName, options: Partial<SimulationOptions>): Chunk[] {
  return [...simulateSession({ ...base, only: [id], ...options })].flatMap((message) =>
    message.kind === 'chunk' && message.chunk.info.id === id ? [message.chunk] : [],
  );
}

const stamps = (chunks: readonly Chunk[]) => chunks.flatMap((chunk) => [...chunk.times]);

describe('parseFaults', () => {
  it('reads kinds, targets and intervals', () => {
    expect(parseFaults('drop:gaze@30-60, flat:EEG.Fp1@20-,unixtime:PPG,random:0.4')).toEqual({
      faults: [
        { kind: 'drop', type: 'Gaze', label: null, from: 30, to: 60 },
        { kind: 'flat', type: 'EEG', label: 'Fp1', from: 20, to: Number.POSITIVE_INFINITY },
        { kind: 'unixtime', type: 'PPG', label: null, from: 0, to: Number.POSITIVE_INFINITY },
      ],
      randomShare: 0.4,
    });
  });

  it.each([
    'drop',
    'explode:EEG',
    'drop:foo@1-2',
    'nan:EEG@5-4',
    'drop:EEG.F3@1-2',
    'unixtime:EEG@1-2',
    'drop:annotation@1-2',
    'random:1',
    'nan:EEG@a-b',
  ])('refuses %s with the mend', (spec) => {
    expect(() => parseFaults(spec)).toThrow(ConfigurationError);
    expect(() => parseFaults(spec)).toThrow(/^fault '/);
  });

  it('never fails in another way', () => {
    fc.assert(
      fc.property(fc.string(), (spec) => {
        try {
          parseFaults(spec);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigurationError);
        }
      }),
    );
  });
});

describe('faults of a session', () => {
  const clean = chunksOf('eda', {});

  it('drop and gap take samples away and mark the hole', () => {
    for (const kind of ['drop', 'gap']) {
      const chunks = chunksOf('eda', { faults: `${kind}:EDA@2.5-4` });
      expect(stamps(chunks)).toEqual(stamps(clean).filter((t) => t < 2.5 || t >= 4));
      expect(chunks.filter((chunk) => chunk.gapBefore).map((chunk) => chunk.times[0])).toEqual([4]);
    }
  });

  it('a stream that starts late has no gap before it', () => {
    const chunks = chunksOf('eda', { faults: 'drop:EDA@0-3' });
    expect(chunks[0].times[0]).toBe(3);
    expect(chunks.some((chunk) => chunk.gapBefore)).toBe(false);
  });

  it('nan, rail and flat change one channel and leave the others bit-identical', () => {
    const spec = 'nan:EEG.F3@2-4,rail:EEG.F4@3-5,flat:EEG.O1@6-';
    const whole = (faults?: string) => record('eeg', { ...base, faults });
    const before = whole();
    const after = whole(spec);
    const at = (label: string) => before.labels.indexOf(label);
    const second = (t: number) => t * before.sfreq;
    expect(after.channels[at('F3')].subarray(second(2), second(4)).every(Number.isNaN)).toBe(true);
    expect(after.channels[at('F3')].subarray(second(4))).toEqual(
      before.channels[at('F3')].subarray(second(4)),
    );
    expect(new Set(after.channels[at('F4')].subarray(second(3), second(5)))).toEqual(new Set([1000]));
    expect(new Set(after.channels[at('O1')].subarray(second(6)))).toEqual(
      new Set([before.channels[at('O1')][second(6) - 1]]),
    );
    expect(after.channels[at('T7')]).toEqual(before.channels[at('T7')]);
  });

  it('noise drowns the signal', () => {
    const noisy = record('ecg', { ...base, faults: 'noise:ECG@5-' });
    const x = noisy.channels[0];
    expect(deviation(x.subarray(5 * noisy.sfreq))).toBeGreaterThan(
      5 * deviation(x.subarray(0, 5 * noisy.sfreq)),
    );
  });

  it('late chunks keep their stamps and values and arrive 1 s later', () => {
    const options: SimulationOptions = { ...base, only: ['eda'], faults: 'late:EDA' };
    const late = [...simulateArrivals(options)].flatMap(({ arrival_s, message }) =>
      message.kind === 'chunk' && message.chunk.info.id === 'eda'
        ? [{ arrival_s, chunk: message.chunk }]
        : [],
    );
    expect(late.map(({ chunk }) => chunk)).toEqual(clean);
    for (const { arrival_s, chunk } of late)
      expect(arrival_s).toBeCloseTo(chunk.times[chunk.times.length - 1] + 1, 9);
  });

  it('unixtime moves the stamps and nothing else', () => {
    const chunks = chunksOf('eda', { faults: 'unixtime:EDA' });
    expect(stamps(chunks)[0]).toBe(1_700_000_000);
    expect(chunks.map((chunk) => [...channelOf(chunk, 0)])).toEqual(
      clean.map((chunk) => [...channelOf(chunk, 0)]),
    );
  });

  it('random switches sensors off for about the asked share of the time, never the truth', () => {
    let present = 0;
    const seeds = 30;
    for (let seed = 0; seed < seeds; seed++)
      present += stamps(chunksOf('temp', { seed, duration_s: 600, faults: 'random:0.4' })).length;
    const share = present / (seeds * 600 * 4);
    expect(share).toBeGreaterThan(0.53);
    expect(share).toBeLessThan(0.67);
    const truth = record('annotation', { ...base, faults: 'random:0.9' });
    expect(truth.times).toHaveLength(100);
  });

  it('refuses faults that meet no stream or channel', () => {
    expect(() => simulateSession({ ...base, only: ['eda'], faults: 'drop:eeg@1-2' })).toThrow(
      /no EEG is simulated/,
    );
    expect(() => simulateSession({ ...base, faults: 'nan:EEG.Foo@1-2' })).toThrow(/no such channel/);
  });
});
