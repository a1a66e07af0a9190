import { basename } from 'node:path';
import type { Clock, Seconds } from '../core/clock.js';
import type { StreamInfo } from '../core/signal.js';
import { streamMessage, zeroMessage } from '../io/recordings/xdf/log-messages.js';
import { openUnfinished, type UnfinishedXdf } from '../io/recordings/xdf/unfinished-xdf.js';
import { SESSION_LOG } from '../io/recordings/xdf/xdf-format.js';
import { aboutXdf } from '../io/recordings/xdf/xdf-parts.js';
import type { ContinuedStream } from '../io/sources/websocket.js';
import { newestFiles } from './newest-files.js';
import { RecordedState, type RecordedStream } from './recorded-state.js';

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
  const sessionOf = (path: string): string | null => {
    const { part = null, session = null } = aboutXdf(path) ?? {};
    return part === null ? null : session;
  };
  const newest = newestFiles(folder, clock.unix(), sessionOf);
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
  return {
    ...{ session, id: xdf.recording, folder, xdf, state, numbers, continued },
    name: basename(path).replace(/(_part\d+)?(_\d+)?\.xdf$/i, ''),
    part: xdf.part,
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
  for (const line of lines) {
    if (line.k === 'zero') told.take(zeroMessage(line), line.t);
    else if (line.k === 'open' || line.k === 'close' || line.k === 'bind' || line.k === 'stale') {
      const { info } = byNumber.get(line.stream) ?? {};
      if (!info) continue;
      told.take(streamMessage(line, info), line.t);
      if (line.k === 'open') numbers.set(told.streams.get(info.id)!.key, line.stream);
    }
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
