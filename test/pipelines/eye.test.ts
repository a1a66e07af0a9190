import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { beforeAll, describe, expect, it } from 'vitest';
import reference from '../../fixtures/eye/session.json' with { type: 'json' };
import { runAffectd } from '../cli/run-affectd.js';

const root = join(import.meta.dirname, '..', '..');

describe('pipelines/eye.yaml', () => {
  let rows: Record<string, string>[];
  beforeAll(async () => {
    const session = join(root, 'fixtures', 'eye', 'session.csv');
    const result = await runAffectd(['features', session, '-p', join(root, 'pipelines', 'eye.yaml')]);
    expect(result.code, result.stderr).toBe(0);
    rows = parse(result.stdout, { columns: true });
  });

  it('gives a row of 33 features a second', () => {
    expect(rows.map((row) => Number(row.time))).toEqual(Array.from({ length: 17 }, (_, i) => 4 + i));
    expect(Object.keys(rows[0])).toHaveLength(34);
  });

  it('leaves what looks back 20 or 60 s empty before 5 s', () => {
    for (const [name, cell] of Object.entries(rows[0])) expect(cell === '', name).toBe(/_[26]0s$/.test(name));
    for (const [name, cell] of Object.entries(rows.at(-1)!)) expect(cell, name).not.toBe('');
  });

  it("has scipy's pupil", () => {
    for (const [name, value] of Object.entries(reference.exact))
      expect(Math.abs(Number(rows.at(-1)![`gaze.${name}`]) - value), name).toBeLessThan(1e-9);
  });

  it('has the known movements', () => {
    for (const [name, [value, tolerance]] of Object.entries(reference.near)) {
      const own = Number(rows.at(-1)![`gaze.${name}`]);
      expect(Math.abs(own - value), `${name} ${own}`).toBeLessThan(tolerance);
    }
  });
});
