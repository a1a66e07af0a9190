import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openRecording } from '../../../../src/io/recordings/open.js';
import { expectChunkInvariant, expectOnlyInputErrors, openedText } from '../opened-text.js';
import { readRecording } from '../read-recording.js';

/** Every second frame of `seconds` at `fps`. */
function table({ fps = 25, seconds = 3, faces = 1 } = {}): string {
  const head =
    'FaceRectX,FaceRectY,FaceRectWidth,FaceRectHeight,FaceScore,x_0,Pitch,Roll,Yaw,AU01,AU12,Happy,input,frame,approx_time';
  const rows: string[] = [];
  for (let n = 0; n < seconds * fps; n += 2)
    for (let face = 0; face < faces; face++)
      rows.push(
        `1,2,3,4,0.99,7,0.1,0,-0.1,${face ? 0 : 0.5},0.25,0.9,clip.mp4,${n},00:0${Math.floor(n / fps)}`,
      );
  return `${[head, ...rows].join('\n')}\n`;
}

describe('py-feat', () => {
  it('gives probabilities, angles in degrees and the confidence, at the frame rate that the seconds tell', async () => {
    await openedText('clip.csv', table(), async (recording) => {
      expect([recording.format, recording.problems]).toEqual(['Py-Feat', []]);
      const [{ info, samples }] = recording.streams;
      expect([info.type, info.sfreq, samples]).toEqual(['Face', 12.5, 38]);
      expect(info.channels.map(({ label, unit }) => `${label} ${unit}`)).toEqual([
        'confidence 0..1',
        'pitch deg',
        'roll deg',
        'yaw deg',
        'AU01 0..1',
        'AU12 0..1',
      ]);
      const { data } = (await readRecording(recording)).streams.get('clip/face')!;
      expect(data[1][0]).toBeCloseTo(18 / Math.PI, 12);
      expect(data[4][0]).toBe(0.5);
    });
  });

  it('finds the usual rates', async () => {
    for (const fps of [10, 15, 24, 25, 30, 50, 60])
      await openedText('clip.csv', table({ fps }), async ({ streams }) =>
        expect(streams[0].last! - streams[0].first!, `${fps}`).toBeCloseTo(
          (2 * Math.ceil((3 * fps) / 2) - 2) / fps,
          1,
        ),
      );
    await openedText('clip.csv', table({ seconds: 0.9 }), async ({ streams }) =>
      expect(streams[0].info.sfreq).toBe(15),
    );
  });

  it('takes the first of several faces', async () => {
    await openedText('clip.csv', table({ faces: 2 }), async (recording) => {
      expect(recording.problems).toEqual(['38 rows of further faces in the picture; left out']);
      const { data } = (await readRecording(recording)).streams.get('clip/face')!;
      expect(new Set(data[4])).toEqual(new Set([0.5]));
    });
  });

  it('gives the same samples whatever the chunks, and reads what is before a cut', async () => {
    await openedText('clip.csv', table(), expectChunkInvariant);
    const whole = table();
    for (const length of [whole.length - 5, whole.length - 100, Math.round(0.7 * whole.length)])
      await openedText('clip.csv', whole.slice(0, length), async (recording) => {
        const { times } = (await readRecording(recording)).streams.get('clip/face')!;
        expect(times.length).toBeGreaterThan(20);
        times.forEach((time, i) => {
          expect(time).toBeCloseTo(0.08 * i, 9);
        });
      });
  });

  it('throws nothing but InputError on damaged text', async () => {
    await expectOnlyInputErrors('clip.csv', table());
  });
});

const folder = join(import.meta.dirname, '../../../../../shared/recordings/pyfeat/news_sample');
describe.skipIf(!existsSync(folder))('real Py-Feat files (absent here)', () => {
  it('are read, all at 25 frames a second, every second frame', async () => {
    const files = readdirSync(folder).filter((name) => /^\d+\.csv$/.test(name));
    expect(files).toHaveLength(20);
    for (const name of files) {
      const recording = await openRecording(join(folder, name));
      expect(recording.problems).toEqual([]);
      const [{ info, samples, first, last }] = recording.streams;
      expect([info.type, info.channels.length], name).toEqual(['Face', 24]);
      expect((last! - first!) / (samples - 1), name).toBeCloseTo(0.08, 9);
      await recording.close();
    }
  });
});
