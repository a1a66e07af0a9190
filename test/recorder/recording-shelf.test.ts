import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { XdfWriter } from '../../src/io/recordings/xdf/xdf-writer.js';
import { RecordingShelf } from '../../src/recorder/recording-shelf.js';
import { chunkOf } from '../../src/testing/stream-fixtures.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { eeg, recordSteps, type Step } from './recorded-parts.js';

const folder = temporaryFolder();

/** Two channels at 10 Hz from 100 s on, a second a message. */
function steps(seconds: number): Step[] {
  const chunks = Array.from({ length: seconds }, (_, k): Step[] => {
    const rows = eeg.channels.map(() => Array.from({ length: 10 }, (_, i) => i));
    return [
      { do: 'take', message: { kind: 'chunk', chunk: chunkOf(eeg, rows, 100 + k) } },
      { do: 'wait', s: 1 },
    ];
  });
  return [{ do: 'take', message: { kind: 'open', info: eeg } }, ...chunks.flat()];
}

function foreign(path: string, start_unix_s: number | null): void {
  const writer = XdfWriter.create(path, { start_unix_s });
  writer.open(eeg);
  writer.write(
    chunkOf(
      eeg,
      [
        [1, 2, 3],
        [1, 2, 3],
      ],
      7,
    ),
  );
  writer.close();
}

const bytesIn = (path: string, stem: string): number =>
  readdirSync(path)
    .filter((name) => name.startsWith(stem))
    .reduce((sum, name) => sum + statSync(join(path, name)).size, 0);

it('tells recordings, parts as one, the one that was written last first, and nothing beside its folder', async () => {
  const path = join(folder, 'shelf');
  await recordSteps(path, steps(30), { id: 'many', stem: 'lab', limits: { bytes: 3000 } });
  await recordSteps(path, steps(3), { id: 'one', stem: 'home' });
  // In the same second, of another recording.
  await recordSteps(path, steps(2), { id: 'two', stem: 'home' });
  foreign(join(path, 'muse.xdf'), 1.5e9);
  writeFileSync(join(path, 'torn.XDF'), 'XDF:');
  writeFileSync(join(path, 'notes.txt'), 'XDF:');
  mkdirSync(join(path, 'below.xdf'));
  foreign(join(folder, 'outside.xdf'), null);
  symlinkSync(join(folder, 'outside.xdf'), join(path, 'link.xdf'));
  for (const name of readdirSync(path)) if (!name.startsWith('link')) utimesSync(join(path, name), 10, 10);
  const written: [string, number][] = [
    ['torn.XDF', 20],
    ['lab_2001-09-09T01-46-40_part2.xdf', 30],
    ['muse.xdf', 40],
  ];
  for (const [name, at] of written) utimesSync(join(path, name), at, at);
  const { recordings, more } = await new RecordingShelf(path).list();
  expect(more).toBe(false);
  expect(recordings.map(({ file, session, id }) => [file, session, id])).toEqual([
    ['muse.xdf', null, null],
    ['lab_2001-09-09T01-46-40.xdf', 'lab', 'many'],
    ['torn.XDF', null, null],
    ['home_2001-09-09T01-46-40.xdf', 'home', 'one'],
    ['home_2001-09-09T01-46-40_2.xdf', 'home', 'two'],
  ]);
  const [muse, lab, torn, one, two] = recordings;
  expect(muse).toMatchObject({ parts: 1, begun_unix_s: 1.5e9, written_unix_s: 40 });
  expect(muse.duration_s).toBeCloseTo(0.2, 9);
  expect(torn).toMatchObject({ parts: 1, begun_unix_s: null, bytes: 4, duration_s: null });
  expect(lab.parts).toBe(readdirSync(path).filter((name) => name.startsWith('lab')).length);
  expect(lab.parts).toBeGreaterThan(3);
  expect(lab).toMatchObject({ begun_unix_s: 1e9, written_unix_s: 30, bytes: bytesIn(path, 'lab') });
  // From the first to the last sample of each part.
  expect(lab.duration_s).toBeGreaterThan(30 - 0.1 - lab.parts);
  expect(lab.duration_s).toBeLessThan(30);
  expect(one.duration_s).toBeCloseTo(2.9, 9);
  expect(two.duration_s).toBeCloseTo(1.9, 9);
  expect(one.files).toEqual([one.file]);
  expect(lab.files.slice(0, 2)).toEqual([lab.file, 'lab_2001-09-09T01-46-40_part2.xdf']);
});

it('opens files that are in its folder, and nothing else', async () => {
  const path = join(folder, 'opened');
  mkdirSync(join(path, 'below.xdf'), { recursive: true });
  foreign(join(path, 'a b.xdf'), null);
  foreign(join(path, 'below.xdf', 'inner.xdf'), null);
  foreign(join(folder, 'beside.xdf'), null);
  symlinkSync(join(folder, 'beside.xdf'), join(path, 'link.xdf'));
  writeFileSync(join(path, 'lab.state'), 'secret');
  const shelf = new RecordingShelf(path);
  const file = (await shelf.open('a b.xdf'))!;
  const bytes = readFileSync(join(path, 'a b.xdf'));
  expect(file.bytes).toBe(bytes.length);
  expect(Buffer.concat(await file.read().toArray())).toEqual(bytes);
  for (const name of [
    ...['../beside.xdf', '..\\beside.xdf', join(folder, 'beside.xdf'), 'below.xdf/inner.xdf', 'link.xdf'],
    ...['below.xdf', 'lab.state', 'none.xdf', '', '.', '..', '.xdf', 'a b.xdf\0'],
  ])
    expect(await shelf.open(name), name).toBeNull();
});

it('knows what became of a file since, and tells so many at most', async () => {
  const path = join(folder, 'many');
  const shelf = new RecordingShelf(path);
  expect(await shelf.list()).toEqual({ recordings: [], more: false });
  mkdirSync(path);
  for (let k = 0; k < 205; k++) writeFileSync(join(path, `r${k}.xdf`), '');
  const [first, again] = await Promise.all([shelf.list(), shelf.list()]);
  expect(again).toBe(first);
  expect(first.more).toBe(true);
  expect(first.recordings).toHaveLength(200);
  const { file } = first.recordings[0];
  expect(first.recordings[0]).toMatchObject({ begun_unix_s: null, bytes: 0 });
  foreign(join(path, file), 1.5e9);
  utimesSync(join(path, file), 2e9, 2e9);
  const next = await shelf.list();
  expect(next.recordings[0]).toMatchObject({ file, begun_unix_s: 1.5e9 });
});
