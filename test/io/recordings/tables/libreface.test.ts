import { expect, it } from 'vitest';
import { expectChunkInvariant, expectOnlyInputErrors, expectPrefixes, openedText } from '../opened-text.js';
import { readRecording } from '../read-recording.js';

/** 25 Hz; the face is lost in frame 3. */
function table(): string {
  const head =
    'frame_idx,frame_time_in_ms,lm_mp_0_x,pitch,yaw,roll,facial_expression,au_1,au_12,au_1_intensity,au_12_intensity';
  const rows = Array.from({ length: 10 }, (_, i) =>
    i === 3 ? `${i},${40 * i},,,,,,,,,` : `${i},${40 * i},0.5,10,-5,2,Happiness,0,1,${i / 10},4.5`,
  );
  return `${[head, ...rows].join('\n')}\n`;
}

it("gives LibreFace's intensities and detections under OpenFace's names, and the head's angles", async () => {
  await openedText('clip.csv', table(), async (recording) => {
    expect([recording.format, recording.problems]).toEqual(['LibreFace', []]);
    const [{ info, samples }] = recording.streams;
    expect([info.type, info.sfreq, samples]).toEqual(['Face', 25, 10]);
    expect(info.channels.map(({ label, unit }) => `${label} ${unit}`)).toEqual([
      'pitch deg',
      'yaw deg',
      'roll deg',
      'AU01_c 0/1',
      'AU12_c 0/1',
      'AU01_r 0..5',
      'AU12_r 0..5',
    ]);
    const { data } = (await readRecording(recording)).streams.get('clip/face')!;
    expect(data[5].slice(0, 5)).toEqual([0, 0.1, 0.2, Number.NaN, 0.4]);
    expect(data[1][0]).toBe(-5);
  });
});

it('gives the same samples whatever the chunks, and reads what is before a cut', async () => {
  await openedText('clip.csv', table(), expectChunkInvariant);
  await expectPrefixes('clip.csv', table(), 7);
});

it('throws nothing but InputError on damaged text', async () => {
  await expectOnlyInputErrors('clip.csv', table());
});
