import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { JoinedFiles } from '../../../../src/io/recordings/files/file-bytes.js';
import { temporaryFolder } from '../../../setup/temporary-folder.js';

const folder = temporaryFolder();

it('joined files are read as one, each as far as it counts, however many they are', () => {
  let run = 0;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.uint8Array({ maxLength: 30 }), fc.nat(10)), { minLength: 1, maxLength: 12 }),
      fc.array(fc.tuple(fc.nat(300), fc.nat(80)), { maxLength: 20 }),
      (files, reads) => {
        const place = join(folder, String(run++));
        mkdirSync(place);
        const pieces = files.map(([bytes, cut], i) => {
          const path = join(place, String(i));
          writeFileSync(path, bytes);
          return { path, bytes: Math.max(0, bytes.length - cut) };
        });
        const expected = Buffer.concat(files.map(([bytes], i) => bytes.subarray(0, pieces[i].bytes)));
        const joined = new JoinedFiles(pieces);
        expect(joined.size).toBe(expected.length);
        for (const [offset, length] of reads) {
          const target = Buffer.alloc(length);
          const read = joined.readInto(target, offset);
          expect(target.subarray(0, read)).toEqual(expected.subarray(offset, offset + length));
        }
        joined.close();
      },
    ),
    { numRuns: 60 },
  );
});

it('joined files give what is there where one was cut meanwhile', () => {
  const [a, b] = ['a', 'b'].map((name) => join(folder, name));
  writeFileSync(a, 'abc');
  writeFileSync(b, 'def');
  const joined = new JoinedFiles([
    { path: a, bytes: 4 },
    { path: b, bytes: 3 },
  ]);
  expect(joined.readInto(Buffer.alloc(7), 0)).toBe(3);
  joined.close();
});
