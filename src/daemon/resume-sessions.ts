import { from } from 'rxjs';
import type { Clock, Seconds } from '../core/clock.js';
import type { EventSink } from '../core/event.js';
import { errorOf } from '../core/owned.js';
import type { StreamInfo, StreamMessage } from '../core/signal.js';
import type { OutputMessage } from '../io/sinks/sink.js';
import type { WebSocketSink } from '../io/sinks/websocket.js';
import type { SharedSessions } from '../io/sources/door/shared-sessions.js';
import type { SessionMessage, Source } from '../io/sources/source.js';
import type { WebSocketSource } from '../io/sources/websocket.js';
import { outputMessage } from '../pipeline/run/output-messages.js';
import { REPLAY_BATCH } from '../pipeline/run/replay.js';
import { type ReplayState, runOn } from '../pipeline/run/run-recording.js';
import type { LoadedPipeline } from '../pipeline/run/run-session.js';
import type { ContinuedSession } from '../pipeline/run/runtime.js';
import { decodeState, encodeState } from '../pipeline/run/state-file.js';
import type { SessionRecorder } from '../recorder/session-recorder.js';
import { leftStates, type StatePlace, statesOf, toldOf } from '../recorder/state-files.js';
import { type UnfinishedRecording, unfinishedRecordings } from '../recorder/unfinished-recordings.js';

/** What a session that goes on needs of the daemon. */
export interface ResumeOptions {
  readonly clock: Clock;
  readonly events: EventSink;
  readonly loaded: LoadedPipeline;
  readonly sessions: SharedSessions;
  readonly source: WebSocketSource;
  readonly recorder: SessionRecorder;
  readonly sink: WebSocketSink;
}

/** How long what was told before can be had again, by the session's time, s. */
const TOLD_S: Seconds = 60;

type NodeLine = Extract<OutputMessage, { readonly node: string }>;

/** Sessions of a daemon that was killed. */
export interface ResumedSessions {
  /** Where one of them is, once; null of another one. */
  take(session: string): ContinuedSession | null;
  /** Ends the streams that nobody can go on with: their sources are kept for them, as for any that was cut. */
  readonly cut: Source;
}

interface Replayed {
  /** How much of the recording was replayed, s. */
  readonly replayed_s: Seconds;
  /** Whether what went before the recording is known. */
  readonly isWhole: boolean;
}

/** The state of a session, and the samples behind which it is. */
interface KeptSession {
  readonly place: StatePlace;
  readonly state: ReplayState;
}

export const encodeSession = (kept: KeptSession): Uint8Array => encodeState(kept);

/** What a session told between two of its states. */
interface KeptLines {
  /** Names its recording. */
  readonly recording: string;
  /** The part of it that was being written: a daemon that goes on begins another. */
  readonly part: number;
  readonly lines: readonly NodeLine[];
}

export const encodeTold = ({ recording, part }: StatePlace, lines: readonly NodeLine[]): Uint8Array =>
  encodeState({ recording, part, lines: JSON.stringify(lines) });

/**
 * Goes on with the sessions whose recordings in `folder` end in the middle: each is replayed from its last state up to where it ends, its streams are kept
 * for their senders, and its recording goes on in the next part.
 */
export async function resumeSessions(folder: string, options: ResumeOptions): Promise<ResumedSessions> {
  const { clock, events } = options;
  const resumed = new Map<string, ContinuedSession>();
  const cut: SessionMessage[] = [];
  const failed = (path: string, error: unknown): void =>
    events({
      code: 'session-not-resumed',
      level: 'warn',
      message: `${path}: its session begins anew: ${errorOf(error).message}`,
    });
  for (const recording of unfinishedRecordings(folder, clock, failed)) {
    const { session, xdf } = recording;
    try {
      // Senders are told that it is had.
      await options.recorder.makeSafe(recording);
      const lines: NodeLine[] = [];
      const state = await replayed(recording, options.loaded, (line) => lines.push(line));
      resumed.set(session, state);
      cut.push(...goOn(recording, options, state).flatMap((info) => cutOff(session, info)));
      // Numbers of a graph that began with the recording are others'.
      if (xdf.run !== null && state.isWhole) {
        const next = new Map(Object.entries(state.graph.graph.sequence));
        options.sink.goesOn(session, { run: xdf.run, next }, [
          ...toldBefore(recording, lines, next),
          ...lines,
        ]);
      }
    } catch (error) {
      resumed.delete(session);
      failed(recording.name, error);
    } finally {
      xdf.close();
    }
  }
  await options.recorder.discard(leftStates(folder, clock.unix()));
  return {
    take: (session) => {
      const state = resumed.get(session) ?? null;
      resumed.delete(session);
      return state;
    },
    cut: { messages$: from(cut) },
  };
}

/** Where the session of a recording is at its end: from the newest state that there is and that is of use, else from its beginning. */
async function replayed(
  recording: UnfinishedRecording,
  loaded: LoadedPipeline,
  told: (line: NodeLine) => void,
): Promise<ContinuedSession & Replayed> {
  const { state, offset_s } = recording;
  const on = await replayedFrom(statesIn(recording), recording, loaded, told);
  const heard = new Map(
    [...state.streams].flatMap(([id, { last, isStale }]) =>
      last === null ? [] : [[id, { last, at: last + offset_s, isStale }]],
    ),
  );
  return { ...on, heard };
}

