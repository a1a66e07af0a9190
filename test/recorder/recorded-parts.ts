import { closeSync, fdatasyncSync, mkdirSync, openSync, unlinkSync, writeSync } from 'node:fs';
import fc from 'fast-check';
import { type Clock, VirtualClock } from '../../src/core/clock.js';
import type { StreamInfo, StreamMessage } from '../../src/core/signal.js';
import type { ThinnedWindow } from '../../src/io/recordings/recording.js';
import { Budget } from '../../src/recorder/disk/budget.js';
import type { Disk } from '../../src/recorder/disk/disk.js';
import { Lanes } from '../../src/recorder/disk/lanes.js';
import type { PartLimits } from '../../src/recorder/parted-recording.js';
import { SessionRecording } from '../../src/recorder/session-recording.js';
import { chunkOf, streamInfo } from '../../src/testing/stream-fixtures.js';

/** How a write fails: with part of it on the disk, or with all of it there and none of it sure to stay. */
export type DiskFailure = 'torn' | 'unsynced';

/** A disk that answers within the turn, and fails when it is told to. */
export class ScriptedDisk implements Disk {
  failing: DiskFailure | 'creating' | null = null;
  /** What the system says of it then. */
  code = 'ENOSPC';
  open = 0;

  constructor(readonly clock?: Clock) {}

  async makeFolder(path: string): Promise<void> {
    mkdirSync(path, { recursive: true });
  }

  async create(path: string) {
    if (this.failing === 'creating') throw this.#failure();
    const fd = openSync(path, 'wx');
    this.open++;
    return {
      write: async (bytes: Uint8Array, position: number): Promise<void> => {
        const isTorn = this.failing === 'torn';
        writeSync(fd, bytes, 0, isTorn ? bytes.length >> 1 : bytes.length, position);
        if (isTorn) throw this.#failure();
      },
      datasync: async (): Promise<void> => {
        if (this.failing === 'unsynced') throw this.#failure();
        fdatasyncSync(fd);
      },
      close: async (): Promise<void> => {
        this.open--;
        closeSync(fd);
      },
      writeNow: (bytes: Uint8Array, position: number): void => {
        writeSync(fd, bytes, 0, bytes.length, position);
      },
    };
  }

  async sync(): Promise<void> {}
  async syncFolder(): Promise<void> {}
  async remove(path: string): Promise<void> {
    if (this.failing === 'unsynced') throw this.#failure();
    unlinkSync(path);
  }

  async free(): Promise<number> {
    return Number.POSITIVE_INFINITY;
  }

  #failure(): Error {
    return Object.assign(new Error('as the test says'), { code: this.code });
  }
}

/** Until all that the disk can do is done. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** What happens to a recording. */
export type Step =
  | { readonly do: 'take'; readonly message: StreamMessage }
  | { readonly do: 'thinned'; readonly window: ThinnedWindow }
  | { readonly do: 'reload'; readonly to: string }
  | { readonly do: 'wait'; readonly s: number }
  | { readonly do: 'fail'; readonly how: ScriptedDisk['failing'] };

export interface RecordStepsOptions {
  readonly id?: string;
  readonly stem?: string;
  readonly limits?: Partial<PartLimits>;
}

/** Records `steps` to a folder that is made, as a session does. */
export async function recordSteps(
  folder: string,
  steps: readonly Step[],
  { id = 'r1', stem = 'lab', limits = {} }: RecordStepsOptions = {},
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const disk = new ScriptedDisk();
  const clock = new VirtualClock(0, 1e9);
  const recording = new SessionRecording({
    ...{ folder, stem, session: stem, id, run: null, clock, disk, lanes: new Lanes(2), mode: 'always' },
    limits: { bytes: Number.POSITIVE_INFINITY, span_s: Number.POSITIVE_INFINITY, ...limits },
    ...{ budget: new Budget(1 << 26), tell: () => {} },
  });
  for (const step of steps) {
    if (step.do === 'take') recording.take(step.message);
    else if (step.do === 'thinned') recording.thinned(step.window);
    else if (step.do === 'reload') recording.reloaded('sha256:a', step.to);
    else if (step.do === 'fail') disk.failing = step.how;
    else {
      await settled();
      clock.advance(step.s);
      await settled();
    }
  }
  disk.failing = null;
  for (let i = 0; i < 3; i++) {
    await settled();
    clock.advance(11);
  }
  await settled();
  await recording.end();
}

