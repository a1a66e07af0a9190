import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runAffectd } from '../cli/run-affectd.js';

const root = join(import.meta.dirname, '..', '..');

interface Line {
  readonly time: number;
  readonly valence: number | null;
  readonly arousal: number | null;
  readonly valid: boolean;
  readonly modalities: Readonly<Record<string, { readonly present: boolean; readonly weight: number }>>;
}
const linesOf = (text: string): Line[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

it('gives the expected predictions for the demo session, to 1e-5', async () => {
  const result = await runAffectd(['replay', join(root, 'fixtures', 'demo', 'demo.xdf')]);
  expect(result.code, result.stderr).toBe(0);
  const given = linesOf(result.stdout);
  // Made by `affectd replay fixtures/demo/demo.xdf`, every tenth line; made anew when the demo model is trained anew.
  const expected = linesOf(readFileSync(join(root, 'fixtures', 'pipelines', 'default.jsonl'), 'utf8'));
  expect(given).toHaveLength(353);
  expect(expected).toHaveLength(36);
  expected.forEach((line, i) => {
    const got = given[10 * i];
    expect([got.time, got.valid]).toEqual([line.time, line.valid]);
    for (const dimension of ['valence', 'arousal'] as const) {
      if (line[dimension] === null) expect(got[dimension]).toBeNull();
      else
        expect(Math.abs((got[dimension] ?? Number.NaN) - (line[dimension] ?? 0))).toBeLessThanOrEqual(1.1e-5);
    }
    for (const [name, { present, weight }] of Object.entries(line.modalities)) {
      expect(got.modalities[name].present, `${name} at ${line.time}`).toBe(present);
      expect(Math.abs(got.modalities[name].weight - weight)).toBeLessThanOrEqual(1.1e-5);
    }
  });
});

it('masks the eye tracker while it is away', async () => {
  const given = linesOf((await runAffectd(['replay', join(root, 'fixtures', 'demo', 'demo.xdf')])).stdout);
  const away = given.filter(({ modalities }) => !modalities.eye.present).map(({ time }) => time);
  const later = away.filter((time) => time > 30);
  // Away from 70 s to 95 s: stale 0.6 s after it left, told by the next window, back when a window is full again.
  expect(later[0]).toBe(71);
  expect(later.at(-1)).toBeLessThan(100);
  expect(given.filter(({ time }) => time > 70 && time < 95).every(({ valid }) => valid)).toBe(true);
});
