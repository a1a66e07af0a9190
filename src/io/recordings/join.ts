import type { Seconds } from '../../core/clock.js';
import { ConfigurationError } from '../../core/errors.js';
import { isMeasured, type StreamInfo, type StreamMessage } from '../../core/signal.js';
import { onGrid } from '../../signal/timebase/session-time.js';
import { mergeStreams, stampOf } from './merge.js';
import type { ReadOptions, RecordedStream, Recording } from './recording.js';

export interface JoinOptions {
  /** Take the recordings' first samples as simultaneous, instead of their wall-clock starts. */
  readonly alignStart: boolean;
}

/** One recording and how it enters the joined one. */
interface Member {
  readonly recording: Recording;
  /** Added to its stamps. */
  readonly shift: Seconds;
  /** Its stream ids in the joined recording. */
  readonly ids: ReadonlyMap<string, string>;
}

/**
 * Several recordings as one session, on their wall-clock starts. Throws {@link ConfigurationError} when one doesn't know
 * its start (unless `alignStart`), or when two that hold EEG don't overlap: they are two sessions.
 */
export function joinRecordings(recordings: readonly Recording[], options: JoinOptions): Recording {
  if (recordings.length === 1) return recordings[0];
  const shifts = options.alignStart ? startShifts(recordings) : clockShifts(recordings);
  requireOverlap(recordings, shifts);
  const taken = new Set<string>();
  const members = recordings.map((recording, r): Member => {
    const ids = new Map<string, string>();
    for (const { info } of recording.streams) {
      let id = info.id;
      for (let k = 2; taken.has(id); k++) id = `${info.id}~${k}`;
      taken.add(id);
      ids.set(info.id, id);
    }
    return { recording, shift: shifts[r], ids };
  });
  return new JoinedRecording(members, options.alignStart);
}

/** Shifts onto the clock with the latest zero: stamps then stay small enough to keep their last digits. */
function clockShifts(recordings: readonly Recording[]): Seconds[] {
  const zeros = recordings.map(({ path, zero_unix_s }) => {
    if (zero_unix_s === null)
      throw new ConfigurationError(
        'recordings-without-start',
        `${path}: doesn't tell its wall-clock start, so it can't be joined with others; use --align start to take the first samples as simultaneous`,
      );
    return zero_unix_s;
  });
  const latest = Math.max(...zeros);
  return zeros.map((zero) => zero - latest);
}

function startShifts(recordings: readonly Recording[]): Seconds[] {
  const firsts = recordings.map(firstSample);
  return firsts.map((first) => firsts[0] - first);
}

function firstSample({ streams }: Recording): Seconds {
  const alive = streams.filter((stream) => stream.first !== null);
  const sampled = alive.filter(({ info }) => isMeasured(info));
  return Math.min(...(sampled.length > 0 ? sampled : alive).map((stream) => stream.first!));
}

function requireOverlap(recordings: readonly Recording[], shifts: readonly Seconds[]): void {
  const spans = recordings.flatMap(({ path, streams }, r) => {
    const eeg = streams.filter((stream) => stream.info.type === 'EEG' && stream.samples > 0);
    if (eeg.length === 0) return [];
    const from = Math.min(...eeg.map((stream) => stream.first!)) + shifts[r];
    const to = Math.max(...eeg.map((stream) => stream.last!)) + shifts[r];
    return [{ path, from, to }];
  });
  for (const [i, a] of spans.entries())
    for (const b of spans.slice(i + 1))
      if (a.from > b.to || b.from > a.to)
        throw new ConfigurationError(
          'recordings-disjoint',
          `${a.path} and ${b.path}: two EEG recordings that don't overlap in time are not one session; run them one by one`,
        );
}

class JoinedRecording implements Recording {
  readonly path: string;
  readonly format: string;
  readonly stem: string;
  readonly streams: readonly RecordedStream[];
  readonly zero_unix_s: number | null;
  readonly problems: readonly string[];
  readonly #members: readonly Member[];
  readonly #infos: ReadonlyMap<string, StreamInfo>;

  constructor(members: readonly Member[], isAssumed: boolean) {
    this.#members = members;
    const recordings = members.map((member) => member.recording);
    this.path = recordings.map((recording) => recording.path).join(', ');
    this.format = [...new Set(recordings.map((recording) => recording.format))].join(' + ');
    this.stem = recordings[0].stem;
    this.problems = recordings.flatMap(({ path, problems }) =>
      problems.map((problem) => `${path}: ${problem}`),
    );
    const zero = recordings[0].zero_unix_s;
    this.zero_unix_s = zero === null ? null : zero - members[0].shift;
    this.streams = members.flatMap(({ recording, shift, ids }, m) =>
      recording.streams.map((stream) => {
        const aligned = isAssumed && m > 0 ? 'assumed' : stream.info.aligned;
        const info: StreamInfo = {
          ...stream.info,
          id: ids.get(stream.info.id)!,
          ...(aligned && { aligned }),
        };
        return {
          ...stream,
          info,
          first: stream.first === null ? null : onGrid(stream.first + shift),
          last: stream.last === null ? null : onGrid(stream.last + shift),
          gaps: stream.gaps.map(({ from, to }) => ({ from: from + shift, to: to + shift })),
          clock_resets: stream.clock_resets.map((time) => time + shift),
        };
      }),
    );
    this.#infos = new Map(this.streams.map(({ info }) => [info.id, info]));
  }

  messages(options: ReadOptions): AsyncIterable<StreamMessage> {
    const infos = this.streams.map((stream) => stream.info);
    const changes = new WeakMap<StreamMessage, Seconds>();
    return mergeStreams(
      infos,
      this.#members.map((member) => this.#data(member, options, changes)),
      (message) => changes.get(message) ?? stampOf(message),
    );
  }

  async close(): Promise<void> {
    for (const { recording } of this.#members) await recording.close();
  }

  /** `changes`: where streams begin to be described in another way. */
  async *#data(
    { recording, shift, ids }: Member,
    options: ReadOptions,
    changes: WeakMap<StreamMessage, Seconds>,
  ): AsyncGenerator<StreamMessage> {
    const idOf = (id: string) => ids.get(id)!;
    const messages = recording.messages({
      ...options,
      events: (event) =>
        options.events({
          ...event,
          ...(event.stream !== undefined && { stream: idOf(event.stream) }),
          ...(event.time !== undefined && { time: event.time + shift }),
        }),
    });
    const infos = new Map<string, StreamInfo>();
    let reached = Number.NEGATIVE_INFINITY;
    for await (const message of messages) {
      if (message.kind === 'open') {
        const id = idOf(message.info.id);
        const isAnew = infos.has(id);
        const { sfreq } = message.info;
        const info: StreamInfo = { ...this.#infos.get(id)!, sfreq };
        infos.set(id, info);
        if (!isAnew) continue;
        const open: StreamMessage = { kind: 'open', info };
        changes.set(open, reached);
        yield open;
      } else if (message.kind === 'chunk') {
        const { chunk } = message;
        const times = shift === 0 ? chunk.times : chunk.times.map((time) => onGrid(time + shift));
        reached = times[0];
        yield { kind: 'chunk', chunk: { ...chunk, info: infos.get(idOf(chunk.info.id))!, times } };
      } else if (message.kind === 'marker') {
        const { stream, time, value } = message.marker;
        yield { kind: 'marker', marker: { stream: idOf(stream), time: onGrid(time + shift), value } };
      }
    }
  }
}
