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

  it('reads what holds samples back', () => {
    expect(parseFaults('backlog:gaze@30-40.5,stall@50-60')).toEqual({
      faults: [
        { kind: 'backlog', type: 'Gaze', label: null, from: 30, to: 40.5 },
        { kind: 'stall', type: null, label: null, from: 50, to: 60 },
      ],
      randomShare: 0,
    });
  });

  it('reads what is asked of the daemon', () => {
    expect(parseFaults('throw@40,slow-model@30-60=2.5,slow-model@70-')).toEqual({
      faults: [
        { kind: 'throw', type: null, label: null, from: 40, to: 40 },
        { kind: 'slow-model', type: null, label: null, from: 30, to: 60, amount: 2.5 },
        { kind: 'slow-model', type: null, label: null, from: 70, to: Number.POSITIVE_INFINITY, amount: 1 },
      ],
      randomShare: 0,
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
    'backlog:EEG',
    'backlog:EEG@5-',
    'backlog:EEG@5-606',
    'backlog:EEG.F3@1-2',
    'stall',
    'stall:EEG@1-2',
    'stall@5-',
    'stall@5-4',
    'stall@5-606',
    'throw',
    'throw:EEG@5',
    'throw@5-6',
    'throw@5=1',
    'slow-model@5',
    'slow-model:EEG@5-6',
    'slow-model@6-5',
    'slow-model@5-6=0',
    'slow-model@5-6=61',
  ])('refuses %s with the mend', (spec) => {
    expect(() => parseFaults(spec)).toThrow(ConfigurationError);
    expect(() => parseFaults(spec)).toThrow(/^fault '/);
  });

  it.each([
    ['slow:keeper@1-2=500', 'it happens to a subscriber of a seeded world alone: scripts/world.mjs has it'],
    ['powercut@31', 'it happens to a daemon of a seeded world alone: scripts/world.mjs has it'],
    ['full@1-2', 'it happens to a disk of a seeded world alone: scripts/world.mjs has it'],
    ['late:eeg@1-2=0', 'how much, s: above 0, and 600 at most'],
    ['drop:eeg@1-2=3', "'drop' has no amount; leave out '=3'"],
    ['nan:eeg@5', "'nan' lasts: say until when, as in @30-60, or @30- for no end"],
    ['throw', "'throw' happens at a moment, as in throw@40"],
  ])('says of %s what it is', (spec, mend) => {
    expect(() => parseFaults(spec)).toThrow(`fault '${spec}': ${mend}`);
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

  describe('that hold samples back', () => {
    const options: SimulationOptions = { ...base, only: ['gaze', 'eda', 'temp'], chunksPerSecond: 20 };
    /** Chunks in order of arrival, and when each came. */
    const arrived = (faults?: string, more: Partial<SimulationOptions> = {}) =>
      [...simulateArrivals({ ...options, ...more, faults })].flatMap(({ arrival_s, message }) =>
        message.kind === 'chunk' ? [{ arrival_s, chunk: message.chunk, id: message.chunk.info.id }] : [],
      );
    type Arrived = ReturnType<typeof arrived>[number];
    const first = ({ chunk }: Arrived): number => chunk.times[0];
    const lastOf = ({ chunk }: Arrived): number => chunk.times[chunk.times.length - 1];
    /** Stamps and values of each stream in the order in which they came, whatever the chunks. */
    const samplesOf = (all: readonly Arrived[]) =>
      Object.fromEntries(
        ['gaze', 'eda', 'temp', 'annotation'].map((id) => [
          id,
          all
            .filter((one) => one.id === id)
            .flatMap(({ chunk }) =>
              Array.from(chunk.times, (t, k) => [
                t,
                ...chunk.info.channels.map((_, c) => channelOf(chunk, c)[k]),
              ]),
            ),
        ]),
      );
    const undisturbed = arrived();

    it('backlog: all of a stream comes when the interval ends, in order, and nothing else differs', () => {
      const all = arrived('backlog:gaze@2.31-5.5');
      expect(samplesOf(all)).toEqual(samplesOf(undisturbed));
      expect(all.filter(({ id, chunk }) => id === 'gaze' && chunk.gapBefore)).toEqual([]);
      const others = (chunks: readonly Arrived[]) => chunks.filter(({ id }) => id !== 'gaze');
      expect(others(all)).toEqual(others(undisturbed));
      const held = all.filter((one) => one.id === 'gaze' && first(one) >= 2.31 && first(one) < 5.5);
      expect(held.length).toBeGreaterThan(60);
      expect(held.every(({ arrival_s }) => arrival_s === 5.5)).toBe(true);
      expect(lastOf(held[0])).toBeLessThan(2.4);
      // One message after the other: before it what was measured until then, behind it what comes at once.
      const at = all.indexOf(held[0]);
      expect(all.slice(at, at + held.length)).toEqual(held);
      expect(all.slice(0, at).every((one) => first(one) < 5.5)).toBe(true);
      expect(all.slice(at + held.length).every((one) => first(one) >= 5.5)).toBe(true);
      for (const one of all.filter((gaze) => gaze.id === 'gaze' && !held.includes(gaze)))
        expect(one.arrival_s).toBeCloseTo(lastOf(one), 9);
    });

    it('backlog of all sensors: one after the other, the truth as ever', () => {
      const all = arrived('backlog:*@2-5');
      expect(samplesOf(all)).toEqual(samplesOf(undisturbed));
      const held = all.filter(({ arrival_s, chunk }) => arrival_s - chunk.times[0] > 0.1);
      expect(held.map(({ id }) => id).filter((id, k, ids) => id !== ids[k - 1])).toEqual([
        'gaze',
        'eda',
        'temp',
      ]);
      expect(new Set(held.map(({ arrival_s }) => arrival_s))).toEqual(new Set([5]));
    });

    it.each([{ chunksPerSecond: 20 }, { chunksPerSecond: 1 }])(
      'stall: nobody sends until it ends, then all comes in order of time, %o',
      (more) => {
        const all = arrived('stall@2.5-6', more);
        expect(samplesOf(all)).toEqual(samplesOf(undisturbed));
        expect(all.filter(({ arrival_s }) => arrival_s >= 2.5 && arrival_s < 6)).toEqual([]);
        expect(all.map(first)).toEqual(all.map(first).sort((a, b) => a - b));
        const held = all.filter(({ arrival_s, chunk }) => arrival_s === 6 && chunk.times[0] < 6);
        expect(new Set(held.map(({ id }) => id))).toEqual(new Set(['gaze', 'eda', 'temp', 'annotation']));
        expect(first(held[0])).toBe(2.5);
      },
    );

    it('what is held back twice comes when the longer one ends, and its stream stays in order', () => {
      const all = arrived('stall@2-6,backlog:gaze@1-4,backlog:gaze@3-6,backlog:eda@5-8');
      expect(samplesOf(all)).toEqual(samplesOf(undisturbed));
      const came = (id: string, from: number, to: number) =>
        new Set(
          all
            .filter((one) => one.id === id && first(one) >= from && first(one) < to)
            .map(({ arrival_s }) => arrival_s),
        );
      expect(came('gaze', 1, 2)).toEqual(new Set([4]));
      expect(came('gaze', 2, 6)).toEqual(new Set([6]));
      expect(came('eda', 2, 5)).toEqual(new Set([6]));
      expect(came('eda', 5, 8)).toEqual(new Set([8]));
    });

    it('what is held back beyond the end comes before its stream closes', () => {
      const messages = [...simulateArrivals({ ...options, faults: 'backlog:gaze@8-14' })];
      const last = messages.findLast(({ message }) => message.kind === 'chunk')!;
      expect(last.arrival_s).toBe(14);
      for (const { arrival_s, message } of messages) if (message.kind === 'close') expect(arrival_s).toBe(14);
      expect(samplesOf(arrived('backlog:gaze@8-14'))).toEqual(samplesOf(undisturbed));
    });
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

describe('what is asked of the daemon', () => {
  const asked = (faults: string, options: Partial<SimulationOptions> = {}) =>
    [...simulateArrivals({ ...base, only: ['eda'], faults, ...options })].flatMap(({ arrival_s, message }) =>
      message.kind === 'marker' ? [[arrival_s, message.marker.time, message.marker.value]] : [],
    );

  it('goes out as markers, at each beginning and end, the slowest of those at a time', () => {
    expect(asked('slow-model@2-6=1,throw@3.5,slow-model@3-5=4,slow-model@8-20', { start_s: 100 })).toEqual([
      [2, 102, 'slow-model=1'],
      [3, 103, 'slow-model=4'],
      [3.5, 103.5, 'throw'],
      [5, 105, 'slow-model=1'],
      [6, 106, 'slow-model=0'],
      [8, 108, 'slow-model=1'],
    ]);
  });

  it('waits where nobody sends', () => {
    expect(asked('throw@4,stall@3-7')).toEqual([[7, 4, 'throw']]);
  });

  it('has a stream of its own, told to be simulated, that is there for it alone, and leaves the others as they are', () => {
    const streams = (faults?: string) =>
      [...simulateSession({ ...base, only: ['eda'], faults })].flatMap((message) =>
        message.kind === 'open' ? [message.info] : [],
      );
    const [own] = streams('throw@5').slice(-1);
    expect(own).toMatchObject({ name: 'affectd-faults', type: 'Markers', sfreq: 0, simulated: true });
    expect(streams('throw@5').slice(0, -1)).toEqual(streams());
    expect(streams('stall@3-7')).toEqual(streams());
    expect(chunksOf('eda', { faults: 'throw@5' })).toEqual(chunksOf('eda', {}));
  });
});
