import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { copyFolder, folderWith } from '../../../src/learn/datasets/copy-folder.js';
import { fixtures } from './fixture-copy.js';

describe('the folder of a copy', () => {
  it('is relative to the file that names it', () => {
    expect(copyFolder(fixtures, 'deap')).toBe(join(fixtures, 'deap'));
    expect(copyFolder('/elsewhere', join(fixtures, 'deap'))).toBe(join(fixtures, 'deap'));
  });

  it('must be there, and a folder', () => {
    expect(() => copyFolder(fixtures, 'nothing')).toThrow(
      `${join(fixtures, 'nothing')}: no such file or folder`,
    );
    expect(() => copyFolder(fixtures, 'make_datasets.py')).toThrow('give the folder of your copy as `path`');
  });

  it('may hold the files within another one', () => {
    expect(folderWith(fixtures, ['nowhere', 'deap', 'formats'], /\.mat$/)).toMatchObject({
      folder: join(fixtures, 'formats'),
      files: expect.arrayContaining(['plain.mat']),
    });
    expect(folderWith(fixtures, [''], /\.mat$/)).toBeNull();
  });
});
