import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Ledger, type LedgerLine, personDigest } from '../../../../src/learn/evaluate/rule/ledger.js';

const folder = mkdtempSync(join(tmpdir(), 'affectd-ledger-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const [ann, bob, cem] = ['ann', 'bob', 'cem'].map((name) => personDigest('set', name));
const line = (change: Partial<LedgerLine> = {}): LedgerLine => ({
  data: 'set',
  people: [ann, bob],
  recipe: 'sha256:1',
  model: 'network',
  output: 'class',
  modalities: null,
  p: 0.01,
  ...change,
});

describe('Ledger', () => {
  it('keeps what was scored, the last of the same recipe, on data that share a person', async () => {
    const path = join(folder, 'a.jsonl');
    const empty = await Ledger.open(path);
    expect(empty.on([ann])).toEqual([]);
    const other = line({ recipe: 'sha256:2', model: 'linear' });
    await empty.add([line(), other]);
    const renamed = line({ model: 'another name', p: 0.02 });
    await (await Ledger.open(path)).add([renamed]);
    await (await Ledger.open(path)).add([renamed, line({ people: [cem], recipe: 'sha256:3' })]);
    expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(4);
    const ledger = await Ledger.open(path);
    expect(ledger.on([bob, 'somebody else'])).toEqual([renamed, other]);
    expect(ledger.on([cem])).toHaveLength(1);
    expect(ledger.on([personDigest('another set', 'ann')])).toEqual([]);
  });

  it('counts parts of the modalities and outputs by themselves', async () => {
    const ledger = new Ledger(null, [
      line(),
      line({ modalities: ['eda'] }),
      line({ output: 'valence' }),
      line(),
    ]);
    expect(ledger.on([ann])).toHaveLength(3);
    await ledger.add([line({ recipe: 'sha256:9' })]);
  });

  it('names the line that is damaged', async () => {
    const path = join(folder, 'b.jsonl');
    await (await Ledger.open(path)).add([line()]);
    appendFileSync(path, '{"recipe"\n');
    await expect(Ledger.open(path)).rejects.toMatchObject({
      code: 'ledger-unreadable',
      message: `${path}:2: not a line of a ledger; restore it: every model that was scored counts`,
    });
    await expect(Ledger.open(folder)).rejects.toMatchObject({ code: 'ledger-unreadable' });
  });
});