export const eeg = streamInfo({ type: 'EEG', sfreq: 10, labels: ['Cz', 'Pz'], unit: 'uV' });
export const wide = { ...eeg, channels: [...eeg.channels, { label: 'Oz', unit: 'uV', type: 'EEG' }] };
export const gaze = streamInfo({ type: 'Gaze', sfreq: 0, labels: ['x'], unit: 'deg' });
export const ppg = streamInfo({ type: 'PPG', sfreq: 20, labels: ['a'], unit: '' });
export const marks: StreamInfo = {
  ...streamInfo({ type: 'Markers', sfreq: 0, labels: ['m'], unit: '' }),
  channels: [{ label: 'm', unit: '', type: 'Markers' }],
};

type Move = readonly [kind: number, which: number, n: number, odd: number];

/** Sessions of several streams that come, go, fall silent, change and feed sources. */
export const sessions: fc.Arbitrary<Step[]> = fc
  .array(fc.tuple(fc.nat(23), fc.nat(3), fc.nat(6), fc.nat(9)), { minLength: 5, maxLength: 60 })
  .map((moves) => stepsOf(moves));

/** The same, with a disk that fails now and then. */
export const troubledSessions: fc.Arbitrary<Step[]> = fc
  .array(fc.tuple(fc.nat(27), fc.nat(3), fc.nat(6), fc.nat(9)), { minLength: 5, maxLength: 60 })
  .map((moves) => stepsOf(moves));

function stepsOf(moves: readonly Move[]): Step[] {
  const infos = [eeg, gaze, ppg, marks];
  const open = new Map<string, StreamInfo>();
  const last = new Map<string, number>();
  const steps: Step[] = [];
  const take = (message: StreamMessage) => void steps.push({ do: 'take', message });
  let seq = 0;
  for (const [kind, which, n, odd] of moves) {
    const info = open.get(infos[which].id) ?? infos[which];
    if (!open.has(info.id)) {
      open.set(info.id, info);
      take({ kind: 'open', info });
    }
    const from = (last.get(info.id) ?? 100 + which) + (odd === 0 ? 0 : 1 / (info.sfreq || 7));
    if (kind < 12) {
      if (info === marks) take({ kind: 'marker', marker: { stream: info.id, time: from, value: `m${n}` } });
      else {
        const rows = info.channels.map((_, c) =>
          Array.from({ length: n + 1 }, (_, i) => Math.sin(seq + c + i)),
        );
        const times = Array.from({ length: n + 1 }, (_, i) => from + i / (info.sfreq || 7));
        take({ kind: 'chunk', chunk: chunkOf(info, rows, times, odd === 1) });
        last.set(info.id, times[n]);
      }
      if (info === marks) last.set(info.id, from);
      seq++;
    } else if (kind < 14) take({ kind: 'bind', source: `source${n % 2}`, stream: info.id });
    else if (kind < 16) take({ kind: 'stale', stream: info.id, isStale: odd < 5 });
    else if (kind === 16) {
      take({ kind: 'close', id: info.id, ...(odd < 5 && { cut: true }) });
      open.delete(info.id);
    } else if (kind === 17 && info.id === eeg.id) {
      open.set(eeg.id, info === eeg ? wide : eeg);
      take({ kind: 'open', info: open.get(eeg.id)! });
    } else if (kind === 18)
      steps.push({ do: 'thinned', window: { node: 'affect', model: 'm@sha256:0', seq, time: seq / 2 } });
    else if (kind === 19) steps.push({ do: 'reload', to: `sha256:${seq}` });
    else if (kind === 20 && steps.every((step) => step.do !== 'take' || step.message.kind !== 'zero'))
      take({ kind: 'zero', time: 100 });
    else if (kind <= 23) steps.push({ do: 'wait', s: 0.3 });
    else if (kind === 24) steps.push({ do: 'wait', s: 11 });
    else if (kind === 27) steps.push({ do: 'fail', how: null });
    else steps.push({ do: 'fail', how: odd < 4 ? 'torn' : odd < 8 ? 'unsynced' : 'creating' });
  }
  return steps;
}
