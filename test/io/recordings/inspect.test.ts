import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { formatInspection, inspectRecording } from '../../../src/io/recordings/inspect.js';
import { openRecording } from '../../../src/io/recordings/open.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';

const folder = temporaryFolder();
beforeAll(() => {
  const rows = Array.from({ length: 200 }, (_, i) => {
    const noise = Math.sin(i * 12.9898).toFixed(4);
    const railed = i >= 50 && i < 80 ? 500 : noise;
    const holes = i % 4 === 0 ? '' : noise;
    const flat = i < 100 ? 3 : noise;
    return [i < 120 ? i / 100 : i / 100 + 1, noise, railed, holes, flat].join(',');
  });
  const header = 'time,EEG.Fp1[uV],EEG.Fp2[uV],EEG.Cz[uV],EEG.Pz[uV]';
  writeFileSync(join(folder, 'r.csv'), `${[header, ...rows].join('\n')}\n`);
});

describe('inspectRecording', () => {
  it('gives the JSON that scripts depend on', async () => {
    const recording = await openRecording(join(folder, 'r.csv'));
    const report = await inspectRecording(recording);
    expect(JSON.parse(JSON.stringify(report))).toEqual({
      streams: [
        {
          name: 'r',
          type: 'EEG',
          channels: ['Fp1', 'Fp2', 'Cz', 'Pz'].map((label) => ({ label, unit: 'uV' })),
          sfreq: 100,
          measured_sfreq: expect.closeTo(100, 6),
          samples: 200,
          first: 0,
          last: 2.99,
          gaps: [{ from: 1.19, to: 2.2 }],
        },
      ],
      problems: [],
    });
    await recording.close();
  });

  it('tells how labels were understood, where they came otherwise, apart from the problems', async () => {
    writeFileSync(join(folder, 'old.csv'), 'time,EEG.FP1[uV],EEG.CB1[uV]\n0,1,2\n0.01,2,1\n0.02,1,2\n');
    const recording = await openRecording(join(folder, 'old.csv'));
    const report = await inspectRecording(recording);
    const line = "stream 'old' (EEG): FP1 is Fp1; no place on the scalp is known for CB1";
    expect(report.toJSON()).toMatchObject({ problems: [], montage: [line] });
    expect(formatInspection(report)).toMatch(/labels:\n {2}stream 'old' .*\n\nno problems found/);
    await recording.close();
  });

  it('leaves out a beginning that lies beyond all dates', async () => {
    const recording = await openRecording(join(folder, 'r.csv'));
    const report = await inspectRecording(recording);
    const begun = (zero_unix_s: number) =>
      formatInspection(Object.assign(report, { zero_unix_s })).split('\n', 1)[0];
    expect(begun(1.7e9)).toMatch(/\(.*, starts 2023-11-14T22:13:20.000Z\)$/);
    expect(begun(1e300)).not.toContain('starts');
    await recording.close();
  });

  it('measures quality by channel, and tells it in words', async () => {
    const recording = await openRecording(join(folder, 'r.csv'));
    const report = await inspectRecording(recording);
    expect(report.streams[0].quality).toEqual([
      { missing: 0, flat: 0, railed: 0 },
      { missing: 0, flat: 0, railed: 0.15 },
      { missing: 0.25, flat: 0, railed: 0 },
      { missing: 0, flat: 0.5, railed: 0.5 },
    ]);
    const text = formatInspection(report);
    expect(text).toMatch(
      /r {2}EEG {2}100 Hz \(measured 100 Hz\)\n {2}200 samples, 0 to 2\.99 s\n {2}gap 1\.19 to 2\.2 s \(1\.01 s\)/,
    );
    expect(text).toMatch(/Fp2 {2}uV {5}railed 15\.0 %/);
    expect(text).toMatch(/Cz {3}uV {5}missing 25\.0 %/);
    expect(text).toMatch(/Fp1 {2}uV {5}good/);
    await recording.close();
  });
});
