import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SessionEvent } from '../../../../src/core/event.js';
import type { StreamMessage } from '../../../../src/core/signal.js';
import { inspectRecording } from '../../../../src/io/recordings/inspect.js';
import { openRecording, openRecordings } from '../../../../src/io/recordings/open.js';
import { repairXdf } from '../../../../src/io/recordings/xdf/xdf-repair.js';
import { chunkOf } from '../../../../src/testing/stream-fixtures.js';
import {
  eeg,
  gaze,
  marks,
  type RecordStepsOptions,
  recordSteps,
  type Step,
  sessions,
  troubledSessions,
} from '../../../recorder/recorded-parts.js';
import { temporaryFolder } from '../../../setup/temporary-folder.js';
import { fileHeader, magic, streamHeader } from '../xdf-bytes.js';

const folder = temporaryFolder();

async function recorded(steps: readonly Step[], options: RecordStepsOptions = {}): Promise<string> {
  const path = mkdtempSync(join(folder, 'r-'));
  await recordSteps(path, steps, options);
  return path;
}

const filesIn = (path: string): string[] =>
  readdirSync(path)
    .sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
    .map((name) => join(path, name));

/** All that a recording tells. */
async function told(path: string, chunk: number | null = null) {
  const recording = await openRecording(path);
  try {
    const events: SessionEvent[] = [];
    const messages: StreamMessage[] = [];
    const options = { chunk, clockSync: true, events: (event: SessionEvent) => void events.push(event) };
    for await (const message of recording.messages(options)) messages.push(message);
    const { stem, streams, bound, thinned, problems } = recording;
    return {
      messages,
      stem,
      streams,
      bound,
      problems,
      thinned,
      events: events.map(({ message, ...event }) => ({ ...event, message: message.replace(path, '') })),
    };
  } finally {
    await recording.close();
  }
}

/** Each sample and marker with what holds when it comes: lines that no sample stands between come in any order. */
function atSamples(messages: readonly StreamMessage[]) {
  const [open, stale, bound] = [new Set<string>(), new Set<string>(), new Map<string, string>()];
  let zero: number | null = null;
  return messages.flatMap((message) => {
    if (message.kind === 'open') open.add(message.info.id);
    else if (message.kind === 'bind') bound.set(message.source, message.stream);
    else if (message.kind === 'zero') zero = message.time;
    else if (message.kind === 'stale' && message.isStale) stale.add(message.stream);
    else if (message.kind === 'stale') stale.delete(message.stream);
    else if (message.kind === 'close') {
      open.delete(message.id);
      stale.delete(message.id);
      for (const [source, stream] of bound) if (stream === message.id) bound.delete(source);
    } else
      return [{ message, zero, open: [...open].sort(), stale: [...stale].sort(), bound: [...bound].sort() }];
    return [];
  });
}

const isUnreadable = (error: unknown): string => (error as { code: string }).code;

