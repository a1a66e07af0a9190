import { readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Clock, Seconds } from '../core/clock.js';
import type { StreamInfo } from '../core/signal.js';
import { openUnfinished, type UnfinishedXdf } from '../io/recordings/xdf/unfinished-xdf.js';
import { SESSION_LOG } from '../io/recordings/xdf/xdf-format.js';
import { partsAt, recordingIn, sessionIn } from '../io/recordings/xdf/xdf-parts.js';
import type { ContinuedStream } from '../io/sources/websocket.js';
import { RecordedState, type RecordedStream } from './recorded-state.js';

/** A recording that was written to earlier than this is of a session that nobody goes on with, s. */
const LATELY_S: Seconds = 600;
/** Clocks that differ by less are one: wall clocks are set, s. */
const SAME_CLOCK_S: Seconds = 2;

/** A recording whose session wasn't over when the daemon that wrote it ended, and goes on. */
export interface UnfinishedRecording {
  readonly session: string;
  readonly id: string;
  readonly folder: string;
  /** What the names of its files begin with. */
  readonly name: string;
  /** The last part of which there is a file. */
  readonly part: number;
  readonly xdf: UnfinishedXdf;
  readonly state: RecordedState;
  /** By their keys in {@link state}, the numbers of the streams in every part. */
  readonly numbers: Map<string, number>;
  /** How far this machine's clock is ahead of the session's, s. */
  readonly offset_s: Seconds;
  /** Streams that are open, of senders that number their frames, and the others. */
  readonly continued: readonly ContinuedStream[];
  readonly cut: readonly StreamInfo[];
}

/** The newest recording of each session in `folder`, if it was written to lately, and its session wasn't over. */
export function unfinishedRecordings(
  folder: string,
  clock: Pick<Clock, 'now' | 'unix'>,
  failed: (path: string, error: unknown) => void,
): UnfinishedRecording[] {
  const newest = new Map<string, { readonly path: string; readonly written_s: Seconds }>();
  for (const file of filesIn(folder)) {
    const path = join(folder, file);
    const written_s = statSync(path).mtimeMs / 1000;
    if (written_s < clock.unix() - LATELY_S) continue;
    const session = sessionIn(path);
    if (session === null || recordingIn(path) === null) continue;
    if (written_s >= (newest.get(session)?.written_s ?? 0)) newest.set(session, { path, written_s });
  }
  return [...newest].flatMap(([session, { path, written_s }]): UnfinishedRecording[] => {
    try {
      const found = unfinishedAt(folder, path, session, written_s, clock);
      return found ? [found] : [];
    } catch (error) {
      failed(path, error);
      return [];
    }
  });
}

function unfinishedAt(
  folder: string,
  path: string,
  session: string,
  written_s: Seconds,
  clock: Pick<Clock, 'now' | 'unix'>,
): UnfinishedRecording | null {
  const xdf = openUnfinished(path);
  if (!xdf) return null;
  const shift_s = xdf.begun ? shiftOf(xdf.begun, clock) : 0;
  const { state, numbers } = stateOf(xdf, shift_s);
  const open = [...state.streams.values()].filter(({ isOpen, info }) => isOpen && info.type !== 'Ticks');
  if (open.length === 0 || state.zero === null) {
    xdf.close();
    return null;
  }
  const written = clock.now() - (clock.unix() - written_s);
  const offsets = open.flatMap(({ frame, last }) => (frame && last !== null ? [frame.t - last] : []));
  const continued = open.flatMap(continuedStream);
  const parts = partsAt(path) ?? [];
  return {
    ...{ session, id: recordingIn(path)!, folder, xdf, state, numbers, continued },
    name: basename(path).replace(/(_part\d+)?(_\d+)?\.xdf$/i, ''),
    part: Math.max(...parts.map(({ part }) => part)),
    offset_s: offsets.length > 0 ? Math.min(...offsets) : written - state.newest,
    cut: open.flatMap(({ info }) => (continued.some((one) => one.info.id === info.id) ? [] : [info])),
  };
}

function continuedStream({ info, declared, frame, last }: RecordedStream): ContinuedStream[] {
  const { client } = info;
  if (client === undefined || declared === null || frame === null || last === null) return [];
  const { seq, raw } = frame;
  return [{ info, declared, client, seq, raw, last, rate_hz: info.sfreq }];
}

/** How far this machine's clock is ahead of the one that recorded: it counts from its start, and may have been started since. */
function shiftOf(
  { t, unix_s }: NonNullable<UnfinishedXdf['begun']>,
  clock: Pick<Clock, 'now' | 'unix'>,
): Seconds {
  const shift_s = clock.now() - t - (clock.unix() - unix_s);
  return Math.abs(shift_s) < SAME_CLOCK_S ? 0 : shift_s;
}

/** What the recording's lines tell of its streams at its end. */
function stateOf({ lines, streams, numbers: all, log }: UnfinishedXdf, shift_s: Seconds) {
  const byNumber = new Map(streams.map((stream) => [stream.number, stream]));
  const told = new RecordedState();
  const numbers = new Map<string, number>();
  const idOf = (stream: number): string => byNumber.get(stream)?.info.id ?? '';
  for (const line of lines) {
    const { t } = line;
    if (line.k === 'zero')
      told.take({ kind: 'zero', time: line.zero, ...(line.clock !== undefined && { clock: line.clock }) }, t);
    else if (line.k === 'open') {
      const stream = byNumber.get(line.stream);
      if (!stream) continue;
      const { info } = stream;
      told.take({ kind: 'open', info, ...(line.declared !== undefined && { declared: line.declared }) }, t);
      numbers.set(told.streams.get(info.id)!.key, line.stream);
    } else if (line.k === 'close') told.take({ kind: 'close', id: idOf(line.stream) }, t);
    else if (line.k === 'bind')
      told.take({ kind: 'bind', source: line.source, stream: idOf(line.stream) }, t);
    else if (line.k === 'stale')
      told.take({ kind: 'stale', stream: idOf(line.stream), isStale: line.stale }, t);
  }
  if (log !== null) numbers.set(SESSION_LOG, log);
  const known = new Set(numbers.values());
  // The next stream gets a number that none had.
  const most = Math.max(0, ...all);
  for (let number = 1; number <= most; number++)
    if (!known.has(number)) numbers.set(`untold ${number}`, number);
  const found = [...told.streams].map(([id, stream]): [string, RecordedStream] => {
    const { last = null, frame = null } = byNumber.get(numbers.get(stream.key)!) ?? {};
    return [id, { ...stream, last, frame: frame && { ...frame, t: frame.t + shift_s } }];
  });
  const stamps = streams.flatMap(({ info, last }) =>
    info.type === 'Markers' || last === null ? [] : [last],
  );
  const state = new RecordedState({
    ...{ zero: told.zero, clock: told.clock, described: told.described },
    newest: Math.max(Number.NEGATIVE_INFINITY, ...stamps),
    streams: new Map(found),
  });
  return { state, numbers };
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /\.xdf$/i.test(name));
  } catch {
    // It is made when something is recorded.
    return [];
  }
}
