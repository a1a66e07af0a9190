import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openRecording } from '../../../../src/io/recordings/open.js';
import { expectChunkInvariant, expectOnlyInputErrors, expectPrefixes, openedText } from '../opened-text.js';
import { readRecording } from '../read-recording.js';

/** 30 Hz; frame 3 is lost, frames 6 and 7 aren't there. */
function table({ angles = true, faces = 1 } = {}): string {
  const gaze = angles
    ? 'gaze_angle_x, gaze_angle_y'
    : 'gaze_0_x, gaze_0_y, gaze_0_z, gaze_1_x, gaze_1_y, gaze_1_z';
  const lines = [
    `frame,${angles ? ' face_id,' : ''} timestamp, confidence, success, ${gaze}, AU01_r, AU12_r, AU01_c, AU28_c`,
  ];
  for (let i = 0; i < 12; i++) {
    if (i === 6 || i === 7) continue;
    const success = i === 3 ? 0 : 1;
    const direction = angles ? '0.1, -0.2' : '0.3, 0.1, -1, 0.1, 0.3, -1';
    for (let face = 0; face < faces; face++)
      lines.push(
        [
          i + 1,
          ...(angles ? [face] : []),
          (i / 30).toFixed(3),
          success ? 0.95 : 0.1,
          success,
          direction,
          i / 10,
          5,
          face,
          1,
        ].join(', '),
      );
  }
  return `${lines.join('\n')}\n`;
}

describe('openface', () => {
  it('gives a face and a gaze, and masks frames that were not tracked', async () => {
    await openedText('clip.csv', table(), async (recording) => {
      expect(recording.format).toBe('OpenFace');
      expect(recording.problems).toEqual([]);
      expect(
        recording.streams.map(({ info, samples, gaps }) => [
          info.id,
          info.type,
          info.sfreq,
          samples,
          gaps.length,
        ]),
      ).toEqual([
        ['clip/face', 'Face', 30, 10, 1],
        ['clip/gaze', 'Gaze', 30, 10, 1],
      ]);
      const [face, gaze] = recording.streams.map(({ info }) => info.channels);
      expect(face.map(({ label, unit }) => `${label} ${unit}`)).toEqual([
        'AU01_r 0..5',
        'AU12_r 0..5',
        'AU01_c 0/1',
        'AU28_c 0/1',
        'confidence 0..1',
        'success 0/1',
      ]);
      expect(gaze.map(({ label, unit }) => [label, unit])).toEqual([
        ['x', 'deg'],
        ['y', 'deg'],
      ]);
      const { streams } = await readRecording(recording);
      const units = streams.get('clip/face')!;
      expect(units.data[0].slice(0, 5)).toEqual([0, 0.1, 0.2, Number.NaN, 0.4]);
      expect(units.data[5].slice(2, 5)).toEqual([1, 0, 1]);
      expect(units.data[4][3]).toBe(0.1);
      expect(units.gaps).toEqual([6]);
      const angles = streams.get('clip/gaze')!.data;
      expect(angles[0][0]).toBeCloseTo(5.729577951308232, 12);
      expect(angles[1][0]).toBeCloseTo(-11.459155902616464, 12);
      expect(angles[0][3]).toBeNaN();
    });
  });

  it('computes the angles that versions before 2.0 lack', async () => {
    await openedText('old.csv', table({ angles: false }), async (recording) => {
      const { data } = (await readRecording(recording)).streams.get('old/gaze')!;
      // The eyes' mean direction is (0.2, 0.2, -1).
      expect(data[0][0]).toBeCloseTo(11.309932474020213, 12);
      expect(data[1][0]).toBeCloseTo(11.309932474020213, 12);
    });
  });

  it('takes the first of several faces', async () => {
    await openedText('two.csv', table({ faces: 2 }), async (recording) => {
      expect(recording.problems).toEqual(['10 rows of further faces in the picture; left out']);
      expect((await readRecording(recording)).streams.get('two/face')!.data[2].slice(0, 3)).toEqual([
        0, 0, 0,
      ]);
    });
  });

  it('gives the same samples whatever the chunks, and reads what is before a cut', async () => {
    await openedText('clip.csv', table(), expectChunkInvariant);
    await expectPrefixes('clip.csv', table(), 7);
  });

  it('throws nothing but InputError on damaged text', async () => {
    await expectOnlyInputErrors('clip.csv', table());
  });
});

const real = '../shared/recordings/pyfeat/OpenFace_Test.csv';
describe.skipIf(!existsSync(real))('real OpenFace CSV', () => {
  it('OpenFace_Test.csv: as Python reads it', async () => {
    const recording = await openRecording(real);
    expect(recording.problems).toEqual([]);
    expect(recording.streams.map(({ info, samples }) => [info.type, info.channels.length, samples])).toEqual([
      ['Face', 40, 100],
      ['Gaze', 2, 100],
    ]);
    const { streams } = await readRecording(recording);
    const face = streams.get('OpenFace_Test/face')!;
    expect([face.data[0][4], face.data[1][4], face.data[3][4]]).toEqual([0.5636, 0.2709, 0.1455]);
    const gaze = streams.get('OpenFace_Test/gaze')!;
    // atan2(0.109059 - 0.124401, 0.99207 + 0.990014), atan2(0.062474 + 0.0663107, ...) of frame 1, in degrees.
    expect(gaze.data[0][0]).toBeCloseTo(-0.44348, 4);
    expect(gaze.data[1][0]).toBeCloseTo(3.71752, 4);
    await expectChunkInvariant(recording);
  });
});
