import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Chunk, StreamInfo } from '../../src/core/signal.js';
import { type FaultCarrier, faultDefinitions, faultNames } from '../../src/simulation/fault-grammar.js';
import { type SimulationOptions, simulateArrivals, simulateSession } from '../../src/simulation/session.js';

const base = { profile: 'epoc', seed: 3, duration_s: 10, only: ['gaze', 'eda'], chunksPerSecond: 4 } as const;

const messagesOf = (faults: string, options: Partial<SimulationOptions> = {}) => [
  ...simulateSession({ ...base, faults, ...options }),
];
/** Chunks of a sensor, whatever its stream is called by then, in order of arrival. */
const chunksOf = (
  faults: string,
  type: StreamInfo['type'] = 'EDA',
  options: Partial<SimulationOptions> = {},
) =>
  messagesOf(faults, options).flatMap((message) =>
    message.kind === 'chunk' && message.chunk.info.type === type ? [message.chunk] : [],
  );
const firsts = (chunks: readonly Chunk[]) => chunks.map(({ times }) => Math.min(...times));
const stamps = (chunks: readonly Chunk[]) => chunks.flatMap(({ times }) => [...times]);
const clean = chunksOf('');
const sfreq = clean[0].info.sfreq;
const isOutside = (from: number, to: number) => (time: number) => time < from || time >= to;

