import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/core/digest.js';
import { ConfigurationError } from '../../src/core/errors.js';
import type { StreamMessage } from '../../src/core/signal.js';
import { drawPerson } from '../../src/simulation/person.js';
import { profileNames, profiles, sensorNames } from '../../src/simulation/profile.js';
import { scalpPosition } from '../../src/simulation/scalp-position.js';
import { type SimulationOptions, simulateSession } from '../../src/simulation/session.js';
import { correlation } from './measure.js';

const base: SimulationOptions = { profile: 'epoc', seed: 11, duration_s: 5 };

/** Per stream: stamps and samples, whatever the chunks. */
function samples(options: SimulationOptions): Map<string, { times: number[]; rows: number[][] }> {
  const streams = new Map<string, { times: number[]; rows: number[][] }>();
  for (const message of simulateSession(options)) {
    if (message.kind === 'open') streams.set(message.info.id, { times: [], rows: [] });
    if (message.kind !== 'chunk') continue;
    const { info, times, data } = message.chunk;
    const stream = streams.get(info.id)!;
    times.forEach((t, k) => {
      stream.times.push(t);
      stream.rows.push(info.channels.map((_, c) => data[c * times.length + k]));
    });
  }
  return streams;
}

const text = (messages: Iterable<StreamMessage>) =>
  digestOf(
    [...messages].map((message) =>
      message.kind === 'chunk'
        ? [...message.chunk.times, ...[...message.chunk.data].map(String), message.chunk.gapBefore]
        : message,
    ),
  );

describe('simulateSession', () => {
  it('gives the same bytes for the same seed, others for another', () => {
    expect(text(simulateSession(base))).toBe(text(simulateSession(base)));
    expect(text(simulateSession(base))).not.toBe(text(simulateSession({ ...base, seed: 12 })));
  });

  it.each(profileNames)('%s: a longer session begins with the same samples', (profile) => {
    const short = samples({ ...base, profile, duration_s: 2.5 });
    const long = samples({ ...base, profile, duration_s: 4 });
    for (const [id, { times, rows }] of short) {
      expect(times.at(-1)).toBeLessThan(2.5);
      expect(times.at(-1)! + times[1]).toBeGreaterThanOrEqual(2.5);
      expect(long.get(id)!.times.slice(0, times.length)).toEqual(times);
      expect(long.get(id)!.rows.slice(0, rows.length)).toEqual(rows);
    }
  });

  it('gives the same samples in chunks of any size, and for any choice of sensors', () => {
    const whole = samples(base);
    expect(samples({ ...base, chunksPerSecond: 20 })).toEqual(whole);
    for (const [id, stream] of samples({ ...base, only: ['gaze', 'ppg'] }))
      expect(stream).toEqual(whole.get(id));
  });

  it('opens every stream first, gives chunks in order of their first stamp, closes every stream last', () => {
    for (const chunksPerSecond of [1, 20]) {
      const messages = [...simulateSession({ ...base, chunksPerSecond })];
      const kinds = messages.map((message) => message.kind).join(' ');
      expect(kinds).toMatch(/^(open ){9}(chunk )+(close ?){9}$/);
      const firsts = messages.flatMap((message) =>
        message.kind === 'chunk' ? [message.chunk.times[0]] : [],
      );
      expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
    }
  });

  it('stamps sample k at start + k / rate exactly', () => {
    for (const [id, { times }] of samples({ ...base, profile: 'muse', start_s: 100 })) {
      const rate = id === 'annotation' ? 10 : profiles.muse[id as 'eeg'].sfreq_hz;
      expect(times).toEqual(times.map((_, k) => 100 + k / rate));
    }
  });

  it('gives values that float32 keeps', () => {
    for (const { rows } of samples(base).values())
      for (const row of rows) for (const value of row) expect(Math.fround(value)).toEqual(value);
  });

  it('carries plausible values in the declared units', () => {
    const range: Record<string, readonly [number, number]> = {
      eeg: [-300, 400],
      gaze: [-20, 20],
      ecg: [-2, 4],
      ppg: [-2, 4],
      eda: [0.2, 60],
      temp: [26, 39],
      emg: [-300, 300],
      acc: [-0.3, 1.3],
      annotation: [-1, 1],
    };
    for (let seed = 0; seed < 6; seed++)
      for (const [id, { rows }] of samples({ ...base, seed }))
        for (const value of rows.flat())
          if (!Number.isNaN(value)) {
            expect(value).toBeGreaterThan(range[id][0]);
            expect(value).toBeLessThan(range[id][1]);
          }
  });

  it('refuses what it can’t simulate', () => {
    for (const bad of [
      { profile: 'helmet' as 'muse' },
      { duration_s: 0 },
      { only: ['nose' as 'eeg'] },
      { chunksPerSecond: 0.5 },
    ])
      expect(() => simulateSession({ ...base, ...bad })).toThrow(ConfigurationError);
  });
});

describe('profiles', () => {
  it('place every electrode, and have whole rates', () => {
    for (const profile of Object.values(profiles)) {
      for (const sensor of sensorNames) expect(Number.isInteger(profile[sensor].sfreq_hz)).toBe(true);
      for (const { label } of profile.eeg.channels) expect(scalpPosition(label), label).not.toBeNull();
    }
    const counts = profileNames.map((name) => new Set(profiles[name].eeg.channels.map((c) => c.label)).size);
    expect(counts).toEqual([4, 14, 62, 32]);
  });
});

describe('scalpPosition', () => {
  // Cosines between the unit vectors of MNE's spherical 10-05 montage.
  it.each([
    ['Cz', [0, 0, 1]],
    ['C3', [-0.5878, 0, 0.809]],
    ['F4', [0.4591, 0.58, 0.673]],
    ['O1', [-0.2939, -0.9045, 0.309]],
    ['P8', [0.7695, -0.559, 0.309]],
    ['Fp2', [0.2939, 0.9045, 0.309]],
  ] as const)('%s is within 8 degrees of the reference montage', (label, [x, y, z]) => {
    const p = scalpPosition(label)!;
    expect(p[0] * x + p[1] * y + p[2] * z).toBeGreaterThan(Math.cos((8 * Math.PI) / 180));
  });

  it('knows nothing of other names', () => {
    expect(scalpPosition('AUX1')).toBeNull();
  });
});

describe('drawPerson', () => {
  const people = Array.from({ length: 400 }, (_, seed) => drawPerson(seed));

  it('gives the same person for the same seed and different people otherwise', () => {
    expect(drawPerson(5)).toEqual(drawPerson(5));
    expect(new Set(people.map((person) => person.pupil_mm)).size).toBeGreaterThan(390);
  });

  it('never turns an effect’s sign, and draws modalities independently', () => {
    for (const { responsivity } of people)
      for (const { valence, arousal } of Object.values(responsivity)) {
        expect(valence).toBeGreaterThan(0.3);
        expect(arousal).toBeGreaterThan(0.3);
      }
    const eeg = people.map((person) => person.responsivity.eeg.valence);
    const muscle = people.map((person) => person.responsivity.muscle.valence);
    expect(Math.abs(correlation(eeg, muscle))).toBeLessThan(0.15);
  });

  it('has about one low electrodermal responder in ten', () => {
    const low = people.filter((person) => person.scr_us < 0.09).length;
    expect(low).toBeGreaterThan(20);
    expect(low).toBeLessThan(70);
  });
});
