import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { expect, it } from 'vitest';
import { runAffectd } from '../cli/run-affectd.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { openFaceClip } from './open-face-clip.js';

const root = join(import.meta.dirname, '..', '..');
const folder = temporaryFolder();

it('pipelines/face.yaml gives 17 intensities, 18 presences and the head of an OpenFace clip, every second', async () => {
  const file = join(folder, 'clip.csv');
  writeFileSync(file, openFaceClip());
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
