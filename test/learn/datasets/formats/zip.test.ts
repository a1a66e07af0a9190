import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readZip } from '../../../../src/learn/datasets/formats/zip.js';
import { fixtures } from '../fixture-copy.js';

describe.each(['stored.npz', 'deflated.npz'])('the archive %s', (name) => {
  const bytes = readFileSync(join(fixtures, 'formats', name));

  it('gives its members', () => {
    const members = readZip(bytes, name);
    expect([...members.keys()]).toEqual(['c.npy', 'f.npy', 'bytes.npy', 'objects.npy', 'words.npy']);
    expect(members.get('c.npy')!().toString('latin1', 1, 6)).toBe('NUMPY');
  });

  it('says so where it was cut or spoilt', () => {
    expect(() => readZip(bytes.subarray(0, bytes.length - 40), name)).toThrow(/cut short|broken/);
    const spoilt = Buffer.from(bytes);
    const size = 20 + spoilt.lastIndexOf('PK\x01\x02');
    spoilt.writeUInt32LE(bytes.length, size);
    expect(() => readZip(spoilt, name).get('words.npy')!()).toThrow(`${name}: words.npy was cut short`);
  });

  it('is told from other files', () => {
    expect(() => readZip(Buffer.from('hello'), 'x.npz')).toThrow('x.npz: not a zip archive');
  });
});