describe('parts of a recording', () => {
  it('tell what one file tells, wherever they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(sessions, fc.integer({ min: 1, max: 6000 }), async (steps, bytes) => {
        const whole = await recorded(steps);
        const parts = await recorded(steps, { limits: { bytes } });
        const expected = await told(whole).catch(isUnreadable);
        // A session without samples has no file.
        const files = filesIn(parts);
        for (const path of [parts, ...files.slice(0, 1), ...files.slice(-1)])
          expect(await told(path).catch(isUnreadable)).toEqual(expected);
        for (const path of [whole, parts]) rmSync(path, { recursive: true });
      }),
      { numRuns: 40 },
    );
  });

  it('tell it where the disk failed and what was not safe was written again', async () => {
    await fc.assert(
      fc.asyncProperty(troubledSessions, fc.integer({ min: 300, max: 20_000 }), async (steps, bytes) => {
        const whole = await recorded(steps.filter((step) => step.do !== 'fail'));
        const parts = await recorded(steps, { limits: { bytes } });
        const holding = (path: string) =>
          told(path).then(({ messages, streams, problems, events }) => {
            // What a disk didn't even remove is told.
            const others = problems.filter((problem) => !problem.includes('once more'));
            return { holds: atSamples(messages), streams, problems: others, events };
          }, isUnreadable);
        expect(await holding(parts)).toEqual(await holding(whole));
        for (const path of [whole, parts]) rmSync(path, { recursive: true });
      }),
      { numRuns: 60 },
    );
  });

  it('are doubled where the disk failed, and each sample is told once', async () => {
    const path = await recorded([
      ...steady(0, 8),
      ...[{ do: 'fail', how: 'unsynced' } as const, ...steady(8, 4)],
      ...[{ do: 'fail', how: null } as const, { do: 'wait', s: 11 } as const, ...steady(12, 4)],
    ]);
    const [first, second] = filesIn(path).map((file) => readFileSync(file));
    expect(named(path)).toEqual(['', '_part2']);
    expect([first.includes(stamp(108)), second.includes(stamp(108))]).toEqual([true, true]);
    const { messages, streams, problems } = await told(path);
    expect(problems).toEqual([]);
    expect(streams[0]).toMatchObject({ samples: 16, gaps: [] });
    expect(valuesOf(messages)).toEqual(upTo(16));
  });

  it('leave out one of which nothing counts, as the next goes on from the one before it', async () => {
    const failure: Step[] = [{ do: 'fail', how: 'unsynced' }];
    const flushed: Step[] = [{ do: 'wait', s: 0.01 }];
    const mended: Step[] = [
      { do: 'fail', how: null },
      { do: 'wait', s: 11 },
    ];
    const path = await recorded([
      ...[...steady(0, 8), ...failure, take({ kind: 'open', info: gaze }), ...flushed, ...mended],
      ...[...failure, ...steady(8, 1), ...mended, ...steady(9, 3)],
    ]);
    const files = filesIn(path).map((file) => readFileSync(file));
    expect(files.map((file) => file.includes(stamp(108)))).toEqual([false, true, true]);
    const { messages, problems } = await told(path);
    expect(problems).toEqual([]);
    expect(valuesOf(messages)).toEqual(upTo(12));
    rmSync(filesIn(path)[1]);
    expect(await told(path)).toMatchObject({ messages, problems: [] });
  });

  it('tell a hole where one of them is missing, and what holds behind it', async () => {
    const path = await inParts();
    rmSync(filesIn(path)[1]);
    const { messages, streams, problems } = await told(path);
    expect(problems).toEqual(['part 2 is missing: its streams have a gap there']);
    const values = valuesOf(messages);
    expect(values).toEqual(upTo(24).filter((value) => !(value >= 8 && value < 16)));
    expect(streams.find(({ info }) => info.type === 'EEG')!.gaps).toEqual([{ from: 107, to: 116 }]);
    // In the missing part gaze was lost, and markers came and fed a source.
    const last = atSamples(messages).at(-1)!;
    expect(last).toMatchObject({
      zero: 100,
      open: ['eeg#1', 'markers#4'],
      bound: [
        ['cues', 'markers#4'],
        ['eeg', 'eeg#1'],
      ],
    });
    expect(messages).toContainEqual({ kind: 'close', id: 'gaze#3', cut: true });
  });

  it('tell what is left where the first is missing', async () => {
    const path = await inParts();
    rmSync(filesIn(path)[0]);
    const { messages, streams, problems, stem, bound } = await told(filesIn(path)[1]);
    expect(problems).toEqual(['what was before part 2 is missing; the recording begins with that']);
    expect(valuesOf(messages)).toEqual(upTo(24).slice(8));
    expect(streams.find(({ info }) => info.type === 'EEG')!.gaps).toEqual([]);
    expect(stem).toBe('lab_2001-09-09T01-46-40');
    expect([...bound!.keys()].sort()).toEqual(['cues', 'eeg']);
    expect(atSamples(messages)[0]).toMatchObject({ zero: 100, bound: [['eeg', 'eeg#1']] });
  });

  it('say again what is open, in the order in which it was opened, and all that it feeds', async () => {
    const path = await recorded(
      [
        ...[...steady(0, 2), take({ kind: 'open', info: gaze }), ...steady(2, 2)],
        ...[take({ kind: 'close', id: eeg.id }), take({ kind: 'open', info: eeg })],
        ...['one', 'two'].map((source) => take({ kind: 'bind', source, stream: eeg.id })),
        ...[...steady(4, 2), { do: 'wait', s: 100 } as const, ...steady(6, 4)],
      ],
      { limits: { span_s: 100 } },
    );
    rmSync(filesIn(path)[0]);
    const { messages } = await told(path);
    expect(messages.slice(0, 5)).toMatchObject([
      { kind: 'open', info: { name: 'gaze' } },
      { kind: 'open', info: { name: 'eeg' } },
      { kind: 'bind', source: 'one', stream: 'eeg#1' },
      { kind: 'bind', source: 'two', stream: 'eeg#1' },
      { kind: 'chunk' },
    ]);
  });

  it('tell a hole where one of them is cut', async () => {
    const path = await inParts();
    const [, second] = filesIn(path);
    const bytes = readFileSync(second);
    const from = bytes.indexOf(stamp(112));
    writeFileSync(second, bytes.subarray(0, from));
    const { messages, streams, problems } = await told(path);
    expect(problems[0]).toBe(`${basename(second)}: ${bytes.length - from} bytes at its end are missing`);
    expect(valuesOf(messages)).toEqual(upTo(24).filter((value) => !(value >= 12 && value < 16)));
    expect(streams.find(({ info }) => info.type === 'EEG')!.gaps).toEqual([{ from: 111, to: 116 }]);
  });

  it('are told where the header of one says nothing; that one opens by itself', async () => {
    const path = await inParts();
    const [, second] = filesIn(path);
    const bytes = readFileSync(second);
    bytes.fill(0x7f, bytes.indexOf('<info>'), bytes.indexOf('</info>'));
    writeFileSync(second, bytes);
    expect((await told(path)).problems).toEqual(['part 2 is missing: its streams have a gap there']);
    expect(valuesOf((await told(second)).messages)).toEqual(upTo(16).slice(8));
  });

  it('of two recordings in a folder are two; the folder is none', async () => {
    const path = await inParts();
    await recordSteps(path, steady(50, 4), { id: 'r2', stem: 'other' });
    await expect(openRecording(path)).rejects.toMatchObject({ code: 'recording-unrecognised' });
    const [shortest] = filesIn(path);
    expect(valuesOf((await told(shortest)).messages)).toEqual(upTo(24));
    const other = filesIn(path).find((file) => basename(file).startsWith('other'))!;
    expect(valuesOf((await told(other)).messages)).toEqual(upTo(54).slice(50));
  });

  it('are one folder where another file is no XDF, and none where one is another XDF', async () => {
    const path = await inParts();
    writeFileSync(join(path, 'notes.txt'), 'a note');
    writeFileSync(join(path, 'empty.xdf'), '');
    expect(valuesOf((await told(path)).messages)).toEqual(upTo(24));
    writeFileSync(join(path, 'foreign.xdf'), Buffer.concat([magic, fileHeader, streamHeader({ id: 1 })]));
    await expect(openRecording(path)).rejects.toMatchObject({ code: 'recording-unrecognised' });
  });

  it('are told as copies where one is there twice', async () => {
    const path = await inParts();
    copyFileSync(filesIn(path)[1], join(path, 'copy.xdf'));
    const { messages, problems } = await told(path);
    expect(valuesOf(messages)).toEqual(upTo(24));
    expect(problems).toEqual([expect.stringMatching(/^\S+\.xdf is part 2 once more; it isn't read$/)]);
  });

  it('leave a repaired copy alone, which is a recording by itself', async () => {
    const path = await inParts();
    const [, second] = filesIn(path);
    const repaired = join(path, 'repaired.xdf');
    repairXdf(second, repaired, true);
    expect(await told(path)).toMatchObject({ problems: [] });
    expect(valuesOf((await told(path)).messages)).toEqual(upTo(24));
    expect(valuesOf((await told(repaired)).messages)).toEqual(upTo(16).slice(8));
  });

  it('are opened once, however they are named', async () => {
    const path = await inParts();
    const [first, second, third] = filesIn(path);
    const whole = await recorded(steady(0, 2), { id: 'r2' });
    for (const [paths, recordings] of [
      [[first, second], 1],
      [[third, path, first, path], 1],
      [[path, filesIn(whole)[0], third], 2],
    ] as const) {
      const opened = await openRecordings(paths);
      expect(opened).toHaveLength(recordings);
      for (const recording of opened) await recording.close();
    }
  });

  it('are inspected as one, and read in chunks of any length', async () => {
    const path = await inParts();
    const recording = await openRecording(filesIn(path)[1]);
    const { streams } = (await inspectRecording(recording)).toJSON();
    await recording.close();
    expect(streams.map(({ type, samples }) => [type, samples])).toEqual([
      ['EEG', 24],
      ['Gaze', 3],
      ['Markers', 1],
    ]);
    const expected = await told(path);
    for (const chunk of [1, 3, 1000]) expect(await told(path, chunk)).toEqual(expected);
  });
});

const take = (message: StreamMessage): Step => ({ do: 'take', message });

/** One sample a second of an EEG whose values count on. */
function steady(from: number, n: number): Step[] {
  const opened: Step[] =
    from % 50 === 0
      ? [take({ kind: 'open', info: eeg }), take({ kind: 'bind', source: 'eeg', stream: eeg.id })]
      : [];
  const samples = Array.from({ length: n }, (_, i): Step[] => [
    take({ kind: 'chunk', chunk: chunkOf(eeg, [[from + i], [0]], 100 + from + i) }),
    { do: 'wait', s: 0.01 },
  ]);
  return [...opened, ...samples.flat()];
}

/** A recording in three parts: gaze is lost in the second, and markers come. */
function inParts(): Promise<string> {
  const look = (time: number): Step => take({ kind: 'chunk', chunk: chunkOf(gaze, [[1]], [time]) });
  const part: Step[] = [{ do: 'wait', s: 100 }];
  return recorded(
    [
      ...[take({ kind: 'zero', time: 100 }), ...steady(0, 6)],
      ...[take({ kind: 'open', info: gaze }), look(106), look(106.5), ...steady(6, 2), ...part],
      ...[...steady(8, 4), look(112), take({ kind: 'close', id: gaze.id, cut: true })],
      ...[take({ kind: 'open', info: marks }), take({ kind: 'bind', source: 'cues', stream: marks.id })],
      ...[
        take({ kind: 'marker', marker: { stream: marks.id, time: 113, value: 'm' } }),
        ...steady(12, 4),
        ...part,
      ],
      ...steady(16, 8),
    ],
    { limits: { span_s: 100 } },
  );
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

function valuesOf(messages: readonly StreamMessage[]): number[] {
  return messages.flatMap((message) =>
    message.kind === 'chunk' && message.chunk.info.type === 'EEG' ? [message.chunk.data[0]] : [],
  );
}

const named = (path: string): string[] =>
  filesIn(path).map((file) =>
    basename(file)
      .replace(/^.*-40/, '')
      .replace('.xdf', ''),
  );

/** A stamp as it stands in a file before its sample. */
function stamp(time: number): Buffer {
  const bytes = Buffer.alloc(9, 8);
  bytes.writeDoubleLE(time, 1);
  return bytes;
}
