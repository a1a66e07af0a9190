import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  type ByteSource,
  fileBytes,
  InflatedBytes,
} from '../../../../src/learn/datasets/formats/byte-source.js';
import { temporaryFolder } from '../../../setup/temporary-folder.js';

const folder = temporaryFolder();

const content = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * i) & 0xff);
const packed = deflateSync(content);
const path = join(folder, 'bytes');
writeFileSync(path, Buffer.concat([Buffer.from('head'), content]));
const packedPath = join(folder, 'packed');
writeFileSync(packedPath, Buffer.concat([Buffer.from('head'), packed]));
const cutPath = join(folder, 'cut');
writeFileSync(cutPath, Buffer.concat([Buffer.from('head'), packed.subarray(0, packed.length >> 1)]));

const sources: [string, () => Promise<ByteSource>][] = [
  ['of a file', () => fileBytes(path, 4)],
  ['of a compressed part', async () => new InflatedBytes(packedPath, 4, packed.length)],
];

describe.each(sources)('bytes %s', (_, open) => {
  it('are read and skipped in order', async () => {
    const source = await open();
    expect(await source.read(5)).toEqual(content.slice(0, 5));
    await source.skip(2_500_000);
    expect(source.position).toBe(2_500_005);
    expect(Buffer.from(await source.read(400_000)).equals(content.subarray(2_500_005, 2_900_005))).toBe(true);
    await source.close();
  });

  it('end with an error', async () => {
    const source = await open();
    await expect(source.read(content.length + 1)).rejects.toMatchObject({ code: 'dataset-damaged' });
    await source.close();
  });
});

describe('a compressed part that was cut', () => {
  it('says so', async () => {
    const source = new InflatedBytes(cutPath, 4, packed.length >> 1);
    await expect(source.skip(content.length)).rejects.toMatchObject({
      code: 'dataset-damaged',
      message: expect.stringContaining(cutPath),
    });
    await source.close();
  });
});
