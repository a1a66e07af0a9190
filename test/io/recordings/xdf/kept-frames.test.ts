import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { StreamInfo, StreamMessage } from '../../../../src/core/signal.js';
import { RandomAccessFile } from '../../../../src/io/recordings/files/random-access-file.js';
import { keptFrames } from '../../../../src/io/recordings/xdf/kept-frames.js';
import { indexXdf } from '../../../../src/io/recordings/xdf/xdf-index.js';
import { chunkOf } from '../../../../src/testing/stream-fixtures.js';
import { eeg, gaze, marks, recordSteps, type Step } from '../../../recorder/recorded-parts.js';
import { temporaryFolder } from '../../../setup/temporary-folder.js';

const folder = temporaryFolder();
const infos = [eeg, gaze, marks].map((info) => ({ ...info, client: 'rig' }));

function frame(info: StreamInfo, seq: number): StreamMessage {
  const samples = info.sfreq > 0 ? 2 : 1;
  const place = { seq, from: 0, samples, raw: 100 + seq };
  if (info.type === 'Markers')
    return { kind: 'marker', marker: { stream: info.id, time: seq, value: 'x' }, frame: place };
  const rows = info.channels.map(() => Array(samples).fill(seq));
  const times = Float64Array.from({ length: samples }, (_, i) => seq + i / 10);
  return { kind: 'chunk', chunk: { ...chunkOf(info, rows, seq), times }, frame: place };
}

const wait: Step = { do: 'wait', s: 0.1 };
const take = (message: StreamMessage): Step => ({ do: 'take', message });

/** Three streams, a frame of each every 0.1 s; synced after each. */
async function recorded(name: string, rounds: number, more: readonly Step[] = [], span_s = 1e9) {
  const path = join(folder, name);
  await recordSteps(
    path,
    [
      ...infos.map((info) => take({ kind: 'open', info })),
      ...Array.from({ length: rounds }, (_, seq) => [
        ...infos.map((info) => take(frame(info, seq))),
        wait,
      ]).flat(),
      ...more,
    ],
    { limits: { span_s } },
  );
  return readdirSync(path)
    .sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
    .map((file) => join(path, file));
}

function keptOf(path: string) {
  const file = new RandomAccessFile(path);
  try {
    const { streams } = indexXdf(file);
    const { last, end, damaged } = keptFrames(file, streams);
    const nameOf = (number: number) => streams.find(({ streamId }) => streamId === number)!.name;
    return {
      seqs: Object.fromEntries([...last].map(([number, { seq }]) => [nameOf(number), seq])),
      raws: [...last.values()].map(({ raw }) => raw),
      end,
      size: file.size,
      damaged: [...damaged.values()],
      streams,
    };
  } finally {
    file.close();
  }
}

it('tells the last frame of each stream, and its stamp by its sender', async () => {
  const [path] = await recorded('whole', 4);
  const { seqs, raws, end, size, damaged } = keptOf(path);
  expect(seqs).toEqual({ eeg: 3, gaze: 3, markers: 3 });
  expect(raws).toEqual([103, 103, 103]);
  expect(end).toBe(size);
  expect(damaged).toEqual([]);
});

it('has the frames of all streams up to one round, wherever the file is cut, and ends behind them', async () => {
  const [path] = await recorded('cut', 3);
  const bytes = readFileSync(path);
  const { streams } = keptOf(path);
  const starts = streams.filter(({ client }) => client !== null).map(({ chunkOffsets }) => chunkOffsets);
  const out = join(folder, 'cut.xdf');
  const seen = new Set<number>();
  for (let size = 200; size <= bytes.length; size += 29) {
    writeFileSync(out, bytes.subarray(0, size));
    const { seqs, end } = keptOf(out);
    const [round = -1, ...others] = new Set(Object.values(seqs));
    expect(others).toEqual([]);
    expect(Object.keys(seqs).length % infos.length).toBe(0);
    seen.add(round);
    // Nothing counts that isn't told of.
    const upTo = end ?? 0;
    for (const offsets of starts) {
      const counted = offsets.filter((at) => at < upTo).length;
      if (end !== null) expect(counted).toBe(Math.max(0, round + 1));
    }
  }
  expect([...seen].sort()).toEqual([-1, 0, 1, 2]);
});

it('has a frame only where its samples read back as they were written', async () => {
  const [path] = await recorded('flipped', 3);
  const bytes = readFileSync(path);
  const { streams } = keptOf(path);
  const offsets = streams.find(({ name }) => name === 'eeg')!.chunkOffsets;
  const flipped = (chunk: number) => {
    const copy = Buffer.from(bytes);
    copy[offsets[chunk] + 20] ^= 1;
    const out = join(folder, 'flipped.xdf');
    writeFileSync(out, copy);
    return keptOf(out);
  };
  const last = flipped(2);
  expect(last.seqs).toEqual({ eeg: 1, gaze: 1, markers: 1 });
  expect(last.end).toBeLessThanOrEqual(offsets[2]);
  // What was written behind it says that the disk had it once.
  const middle = flipped(1);
  expect(middle.seqs).toEqual({ eeg: 2, gaze: 2, markers: 2 });
  expect(middle.damaged).toEqual([1]);
});

it('tells in each part which frames those before it hold, and lets none span parts', async () => {
  const split = (from: number): StreamMessage => ({
    kind: 'chunk',
    chunk: chunkOf(infos[0], [[from], [from]], 10 + from),
    frame: { seq: 4, from, samples: 2, raw: 110 + from },
  });
  const more = [
    take(split(0)),
    { do: 'wait', s: 5 } as const,
    take(split(1)),
    wait,
    take(frame(infos[1], 4)),
  ];
  const paths = await recorded('parts', 4, [...more, wait], 2);
  expect(paths).toHaveLength(2);
  expect(keptOf(paths[0]).seqs).toEqual({ eeg: 4, gaze: 3, markers: 3 });
  expect(keptOf(paths[1]).seqs).toEqual({ eeg: 4, gaze: 4, markers: 3 });
});
