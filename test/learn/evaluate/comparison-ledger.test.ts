import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ComparisonLedger } from '../../../src/learn/evaluate/comparison-ledger.js';
import type { MainComparison } from '../../../src/learn/evaluate/main-comparison.js';

const main: MainComparison = {
  model: 'a',
  against: 'b',
  quantity: 'class',
  metric: 'auc',
  level: 'window',
  split: 1,
};
const folder = mkdtempSync(join(tmpdir(), 'affectd-ledger-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('ComparisonLedger', () => {
  const path = join(folder, 'report', 'main-comparison.jsonl');
  /** Each time a ledger of its own, as in each run. */
  const writeDown = (digest: string, folds: number, unix_s = 0) =>
    new ComparisonLedger(path).writeDown(digest, main, async () => folds, unix_s);

  it('remembers how much had been computed when a comparison was first written down, not later', async () => {
    expect(await writeDown('one', 0, 1000)).toEqual({ digest: 'one', after_folds: 0, after_others: 0 });
    const before = readFileSync(path, 'utf8');
    expect(await writeDown('one', 12, 2000)).toEqual({ digest: 'one', after_folds: 0, after_others: 0 });
    expect(readFileSync(path, 'utf8')).toBe(before);
    expect(await writeDown('two', 12, 3000)).toEqual({ digest: 'two', after_folds: 12, after_others: 1 });
    // Going back to the first doesn't make the second unwritten.
    expect(await writeDown('one', 24)).toEqual({ digest: 'one', after_folds: 0, after_others: 0 });
    expect(await writeDown('two', 0)).toEqual({ digest: 'two', after_folds: 12, after_others: 1 });
    const lines = readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ written_at }) => written_at)).toEqual([
      '1970-01-01T00:16:40.000Z',
      '1970-01-01T00:50:00.000Z',
    ]);
    expect(lines[0].comparison).toEqual(main);
  });

  it('names the line that it cannot read', async () => {
    const broken = join(folder, 'broken.jsonl');
    writeFileSync(broken, `${readFileSync(path, 'utf8')}half a li`);
    await expect(new ComparisonLedger(broken).writeDown('one', main, async () => 0, 0)).rejects.toMatchObject(
      {
        code: 'evaluation-ledger',
        message: `${broken}: line 3 is no comparison; restore the file, or give another folder with --out`,
      },
    );
  });
});
