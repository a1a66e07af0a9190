import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/core/errors.js';
import { openRecording } from '../../../src/io/recordings/open.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';
import { edfBytes } from './edf-bytes.js';
import { fileHeader, magic, ramp, streamHeader } from './xdf-bytes.js';

const folder = temporaryFolder();

const files = {
  XDF: Buffer.concat([magic, fileHeader, streamHeader({ id: 1 }), ramp(1, 0, 20, 0)]),
  EDF: edfBytes({ signals: [{ label: 'EEG Cz', records: [[1, 2, 3, 4]] }] }),
  CSV: Buffer.from('time,EEG.Cz[uV]\n0,1\n1,2\n2,3\n'),
};

describe('openRecording', () => {
  it.each(Object.entries(files))('knows %s by its content, whatever it is called', async (format, bytes) => {
    for (const name of ['r.xdf', 'r.edf', 'r.csv', 'r.bin', 'noextension']) {
      const path = join(folder, name);
      writeFileSync(path, bytes);
      const recording = await openRecording(path);
      expect([recording.format, recording.stem]).toEqual([format, name.split('.')[0]]);
      await recording.close();
    }
  });

  it('says in one line why something is no recording', async () => {
    const path = (name: string, bytes: Uint8Array) => {
      writeFileSync(join(folder, name), bytes);
      return join(folder, name);
    };
    const cases: [string, string][] = [
      [join(folder, 'missing.xdf'), 'recording-missing'],
      [join(folder, 'r.xdf', 'inside'), 'recording-missing'],
      [folder, 'recording-unrecognised'],
      [path('empty.edf', new Uint8Array()), 'recording-empty'],
      [path('text.txt', Buffer.from('hello\nworld\n')), 'recording-unrecognised'],
      [path('text.edf', Buffer.from('hello\nworld\n')), 'recording-unreadable'],
    ];
    writeFileSync(join(folder, 'r.xdf'), files.XDF);
    for (const [where, code] of cases) {
      const error = await openRecording(where).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(InputError);
      expect(error).toMatchObject({ code, exitCode: 3 });
      expect((error as InputError).message).toContain(where);
      expect((error as InputError).message).not.toContain('\n');
    }
  });

  it('throws nothing but InputError on random bytes under any extension', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('xdf', 'edf', 'csv', 'bin'),
        fc.uint8Array({ maxLength: 600 }),
        async (extension, bytes) => {
          const path = join(folder, `noise.${extension}`);
          writeFileSync(path, bytes);
          const opened = await openRecording(path).catch((error: unknown) => error);
          expect(opened).toBeInstanceOf(InputError);
        },
      ),
      { numRuns: 150 },
    );
  });
});
