import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Mat5File } from '../../../../src/learn/datasets/formats/mat5.js';
import { fixtureCopy, fixtures, recordings, truncate } from '../fixture-copy.js';

const at = (name: string) => join(fixtures, 'formats', name);

describe.each(['plain.mat', 'compressed.mat'])('a MAT file of version 5 by scipy, %s', (name) => {
  it('gives numbers as they were saved', async () => {
    const mat = await Mat5File.open(at(name));
    expect(await mat.read('numbers')).toEqual({
      kind: 'numeric',
      dims: [2, 3],
      values: Float64Array.of(0, 3, 1, 4, 2, 5),
    });
    expect(await mat.read('small')).toEqual({ kind: 'numeric', dims: [1, 1], values: Int16Array.of(7) });
    expect(await mat.read('bytes')).toMatchObject({ dims: [1, 5], values: Uint8Array.of(0, 1, 2, 3, 4) });
    expect(await mat.read('large')).toMatchObject({ values: Float64Array.of(2 ** 40, -(2 ** 40)) });
    expect(await mat.read('single')).toMatchObject({ values: Float32Array.of(0.5, Number.NaN) });
    expect(await mat.read('flags')).toMatchObject({ values: Uint8Array.of(1, 0) });
    expect(await mat.read('empty')).toMatchObject({ dims: [0, 0], values: new Float64Array(0) });
  });

  it('gives text', async () => {
    const mat = await Mat5File.open(at(name));
    expect(await mat.read('text')).toMatchObject({ kind: 'char', text: 'café' });
    expect(await mat.read('rows')).toMatchObject({ kind: 'char', dims: [2, 2], text: 'abcd' });
  });

  it('gives structs and cells', async () => {
    const mat = await Mat5File.open(at(name));
    const nested = await mat.read('nested');
    if (nested.kind !== 'struct') throw new Error('not a struct');
    expect([...nested.elements[0].keys()]).toEqual(['name', 'cells']);
    expect(nested.elements[0].get('cells')).toMatchObject({
      kind: 'cell',
      dims: [1, 2],
      cells: [
        { kind: 'numeric', dims: [2, 2], values: Float64Array.of(1, 1, 1, 1) },
        { kind: 'char', text: 'x' },
      ],
    });
    const people = await mat.read('people');
    if (people.kind !== 'struct') throw new Error('not a struct');
    expect(people.elements.map((one) => one.get('sex'))).toMatchObject([{ text: 'a' }, { text: 'b' }]);
  });

  it('is gone through piece by piece, skipping what is not wanted', async () => {
    const mat = await Mat5File.open(at(name));
    const { node, close } = await mat.enter('people');
    const seen: string[] = [];
    for await (const { field, index, node: child } of node.children()) {
      if (field !== 'sex') continue;
      const value = await child.read();
      seen.push(`${index} ${value.kind === 'char' && value.text}`);
    }
    await close();
    expect(seen).toEqual(['0 a', '1 b']);
  });

  it('says which variables there are when one is missing', async () => {
    const mat = await Mat5File.open(at(name));
    await expect(mat.read('labels')).rejects.toMatchObject({
      code: 'dataset-layout',
      message: expect.stringMatching(/no variable 'labels' \(there are: numbers, small, /),
    });
  });

  it('tells where it was cut', async () => {
    const folder = fixtureCopy('formats');
    const path = join(folder, name);
    truncate(path);
    await expect(Mat5File.open(path)).rejects.toMatchObject({
      code: 'dataset-damaged',
      exitCode: 3,
      message: `${path}: the file was cut short; get the file again`,
    });
  });
});

describe('MAT files', () => {
  it('that tell of a text larger than memory are damaged', async () => {
    const folder = fixtureCopy('formats');
    const path = join(folder, 'large.mat');
    const bytes = Buffer.from(readFileSync(at('plain.mat')));
    // The shape stands before the name, whose tag is four bytes.
    const rows = bytes.indexOf('rows') - 4 - 8;
    expect([bytes.readInt32LE(rows), bytes.readInt32LE(rows + 4)]).toEqual([2, 2]);
    for (const columns of [0, 2]) {
      bytes.writeInt32LE(0x7fffffff, rows);
      bytes.writeInt32LE(columns, rows + 4);
      writeFileSync(path, bytes);
      await expect((await Mat5File.open(path)).read('rows')).rejects.toMatchObject({
        code: 'dataset-damaged',
      });
    }
  });

  it('that are spoilt anywhere give numbers or an error that names them', async () => {
    const folder = fixtureCopy('formats');
    const path = join(folder, 'spoilt.mat');
    const sound = readFileSync(at('plain.mat'));
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(fc.integer({ min: 124, max: sound.length - 1 }), fc.integer({ min: 0, max: 255 })),
          {
            minLength: 1,
            maxLength: 4,
          },
        ),
        async (changes) => {
          const bytes = Buffer.from(sound);
          for (const [place, value] of changes) bytes[place] = value;
          writeFileSync(path, bytes);
          try {
            const mat = await Mat5File.open(path);
            for (const name of mat.names) await mat.read(name).catch(expectNamed);
          } catch (error) {
            expectNamed(error);
          }
        },
      ),
      { numRuns: 200 },
    );
    function expectNamed(error: unknown): void {
      expect(error).toMatchObject({
        code: expect.stringMatching(/^dataset-(damaged|layout)$/),
        message: expect.stringContaining(path),
      });
    }
  });

  it('are read in either byte order', async () => {
    const mat = await Mat5File.open(at('big-endian.mat'));
    expect(mat.names).toEqual(['wave']);
    expect(await mat.read('wave')).toMatchObject({ dims: [1, 3], values: Float64Array.of(1.5, -2, 3) });
  });

  it('of version 7.3 are refused with the mend', async () => {
    await expect(Mat5File.open(at('version-7.3.mat'))).rejects.toMatchObject({
      code: 'dataset-layout',
      message: expect.stringContaining("version 7.3 (HDF5); save it with `save('-v7', ...)`"),
    });
  });

  it('may hold what is not read, as long as nobody asks for it', async () => {
    const mat = await Mat5File.open(at('unsupported.mat'));
    expect(await mat.read('fine')).toMatchObject({ values: { 0: 1 } });
    await expect(mat.read('thin')).rejects.toThrow("holds a sparse array in 'thin'; save it as full()");
    await expect(mat.read('complex')).rejects.toThrow("holds complex numbers in 'complex'");
  });

  it('are told from other files', async () => {
    await expect(Mat5File.open(at('stored.npz'))).rejects.toThrow('not a MAT file of version 5 to 7');
    const folder = fixtureCopy('formats');
    const path = join(folder, 'compressed.mat');
    const bytes = readFileSync(path);
    bytes.fill(0xff, 140, 150);
    writeFileSync(path, bytes);
    await expect(Mat5File.open(path)).rejects.toMatchObject({ code: 'dataset-damaged' });
    copyFileSync(at('plain.mat'), path);
    expect((await Mat5File.open(path)).names).toContain('numbers');
  });
});

const lund = join(recordings, 'lund2013');
describe.skipIf(!existsSync(lund))('MAT files that MATLAB wrote (shared/recordings/lund2013)', () => {
  it('give the gaze of each', async () => {
    for (const name of readdirSync(lund).filter((one) => one.endsWith('.mat'))) {
      const mat = await Mat5File.open(join(lund, name));
      const data = await mat.read('ETdata');
      if (data.kind !== 'struct') throw new Error('not a struct');
      const pos = data.elements[0].get('pos');
      if (pos?.kind !== 'numeric') throw new Error('not numbers');
      const [rows, columns] = pos.dims;
      expect(columns).toBe(6);
      const labels = pos.values.subarray(5 * rows);
      expect(labels.length).toBe(rows);
      expect(labels.every((label: number) => [0, 1, 2, 3, 4, 5, 6].includes(label))).toBe(true);
    }
  });
});