/** Goes on from the first of the states that can be gone on from. */
async function replayedFrom(
  [kept, ...older]: readonly KeptSession[],
  recording: UnfinishedRecording,
  loaded: LoadedPipeline,
  told: (line: NodeLine) => void,
): Promise<ReplayState & Replayed> {
  const { session, state, xdf } = recording;
  const lines: NodeLine[] = [];
  let first = state.newest;
  try {
    const end = await runOn(
      withFirst(xdf.messages(kept?.place ?? null), (stamp) => {
        first = stamp;
      }),
      {
        ...{ session, loaded, thinned: xdf.thinned, inArrivalOrder: true, batch: REPLAY_BATCH },
        ...{ features: true, monitor: true, events: () => {} },
        logged: new Set(loaded.pipeline.sources.keys()),
      },
      kept?.state ?? null,
      (output) => {
        const line = outputMessage(session, output);
        if (!line || !('node' in line)) return;
        lines.push(line);
        while (lines[0].time < line.time - TOLD_S) lines.shift();
      },
    );
    lines.forEach(told);
    const isWhole = kept !== undefined || !xdf.lines.some(({ k }) => k === 'start');
    return { ...end, replayed_s: state.newest - first, isWhole };
  } catch (error) {
    // It may be another pipeline's.
    if (kept) return replayedFrom(older, recording, loaded, told);
    throw error;
  }
}

/** The same messages; `tell` is given the stamp of their first sample. */
async function* withFirst(
  messages: AsyncIterable<StreamMessage>,
  tell: (stamp: Seconds) => void,
): AsyncGenerator<StreamMessage> {
  let isTold = false;
  for await (const message of messages) {
    if (!isTold && message.kind === 'chunk') tell(message.chunk.times[0]);
    isTold ||= message.kind === 'chunk';
    yield message;
  }
}

/**
 * What the session told in the last minute that replaying it from its state, which gave `lines`, doesn't tell again; in the order of its
 * time. `next`: the next number of each node.
 */
function toldBefore(
  { folder, name, id, state }: UnfinishedRecording,
  lines: readonly NodeLine[],
  next: ReadonlyMap<string, number>,
): NodeLine[] {
  const first = new Map(next);
  for (const { node, seq } of lines) first.set(node, Math.min(seq, first.get(node) ?? seq));
  const kept = toldOf(folder, name).flatMap((bytes): KeptLines[] => {
    try {
      const { lines: text, ...rest } = decodeState(bytes) as Omit<KeptLines, 'lines'> & {
        readonly lines: string;
      };
      return rest.recording === id ? [{ ...rest, lines: JSON.parse(text) }] : [];
    } catch {
      return [];
    }
  });
  const oldest = state.newest - state.zero! - TOLD_S;
  // Each once, as it was told last.
  const told = new Map<string, NodeLine>();
  for (const { lines: own } of kept.sort((a, b) => a.part - b.part))
    for (const line of own)
      if (line.time >= oldest && line.seq < (first.get(line.node) ?? 0))
        told.set(`${line.seq} ${line.node}`, line);
  return [...told.values()].sort((a, b) => a.time - b.time);
}

/** States of a recording's session that are whole, and behind samples that it still has; the newest first. */
function statesIn({ folder, name, id, xdf }: UnfinishedRecording): KeptSession[] {
  return statesOf(folder, name).flatMap((bytes) => {
    try {
      const kept = decodeState(bytes) as KeptSession;
      return kept.place.recording === id && xdf.has(kept.place) ? [kept] : [];
    } catch {
      return [];
    }
  });
}

/** Opens the doors of a session where they were; gives streams that can't go on. */
function goOn(
  recording: UnfinishedRecording,
  options: ResumeOptions,
  { replayed_s }: Replayed,
): readonly StreamInfo[] {
  const { session, state, offset_s, continued, xdf } = recording;
  const { clock, events, sessions, source, recorder } = options;
  const shared = sessions.of(session);
  shared.time.goOn(state.clock ?? '', state.zero!, clock.now(), offset_s);
  shared.takeZero();
  const held = new Set(source.goOn(session, continued).map(({ info }) => info.id));
  recorder.goOn(recording);
  const gap_s = Math.max(0, clock.now() - (state.newest + offset_s));
  events({
    code: 'session-resumed',
    level: 'warn',
    message: `session ${session} goes on where the daemon was killed ${gap_s.toFixed(1)} s ago; senders are asked for what isn't had`,
    ...{ session, time: state.newest - state.zero!, details: { gap_s, replayed_s } },
  });
  for (const [number, frames] of xdf.damaged) {
    const name = xdf.streams.find((stream) => stream.number === number)?.info.id ?? String(number);
    events({
      ...{ code: 'samples-lost', level: 'error', session, stream: name },
      message: `session ${session}: ${frames} frames of ${name} don't read back as they were written`,
    });
  }
  const lost = continued.filter(({ info }) => !held.has(info.id)).map(({ info }) => info);
  return [...recording.cut, ...lost];
}

function cutOff(session: string, info: StreamInfo): SessionMessage[] {
  return [
    { session, message: { kind: 'open', info } },
    { session, message: { kind: 'close', id: info.id, cut: true } },
  ];
}