describe('faults of a simulated device', () => {
  it('duplicate: each chunk comes twice', () => {
    const twice = clean.flatMap((chunk) =>
      chunk.times[0] >= 3 && chunk.times[0] < 6 ? [chunk, chunk] : [chunk],
    );
    expect(chunksOf('duplicate:EDA@3-6')).toEqual(twice);
    expect(twice.length).toBe(clean.length + 12);
  });

  it('reorder: each second chunk comes before the one before it, and nothing is lost', () => {
    const own = chunksOf('reorder:EDA@3-5');
    expect(firsts(own).slice(11, 21)).toEqual([2.75, 3.25, 3, 3.75, 3.5, 4.25, 4, 4.75, 4.5, 5]);
    expect(stamps(own).sort((a, b) => a - b)).toEqual(stamps(clean));
    expect(stamps(chunksOf('reorder:EDA@9.75-')).sort((a, b) => a - b)).toEqual(stamps(clean));
  });

  it('backward: stamps run backwards within each chunk, its values as ever', () => {
    const own = chunksOf('backward:EDA@3-6');
    own.forEach((chunk, i) => {
      const { times } = clean[i];
      const isBackward = times[0] >= 3 && times[0] < 6;
      expect([...chunk.times]).toEqual(isBackward ? [...times].reverse() : [...times]);
      expect(chunk.data).toEqual(clean[i].data);
    });
  });

  it.each([0.5, 1.03, 2, 4])('rate: %d times as many samples, evenly over the time', (rate) => {
    const own = chunksOf(`rate:EDA@2-8=${rate}`);
    const within = stamps(own).filter((time) => time >= 2 && time < 8);
    expect(within.length).toBeGreaterThanOrEqual(6 * sfreq * rate - 1);
    expect(within.length).toBeLessThanOrEqual(6 * sfreq * rate);
    const longest = Math.max(...within.slice(1).map((time, i) => time - within[i]));
    expect(longest).toBeLessThan(rate < 1 ? 1.5 / (sfreq * rate) : 1.2 / sfreq);
    expect(stamps(own).filter(isOutside(2, 8))).toEqual(stamps(clean).filter(isOutside(2, 8)));
    const declared = new Set(own.map(({ info }) => info.sfreq));
    expect([...declared]).toEqual([sfreq]);
  });

  it('clock and drift: stamps are off by so much, while they are', () => {
    const difference = (faults: string) => {
      const own = stamps(chunksOf(faults));
      return stamps(clean).map((time, i) => own[i] - time);
    };
    const year = difference('clock:EDA@3-6=-31536000');
    const drifted = difference('drift:EDA@3-6=500');
    stamps(clean).forEach((time, i) => {
      const isOff = time >= 3 && time < 6;
      expect(year[i]).toBeCloseTo(isOff ? -31_536_000 : 0, 6);
      expect(drifted[i]).toBeCloseTo(isOff ? 5e-4 * (time - 3) : 0, 9);
    });
  });

  it.each([
    ['restart', ['EDA']],
    ['label', ['EDAx']],
    ['layout', ['EDA', 'extra1']],
  ] as const)('%s: the stream ends, and another one begins in its place', (kind, labels) => {
    const messages = messagesOf(`${kind}:EDA@4.1`);
    const told = messages.flatMap((message) => {
      if (message.kind === 'open' && message.info.type === 'EDA')
        return [`open ${message.info.channels.map(({ label }) => label)}`];
      if (message.kind === 'close' && message.id.startsWith('eda')) return [`close ${message.id}`];
      return [];
    });
    const [before] = clean[0].info.channels.map(({ label }) => label);
    expect(told).toEqual([
      `open ${before}`,
      'close eda',
      `open ${labels.map((label) => label.replace('EDA', before))}`,
      'close eda-2',
    ]);
    const own = chunksOf(`${kind}:EDA@4.1`);
    expect(stamps(own)).toEqual(stamps(clean));
    expect(stamps(own.filter(({ info }) => info.id === 'eda')).every((time) => time < 4.1)).toBe(true);
    expect(own.filter(({ info }) => info.id === 'eda-2')[0].times[0]).toBeGreaterThanOrEqual(4.1);
    for (const { info, data, times } of own) expect(data.length).toBe(times.length * info.channels.length);
    const { name, sourceId, sfreq: rate } = own[own.length - 1].info;
    expect({ name, sourceId, rate }).toEqual({
      ...{ name: clean[0].info.name, sourceId: clean[0].info.sourceId, rate: sfreq },
    });
  });

  it('leave other sensors as they are', () => {
    const undisturbed = chunksOf('', 'Gaze');
    const faults = 'duplicate:EDA@1-3,reorder:EDA@2-4,rate:EDA@3-5=2,layout:EDA@6,backward:EDA@7-8,cut@5';
    expect(chunksOf(faults, 'Gaze')).toEqual(undisturbed);
  });

  it('however they fall together: what comes is of an open stream, and no sample is lost but by its own fault', () => {
    const kinds = [
      'duplicate',
      'reorder',
      'backward',
      'late',
      'restart',
      'label',
      'layout',
      'clock',
      'backlog',
    ];
    const fault = fc
      .tuple(
        fc.constantFrom(...kinds),
        fc.constantFrom('EDA', '*'),
        fc.nat(36),
        fc.integer({ min: 1, max: 12 }),
      )
      .map(([kind, target, from, length]) => {
        const [a, b] = [from / 4, (from + length) / 4];
        if (['restart', 'label', 'layout'].includes(kind)) return `${kind}:${target}@${a}`;
        return `${kind}:${target}@${a}-${b}${kind === 'late' || kind === 'clock' ? '=1.5' : ''}`;
      });
    const list = fc
      .array(fault, { minLength: 1, maxLength: 5 })
      .map((faults) => `${faults.join(',')},stall@5-6`);
    fc.assert(
      fc.property(list, (faults) => {
        const open = new Set<string>();
        let samples = 0;
        for (const message of messagesOf(faults, { only: ['eda'] })) {
          if (message.kind === 'open') open.add(message.info.id);
          else if (message.kind === 'close') expect(open.delete(message.id), faults).toBe(true);
          else if (message.kind === 'chunk') {
            expect(open.has(message.chunk.info.id), faults).toBe(true);
            if (message.chunk.info.type === 'EDA') samples += message.chunk.times.length;
          }
        }
        expect(open.size).toBe(0);
        if (faults.includes('duplicate')) expect(samples).toBeGreaterThanOrEqual(10 * sfreq);
        else expect(samples, faults).toBe(10 * sfreq);
      }),
      { numRuns: 150 },
    );
  });

  const carriers: readonly FaultCarrier[] = ['file', 'websocket', 'lsl', 'synthetic'];
  it.each(carriers)('are refused where %s can’t carry them', (carrier) => {
    const refused = faultNames.filter((name) => {
      const definition = faultDefinitions[name];
      if (!('simulated' in definition)) return false;
      const { of } = definition.simulated;
      const time = 'lasts' in definition.simulated && definition.simulated.lasts === 'always' ? '' : '@1';
      const to = definition.lasts && time ? '-2' : '';
      const amount = 'amount' in definition ? '=2' : '';
      const faults = `${name}${of === 'everything' ? '' : ':eda'}${time}${to}${amount}`;
      try {
        simulateArrivals({ ...base, faults, carrier });
        return false;
      } catch (error) {
        expect(String(error)).toContain("can't have it: ");
        return true;
      }
    });
    const guarded = ['duplicate', 'reorder', 'backward', 'rate', 'clock', 'drift', 'cut'];
    expect(refused).toEqual(carrier === 'synthetic' ? guarded : carrier === 'file' ? ['cut'] : []);
  });
});
