import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import reference from '../../../../fixtures/features/action-units.json' with { type: 'json' };
import type { Chunk, StreamInfo } from '../../../../src/core/signal.js';
import { openRecording } from '../../../../src/io/recordings/open.js';
import { chunkOf } from '../../../../src/testing/stream-fixtures.js';
import { named, streamWith, units, vectorAt, vectorOfDevice, vectorsOf } from '../extractor-runs.js';

const FPS = 10;
const camera = streamWith('Face', FPS, [
  ['AU12_r', '0..5'],
  ['AU12_c', '0/1'],
  ['AU28_c', '0/1'],
  ['confidence', '0..1'],
  ['success', '0/1'],
]);
/** Four seconds. */
const frames = (value: (i: number) => number) => Array.from({ length: 4 * FPS }, (_, i) => value(i));
const smile = frames((i) => (i % 2 ? 3 : 1));
const active = frames((i) => Number(i < 10));
const always = frames(() => 1);

describe('action-units', () => {
  it('takes means over the frames in which the face is seen', () => {
    const lost = frames((i) => Number(i >= 5));
    const doubtful = frames((i) => (i % 2 && i < 20 ? 0.7 : 0.9));
    const vector = vectorAt('action-units', camera, [smile, active, always, doubtful, lost], 4);
    const values = named(vector);
    // Seen: the even frames 6 to 18, and 20 to 39.
    expect(values['AU12.au_intensity']).toBeCloseTo((7 * 1 + 10 * 1 + 10 * 3) / 27, 12);
    expect(values['AU12.au_presence']).toBeCloseTo(2 / 27, 12);
    expect(values['AU28.au_presence']).toBe(1);
    expect(values['AU01.au_intensity']).toBeNull();
  });

  it('has 17 intensities and 18 units that may be active, whatever the tracker tells', () => {
    const rows = [smile, active, always, always, always];
    const names = Object.keys(named(vectorAt('action-units', camera, rows, 4)));
    expect(names.filter((name) => name.endsWith('au_intensity'))).toHaveLength(17);
    expect(names.filter((name) => name.endsWith('au_presence'))).toHaveLength(18);
    const own = { features: [{ name: 'action-units', of: ['pose', 'intensity'] }] };
    const chosen = Object.keys(named(vectorAt('action-units', camera, rows, 4, own)));
    expect(chosen.slice(0, 4)).toEqual([
      'head.head_pitch',
      'head.head_yaw',
      'head.head_roll',
      'AU01.au_intensity',
    ]);
    expect(chosen).toHaveLength(20);
  });

  it('masks a window in whose greater part the face is lost, a run of missing values, and a gap', () => {
    const at = (rows: readonly (readonly number[])[]) =>
      named(vectorAt('action-units', camera, rows, 4))['AU12.au_intensity'];
    expect(at([smile, active, always, always, frames((i) => Number(i < 20))])).not.toBeNull();
    expect(at([smile, active, always, always, frames((i) => Number(i < 19))])).toBeNull();
    expect(at([smile, active, always, frames(() => 0.5), always])).toBeNull();
    expect(at([smile.map((x, i) => (i < 21 ? Number.NaN : x)), active, always, always, always])).toBeNull();
    const chunks = (lost_s: number): Chunk[] => {
      const rows = [smile, active, always, always, always];
      const part = (from: number, to: number, late: number) =>
        chunkOf(
          camera,
          rows.map((row) => row.slice(from, to)),
          from / FPS + late,
          late > 0,
        );
      return [part(0, 25, 0), part(25, 40, lost_s)];
    };
    const returned = (lost_s: number) => vectorsOf('action-units', camera, chunks(lost_s), [4 + lost_s])[0];
    expect(returned(1).present).toContain(1);
    expect(returned(3.5).present).not.toContain(1);
  });

  it("takes each tracker's names, and keeps its scale", () => {
    const of = (channels: readonly (readonly [string, string])[], rows: readonly (readonly number[])[]) =>
      vectorOfDevice('action-units', { type: 'Face', sfreq: FPS, channels }, rows, 4);
    const cases = [
      [['au_12_intensity', ''], 2, '0..5', null],
      [['AU12_r', ''], 2, '0..5', null],
      [['AU12', '0..1'], 0.6, '0..1', 1],
      [['AU12', ''], 40, '', null],
      [['AU12 Evidence', ''], -0.4, 'log10 odds', 0],
    ] as const;
    for (const [channel, value, unit, presence] of cases) {
      const vector = of([channel], [frames(() => value)]);
      expect(named(vector)['AU12.au_intensity'], channel[0]).toBeCloseTo(value, 12);
      expect(units(vector)['AU12.au_intensity'], channel[0]).toBe(unit);
      expect(named(vector)['AU12.au_presence'], channel[0]).toBe(presence);
    }
    const libreFace = of(
      [
        ['au_12', ''],
        ['au_12_intensity', ''],
      ],
      [active, smile],
    );
    expect(named(libreFace)['AU12.au_presence']).toBeCloseTo(0.25, 12);
  });
});

const real = join(import.meta.dirname, '../../../../../shared/recordings/pyfeat/OpenFace_Test.csv');
describe.skipIf(!existsSync(real))('a real OpenFace file (absent here)', () => {
  const read = async (spoil: (label: string, frame: number, value: number) => number) => {
    const recording = await openRecording(real);
    let info: StreamInfo | null = null;
    const chunks: Chunk[] = [];
    let frame = 0;
    for await (const message of recording.messages({ clockSync: true, chunk: null, events: () => {} })) {
      if (message.kind !== 'chunk' || message.chunk.info.type !== 'Face') continue;
      const { chunk } = message;
      info = chunk.info;
      const n = chunk.times.length;
      const data = chunk.data.map((value, i) =>
        spoil(chunk.info.channels[Math.floor(i / n)].label, frame + (i % n), value),
      );
      frame += n;
      chunks.push({ ...chunk, data });
    }
    await recording.close();
    const params = {
      features: [{ name: 'action-units', of: ['intensity', 'presence', 'pose'] }],
      window_s: 0.05,
      hop_s: 0.05,
    };
    return vectorsOf('action-units', info!, chunks, [0.05, 0.1], params);
  };

  it("equals numpy's means", async () => {
    const vectors = await read((_, __, value) => value);
    const partly = await read((label, frame, value) => {
      if (label === 'success' && frame >= 20 && frame < 40) return 0;
      return label === 'confidence' && frame >= 60 && frame < 70 ? 0.5 : value;
    });
    for (const [found, wanted] of [
      [vectors, reference.whole],
      [partly, reference.partly],
    ] as const)
      found.forEach((vector, w) => {
        const values = named(vector);
        const expected: Readonly<Record<string, number>> = wanted[w];
        expect(Object.keys(values).sort()).toEqual(Object.keys(expected).sort());
        for (const [name, value] of Object.entries(expected))
          expect(Math.abs(values[name]! - value), name).toBeLessThan(1e-12 * Math.max(1, Math.abs(value)));
      });
  });
});
