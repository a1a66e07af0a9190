import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { expect, it } from 'vitest';
import { runAffectd } from '../cli/run-affectd.js';
import { temporaryFolder } from '../setup/temporary-folder.js';

const root = join(import.meta.dirname, '..', '..');
const folder = temporaryFolder();

/** Ten seconds of OpenFace at 30 Hz; a smile from 5 s on, the face lost from 7 s on. */
function clip(): string {
  const rows = Array.from({ length: 300 }, (_, i) => {
    const [smiles, lost] = [i >= 150, i >= 210];
    return [
      i + 1,
      (i / 30).toFixed(3),
      lost ? 0.2 : 0.98,
      Number(!lost),
      0.1,
      0,
      -0.2,
      0.5,
      smiles ? 4 : 0,
      Number(smiles),
    ].join(', ');
  });
  const head = 'frame, timestamp, confidence, success, pose_Rx, pose_Ry, pose_Rz, AU01_r, AU12_r, AU12_c';
  return `${[head, ...rows].join('\n')}\n`;
}

it('pipelines/face.yaml gives 17 intensities, 18 presences and the head of an OpenFace clip, every second', async () => {
  const file = join(folder, 'clip.csv');
  writeFileSync(file, clip());
  const args = ['features', file, '-p', join(root, 'pipelines', 'face.yaml')];
  const result = await runAffectd(args);
  expect(result.code, result.stderr).toBe(0);
  expect((await runAffectd([...args, '--chunk', '7'])).stdout).toBe(result.stdout);
  const rows: Record<string, string>[] = parse(result.stdout, { columns: true });
  expect(Object.keys(rows[0])).toHaveLength(1 + 17 + 18 + 3);
  expect(rows.map(({ time }) => Number(time))).toEqual([4, 5, 6, 7, 8, 9, 10]);
  const column = (name: string) =>
    rows.map((row) => (row[`face.${name}`] === '' ? null : Number(row[`face.${name}`])));
  expect(column('AU12.au_intensity')).toEqual([0, 0, 1, 2, 8 / 3, 4, null]);
  expect(column('AU12.au_presence').slice(0, 4)).toEqual([0, 0, 0.25, 0.5]);
  expect(column('AU02.au_intensity')).toEqual(Array(7).fill(null));
  expect(column('head.head_pitch')[0]).toBeCloseTo(18 / Math.PI, 9);
});
