import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { expect, it } from 'vitest';
import { runAffectd } from '../cli/run-affectd.js';

const root = join(import.meta.dirname, '..', '..');
const fixture = (name: string): string => join(root, 'fixtures', 'pipelines', name);
const table = (text: string): string[][] => parse(text);

it('equals scipy.signal.periodogram, summed over each band, to 1e-9', async () => {
  const result = await runAffectd([
    'features',
    fixture('eeg-de.csv'),
    '-p',
    join(root, 'pipelines', 'eeg-de.yaml'),
  ]);
  expect(result.code, result.stderr).toBe(0);
  const [header, ...rows] = table(result.stdout);
  const reference = JSON.parse(readFileSync(fixture('eeg-de.json'), 'utf8')) as {
    header: string[];
    rows: number[][];
  };
  expect(header).toEqual(reference.header);
  expect(rows).toHaveLength(reference.rows.length);
  rows.forEach((row, i) => {
    row.forEach((cell, j) => {
      expect(Math.abs(Number(cell) - reference.rows[i][j]), `row ${i}, ${header[j]}`).toBeLessThan(1e-9);
    });
  });
});
