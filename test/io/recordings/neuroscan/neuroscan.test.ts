import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openRecording } from '../../../../src/io/recordings/open.js';
import {
  expectChunkInvariant,
  expectMaskedPrefixes,
  expectOnlyInputErrors,
  openedText,
} from '../opened-text.js';
import { readRecording } from '../read-recording.js';

const folder = 'fixtures/recordings';
const sound = readFileSync(`${folder}/int32.cnt`);

interface Facts {
  readonly labels: readonly string[];
  readonly sfreq: number;
  readonly start_unix_s: number;
  readonly at: readonly number[];
  readonly uv: readonly (readonly number[])[];
  readonly events: readonly (readonly [number, string])[];
}
const { files } = JSON.parse(readFileSync(`${folder}/neuroscan.json`, 'utf8')) as {
  files: Record<string, Facts | null>;
};

describe('Neuroscan CNT', () => {
  it.each(Object.entries(files).filter((entry): entry is [string, Facts] => entry[1] !== null))(
    '%s: as MNE reads it',
    async (name, facts) => {
      const recording = await openRecording(`${folder}/${name}`);
      expect([recording.format, recording.problems]).toEqual(['Neuroscan CNT', []]);
      expect(recording.zero_unix_s).toBe(facts.start_unix_s);
      expect(recording.streams.map(({ info, samples }) => [info.type, info.sfreq, samples])).toEqual([
        ['EEG', facts.sfreq, 120],
        ['EOG', facts.sfreq, 120],
        ['Markers', 0, facts.events.length],
      ]);
      const { streams } = await readRecording(recording);
      const byLabel = new Map(
        recording.streams.flatMap(({ info }) =>
          info.channels.map(({ label }, c) => [label.toUpperCase(), streams.get(info.id)?.data[c]] as const),
        ),
      );
      for (const [c, label] of facts.labels.entries())
        for (const [i, at] of facts.at.entries()) {
          const expected = facts.uv[c][i];
          expect(Math.abs(byLabel.get(label)![at] - expected)).toBeLessThan(
            1e-6 * Math.max(1, Math.abs(expected)),
          );
        }
      await recording.close();
    },
  );

  it('places events, tells answers from triggers, and knows a table of samples', async () => {
    const marks = async (name: string) => {
      const recording = await openRecording(`${folder}/${name}`);
      const { markers } = await readRecording(recording);
      await recording.close();
      return markers.map(({ time, value }) => [Math.round(time * 1000), value]);
    };
    expect(await marks('int16.cnt')).toEqual(files['int16.cnt']!.events);
    expect(await marks('runs.cnt')).toEqual(files['runs.cnt']!.events);
    expect(files['int32.cnt']!.events.map(([sample]) => sample)).toEqual([7, 8, 119]);
    expect(await marks('int32.cnt')).toEqual([
      [7, '3'],
      [8, 'keyboard/2'],
      [119, 'keypad/4'],
    ]);
    expect(await marks('by-sample.cnt')).toEqual([[11, '6']]);
  });

  it('gives the same samples whatever the chunks', async () => {
    for (const name of ['int32.cnt', 'runs.cnt']) {
      const recording = await openRecording(`${folder}/${name}`);
      await expectChunkInvariant(recording);
      await recording.close();
    }
  });

  it('reads a prefix of a file that was cut at any byte, and says so', async () => {
    await expectMaskedPrefixes('r.cnt', sound, 97);
    await openedText('r.cnt', sound.subarray(0, 1200 + 16 * 50 + 5), async (recording) => {
      expect(recording.problems).toEqual(['the header tells 120 samples, the file holds 50: it was cut']);
      expect(recording.streams[0].samples).toBe(50);
    });
  });

  it('takes 16 bits where the header tells no width, masks what isn’t calibrated, leaves out stray events', async () => {
    const bytes = Buffer.from(readFileSync(`${folder}/int16.cnt`));
    bytes.writeInt32LE(0, 864);
    bytes.writeFloatLE(0, 900 + 75 + 59);
    bytes.writeUInt32LE(1 << 30, bytes.length - 4);
    await openedText('r.cnt', bytes, async (recording) => {
      expect(recording.problems).toEqual([
        "channel 'CZ' has no usable calibration; masked",
        'the header’s number of samples fits no width; taken as 16 bits',
        '1 events lie outside the samples; left out',
      ]);
      const { streams } = await readRecording(recording);
      const [eeg] = streams.values();
      expect(eeg.data[0]).toHaveLength(120);
      expect(eeg.data[1].every(Number.isNaN)).toBe(true);
    });
  });

  it('finds the table of events where its place overflowed', async () => {
    const bytes = Buffer.from(sound);
    bytes.writeUInt32LE(12, 886);
    await openedText('r.cnt', bytes, async (recording) => {
      expect(recording.problems).toEqual([]);
      expect(recording.streams.map(({ samples }) => samples)).toEqual([120, 120, 3]);
    });
  });

  it('is no file of epochs', async () => {
    await expect(openedText('r.avg', sound, async () => {})).rejects.toMatchObject({
      code: 'recording-unrecognised',
    });
    await expect(openedText('r.cnt', sound.subarray(0, 1000), async () => {})).rejects.toMatchObject({
      code: 'recording-unreadable',
    });
  });

  it('throws nothing but InputError on damaged bytes', () =>
    expectOnlyInputErrors('r.cnt', sound, { runs: 100 }));
});
