import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import type { ModelFrame } from '../../../src/core/model.js';
import type { ModelInputs } from '../../../src/learn/examples/dataset.js';
import {
  ExampleFile,
  ExampleFileWriter,
  partOf,
  type StoredExample,
  writerOf,
} from '../../../src/learn/examples/example-file.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';

const inputsOf = (...counts: number[]): ModelInputs =>
  new Map(
    counts.map((count, m) => [
      `m${m}`,
      {
        kind: 'window',
        channels: ['c'],
        sfreq_hz: 128,
        length: count,
        upstream: 'u',
      },
    ]),
  );
const frameOf = (start: number, ...counts: number[]): ModelFrame =>
  counts.map((count) => ({
    values: Float32Array.from({ length: count }, (_, f) => start + f / 8),
    mask: Uint8Array.of(1),
    present: true,
  }));

const newPath = (): string => join(temporaryFolder(), 'a.examples');

/** Frames of two layouts in turn, some larger than what is gathered before it is written. */
function write(path: string, sizes: readonly number[]): ModelFrame[] {
  const writer = new ExampleFileWriter(path);
  const origin = { person: 'p', session: 's', trial: 't', stimulus: null, position: 0, file: 0 };
  const label = { targets: { valence: 0.5 }, class: null };
  const frames = sizes.map((size, i) => frameOf(i, size, 3));
  const examples = frames.map((frame, i): StoredExample => {
    const layout = writer.layout(inputsOf(sizes[i], 3));
    const times = { window: [i, i + 4], since_start: 10 + i, since_onset: i } as const;
    return { origin, ...times, label, layout, at: writer.add(frame, layout) };
  });
  expect(existsSync(path)).toBe(false);
  writer.finish(examples);
  return frames;
}

describe('an example file', () => {
  const sizes = [2, 5, 2, 1_200_000, 5, 700_000, 2];

  it('gives back its frames, from the disk and from memory', () => {
    const path = newPath();
    const frames = write(path, sizes);
    const file = ExampleFile.open(path)!;
    expect(file.layouts).toHaveLength(4);
    expect(file.examples.map(({ window }) => window[0])).toEqual([...sizes.keys()]);
    // Windows of a trial share what they have in common.
    expect(file.examples[6].origin).toBe(file.examples[0].origin);
    const read = () => file.examples.map((example) => file.frame(example));
    const same = () => read().every((frame, i) => Buffer.compare(bytesOf(frame), bytesOf(frames[i])) === 0);
    expect(same()).toBe(true);
    file.load();
    expect(same()).toBe(true);
    file.close();
    expect(same()).toBe(true);
  });

  it('is the same bytes for the same frames', () => {
    const [a, b] = [newPath(), newPath()];
    write(a, [2, 5]);
    write(b, [2, 5]);
    expect(readFileSync(a).equals(readFileSync(b))).toBe(true);
  });

  it('crosses to another thread without a copy', async () => {
    const path = newPath();
    write(path, [2, 2]);
    const file = ExampleFile.open(path)!;
    expect(ExampleFile.from(file.shared).frame(file.examples[1])).toEqual(frameOf(1, 2, 3));
    file.load();
    const { bytes } = file.shared;
    const code = `require('node:worker_threads').parentPort.postMessage(new Float32Array(require('node:worker_threads').workerData, 0, 2)[1])`;
    const worker = new Worker(code, { eval: true, workerData: bytes });
    expect(await new Promise((told) => worker.once('message', told))).toBe(0.125);
    expect(ExampleFile.from(file.shared).frame(file.examples[1])).toEqual(frameOf(1, 2, 3));
  });

  it('is none where it is cut short, or another', () => {
    const path = newPath();
    expect(ExampleFile.open(path)).toBeNull();
    write(path, [2, 2]);
    truncateSync(path, readFileSync(path).length - 1);
    expect(ExampleFile.open(path)).toBeNull();
    writeFileSync(path, '');
    expect(ExampleFile.open(path)).toBeNull();
    expect(() => ExampleFile.from({ path, bytes: null })).toThrow(/is gone/);
  });

  it('tells when it is cut while it is read', () => {
    const path = newPath();
    write(path, [2, 2]);
    const file = ExampleFile.open(path)!;
    truncateSync(path, 4);
    expect(() => file.frame(file.examples[1])).toThrow(
      expect.objectContaining({ code: 'examples-unreadable', exitCode: 3 }),
    );
  });

  it('leaves nothing behind where it is discarded', () => {
    const path = newPath();
    const writer = new ExampleFileWriter(path);
    writer.add(frameOf(0, 2), writer.layout(inputsOf(2)));
    expect(existsSync(partOf(path))).toBe(true);
    writer.discard();
    expect(readdirSync(join(path, '..'))).toEqual([]);
  });

  it('tells in one line where it cannot be written', () => {
    expect(() => new ExampleFileWriter(join(newPath(), 'b'))).toThrow(
      expect.objectContaining({ code: 'examples-unwritable', exitCode: 3 }),
    );
  });

  it('says whose unfinished file one is', () => {
    expect(writerOf(partOf('/x/a.examples'))).toBe(process.pid);
    expect(writerOf('/x/a.examples')).toBeNull();
  });
});

function bytesOf(frame: ModelFrame): Buffer {
  return Buffer.concat(
    frame.flatMap(({ values, mask, present }) => [
      Buffer.from(values.slice().buffer),
      mask.slice(),
      Uint8Array.of(Number(present)),
    ]),
  );
}
