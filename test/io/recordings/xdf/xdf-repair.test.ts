import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../../src/core/errors.js';
import { xdf } from '../../../../src/io/recordings/xdf/xdf.js';
import { repairXdf } from '../../../../src/io/recordings/xdf/xdf-repair.js';
import { temporaryFolder } from '../../../setup/temporary-folder.js';
import { samplesOf } from '../read-recording.js';
import * as b from '../xdf-bytes.js';

const folder = temporaryFolder();
const [damaged, mended, again] = ['damaged', 'mended', 'again'].map((name) => join(folder, `${name}.xdf`));

const whole = Buffer.concat([
  b.magic,
  b.fileHeader,
  b.boundary,
  b.streamHeader({ id: 7, name: 'eeg', channels: 1 }),
  b.streamHeader({ id: 3, name: 'cues', type: 'Markers', format: 'string', sfreq: 0 }),
  b.clockOffset(7, 10, 0.5),
  b.ramp(7, 0, 4, 10),
  b.samples(3, [
    { stamp: 10.01, values: b.text('start') },
    { stamp: 10.02, values: b.text('Grüße') },
  ]),
  // Stamps left out: they follow from the chunk before.
  b.samples(
    7,
    [4, 5, 6].map((value) => ({ stamp: null, values: b.floats(value) })),
  ),
  b.clockOffset(7, 15, 0.5),
  b.clockOffset(3, 15, 0),
  b.ramp(7, 7, 3, 10.07),
  b.samples(3, [{ stamp: 10.09, values: b.text('end') }]),
  b.footer(7, '<info><sample_count>10</sample_count></info>'),
  b.footer(3, '<info><sample_count>3</sample_count></info>'),
]);

async function read(path: string) {
  const recording = await xdf.open(path);
  try {
    return { ...(await samplesOf(recording)), problems: recording.problems };
  } finally {
    await recording.close();
  }
}

describe('repairXdf', () => {
  it('saves what can be read of a file that was cut at any byte, as a whole file', async () => {
    let saved = 0;
    for (let length = 0; length < whole.length; length++) {
      const cut = whole.subarray(0, length);
      writeFileSync(damaged, cut);
      let report: ReturnType<typeof repairXdf>;
      try {
        report = repairXdf(damaged, mended);
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
        await expect(read(damaged)).rejects.toThrow(InputError);
        continue;
      }
      saved++;
      expect(report.needed).toBe(true);
      expect(readFileSync(damaged).equals(cut)).toBe(true);
      const { problems: _problems, ...before } = await read(damaged);
      const { problems, ...after } = await read(mended);
      expect(problems).toEqual([]);
      const ids = (text: string) => text.replaceAll('#7', '#1').replaceAll('#3', '#2');
      expect(JSON.stringify(after)).toBe(ids(JSON.stringify(before)));
      expect(repairXdf(mended, again).needed).toBe(false);
      const footers =
        readFileSync(mended)
          .toString('latin1')
          .match(/<sample_count>\d+/g) ?? [];
      expect(footers).toEqual(report.streams.map(({ samples }) => `<sample_count>${samples}`));
    }
    expect(saved).toBeGreaterThan(whole.length / 3);
  });

  it('never fails otherwise than by InputError on damaged bytes, and what it writes is sound', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length - 1),
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        async (at, noise) => {
          const bytes = Buffer.from(whole);
          bytes.set(noise.subarray(0, bytes.length - at), at);
          writeFileSync(damaged, bytes);
          try {
            repairXdf(damaged, mended, true);
          } catch (error) {
            expect(error).toBeInstanceOf(InputError);
            return;
          }
          expect(repairXdf(mended, again).problems).toEqual([]);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('tells what it saved and what was lost', () => {
    writeFileSync(damaged, whole.subarray(0, whole.indexOf('start') - 40));
    const { needed, streams, problems } = repairXdf(damaged, mended);
    expect(needed).toBe(true);
    expect(streams).toEqual([
      { name: 'eeg', type: 'EEG', samples: 3, lost: 1, first: 10, last: 10.02, hadFooter: false },
      { name: 'cues', type: 'Markers', samples: 0, lost: 0, first: null, last: null, hadFooter: false },
    ]);
    expect(problems.join('\n')).toContain("stream 'eeg': 1 samples can't be read");
    expect(problems.join('\n')).toContain("stream 'cues' has no footer");
  });

  it('leaves a whole file alone, or copies it when told', async () => {
    writeFileSync(damaged, whole);
    rmSync(again, { force: true });
    expect(repairXdf(damaged, again)).toMatchObject({ needed: false, problems: [] });
    expect(() => readFileSync(again)).toThrow();
    repairXdf(damaged, again, true);
    expect((await read(again)).streams.map(({ times }) => times.length)).toEqual([10, 0]);
  });

  it('refuses what is no XDF file', () => {
    writeFileSync(damaged, 'time,EEG.Cz\n');
    expect(() => repairXdf(damaged, mended)).toThrow(InputError);
  });
});
