import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RandomAccessFile } from '../../../../src/io/recordings/files/random-access-file.js';
import { temporaryFolder } from '../../../setup/temporary-folder.js';

const SIZE = 6 * (1 << 20) + 12_345;
const bytes = Buffer.from(
  Uint32Array.from({ length: Math.ceil(SIZE / 4) }, (_, i) => i * 2_654_435_761).buffer,
).subarray(0, SIZE);
const folder = temporaryFolder();
let file: RandomAccessFile;
beforeAll(() => {
  writeFileSync(join(folder, 'f'), bytes);
  file = new RandomAccessFile(join(folder, 'f'));
});
afterAll(() => file.close());

describe('RandomAccessFile', () => {
  it('reads the same bytes at any place, across its windows and the end', () => {
    const window = 1 << 20;
    const nearEdge = fc
      .tuple(fc.nat(7), fc.integer({ min: -20, max: 20 }))
      .map(([k, d]) => Math.max(0, k * window + d));
    fc.assert(
      fc.property(
        fc.oneof(fc.nat(SIZE + 10), nearEdge),
        fc.oneof(fc.nat(64), fc.nat(3 * window)),
        (offset, length) => {
          expect(file.read(offset, length).equals(bytes.subarray(offset, offset + length))).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });
});
