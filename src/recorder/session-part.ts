import type { Seconds } from '../core/clock.js';
import { crc32 } from '../core/crc32.js';
import { type FramePlace, type StreamMessage, streamOf } from '../core/signal.js';
import type { ThinnedWindow } from '../io/recordings/recording.js';
import type { FramesLine } from '../io/recordings/xdf/frames-line.js';
import type { PartEnd, SessionLogLine } from '../io/recordings/xdf/session-log.js';
import type { SamplesPlace, WrittenSamples } from '../io/recordings/xdf/xdf-writer.js';
import { applyEntry, type RecordedEntry } from './recorded-entry.js';
import type { RecordedState, RecordedStream } from './recorded-state.js';
import { RecordingPart } from './recording-part.js';

/** A line that waits, and the message that it tells. */
interface WaitingLine {
  readonly line: SessionLogLine | FramesLine;
  readonly message: StreamMessage | null;
}

interface ThinnedRun {
  readonly node: string;
  readonly model: string;
  seq: number[];
  time: Seconds[];
  /** When their last line was written. */
  writtenAt: Seconds;
}

interface DroppedRuns {
  chunk: number[];
  samples: number[];
  /** The chunk that was left out last. */
  last: number;
  /** When their last line was written. */
  writtenAt: Seconds;
}

/** Frames of a stream that have no line yet. */
interface FrameRun {
  client: string;
  /** The chunk that the first of them begins with. */
  chunk: number;
  seq: number[];
  n: number[];
  crc: number[];
  /** Of the frame that isn't whole yet, the samples so far, and their CRC-32. */
  open: { chunk: number; n: number; crc: number } | null;
  raw: Seconds;
  /** When the last was taken, and its last session stamp. */
  t: Seconds;
  last: Seconds;
}

/** Most often that a node's thinned windows, or a stream's samples that were left out, get a line, s. */
const LINE_EVERY_S: Seconds = 0.1;

/** One file of a session's recording: samples as they arrive, and the session's log. */
export class SessionPart extends RecordingPart<RecordedEntry, RecordedState> {
  /** By their keys, the numbers of the streams that the part describes. */
  readonly #described = new Map<string, number>();
  /** Lines that are written before the next samples. */
  #lines: WaitingLine[] = [];
  /** Where each message stands in it. */
  readonly #places = new WeakMap<StreamMessage, SamplesPlace>();
  /** By node and model, windows that were thinned and have no line yet. */
  readonly #thinned = new Map<string, ThinnedRun>();
  /** By number of the stream, samples that were left out and have no line yet. */
  readonly #dropped = new Map<number, DroppedRuns>();

  /** By number of the stream, frames that have no line yet. */
  readonly #frames = new Map<number, FrameRun>();

  restate({ zero, clock, streams }: RecordedState, after: PartEnd | null, t: Seconds): void {
    const lines: SessionLogLine[] = zero === null ? [] : [zeroLine(t, zero, clock)];
    for (const known of streams.values()) {
      if (!known.isOpen) continue;
      const stream = this.#numberOf(known);
      lines.push(openLine(t, stream, known.info.id, known.declared));
      for (const source of known.sources) lines.push({ k: 'bind', t, stream, source });
      if (known.isStale) lines.push({ k: 'stale', t, stream, stale: true });
    }
    const first: SessionLogLine =
      after === null ? { k: 'start', t } : { k: 'part', t, part: this.number, after, restates: lines.length };
    this.#lines = [first, ...lines, ...this.#framesOf(streams)].map((line) => ({ line, message: null }));
    this.restated = null;
  }

  /** What the parts before hold of the frames of streams that are open. */
  #framesOf(streams: RecordedState['streams']): FramesLine[] {
    return [...streams.values()].flatMap((known): FramesLine[] => {
      const { isOpen, frame } = known;
      const { client } = known.info;
      if (!isOpen || !frame || client === undefined) return [];
      const { seq, raw, t } = frame;
      const none = { chunk: 1, seq: [seq], n: [0], crc: [0] };
      return [{ k: 'frames', t, stream: this.#numberOf(known), client, ...none, raw }];
    });
  }

  write(entry: RecordedEntry, state: RecordedState): void {
    const { t } = entry;
    switch (entry.kind) {
      case 'message':
        this.#writeMessage(entry.message, entry, state);
        return;
      case 'missed':
        applyEntry(state, entry);
        return;
      case 'thinned':
        this.#addThinned(entry.window);
        this.#writeBehind(t, LINE_EVERY_S, state);
        return;
      case 'anew': {
        const { anew, after } = entry;
        const { pipeline, given, isDown: down, reason } = anew;
        const place = after === null ? { stream: null, chunk: 0 } : this.#places.get(after);
        // A message that the part doesn't hold is given to no graph again.
        if (!place) return;
        const told = reason === null ? {} : { reason };
        this.#lines.push({ line: { k: 'anew', t, ...place, pipeline, given, down, ...told }, message: null });
        this.#writeLines(state.newest);
        return;
      }
      case 'reload': {
        const { from, to } = entry;
        const { newest } = state;
        if (newest === Number.NEGATIVE_INFINITY) return;
        this.#writeLines(newest);
        this.writer.writeLog(newest, { k: 'reload', t: newest, from, to });
      }
    }
  }

  /** Where a message stands in it; undefined: it doesn't. */
  placeOf(message: StreamMessage): SamplesPlace | undefined {
    return this.#places.get(message);
  }

  /** Writes what is kept of the frames so far, of all streams together. */
  writeKept({ newest }: RecordedState): void {
    const runs = [...this.#frames].filter(([, { seq }]) => seq.length > 0);
    for (const [i, [stream, run]] of runs.entries()) {
      const { t, client, chunk, seq, n, crc, raw, last } = run;
      const more = i + 1 < runs.length ? { more: true as const } : {};
      this.writer.writeLog(Math.max(newest, last), {
        ...{ k: 'frames', t, stream, client, chunk, seq, n, crc, raw, ...more },
      });
      Object.assign(run, { seq: [], n: [], crc: [] });
    }
  }

  /** Writes the lines that wait, and the footers. `isLast`: the session ends, and what is open closes. */
  close(state: RecordedState, t: Seconds, isLast: boolean): void {
    const open = isLast ? [...state.streams.values()].filter(({ isOpen }) => isOpen) : [];
    for (const stream of open)
      this.#lines.push({ line: { k: 'close', t, stream: this.#numberOf(stream) }, message: null });
    this.#writeLines(state.newest);
    this.#writeBehind(t, 0, state);
    this.writeKept(state);
    this.writer.close();
  }

  #writeMessage(
    message: StreamMessage,
    { t, dropped }: Extract<RecordedEntry, { kind: 'message' }>,
    state: RecordedState,
  ): void {
    const id = streamOf(message);
    // Gaps are by what is written before it.
    const isMissing = id !== null && state.streams.get(id)?.isMissing === true;
    state.take(message, t);
    if (message.kind === 'zero')
      this.#lines.push({ line: zeroLine(t, message.time, message.clock ?? null), message });
    const stream = id === null ? undefined : state.streams.get(id);
    if (!stream) return;
    const number = this.#numberOf(stream);
    const note = (line: SessionLogLine): number => this.#lines.push({ line, message });
    switch (message.kind) {
      case 'open':
        note(openLine(t, number, message.info.id, message.declared ?? null));
        break;
      case 'bind':
        note({ k: 'bind', t, stream: number, source: message.source });
        break;
      case 'stale':
        note({ k: 'stale', t, stream: number, stale: message.isStale });
        break;
      case 'close': {
        const isTold = state.newest !== Number.NEGATIVE_INFINITY || !this.#waits(number);
        if (isTold) note({ k: 'close', t, stream: number, ...(message.cut === true && { cut: true }) });
        else this.#forget(number);
        // Nothing may come after it that its line could stand before.
        this.#writeLines(state.newest);
        break;
      }
      case 'marker': {
        const { marker } = message;
        this.#writeLines(marker.time);
        const written = this.writer.writeMarker({ ...marker, stream: stream.key });
        this.#notePlace(message, written.place, dropped);
        this.#noteFrame(message.frame, stream, written, { t, samples: 1, last: marker.time });
        this.#writeBehind(t, LINE_EVERY_S, state);
        break;
      }
      case 'chunk': {
        const { chunk } = message;
        if (chunk.times.length === 0) break;
        this.#writeLines(chunk.times[0]);
        const gapBefore = chunk.gapBefore || isMissing;
        const written = this.writer.write({ ...chunk, gapBefore, info: { ...chunk.info, id: stream.key } })!;
        this.#notePlace(message, written.place, dropped);
        const samples = chunk.times.length;
        this.#noteFrame(message.frame, stream, written, { t, samples, last: chunk.times[samples - 1] });
        this.#writeBehind(t, LINE_EVERY_S, state);
      }
    }
  }

  /** The stream's number, by which the part describes it once. */
  #numberOf({ info, key, last }: RecordedStream): number {
    const number =
      this.#described.get(key) ?? this.writer.open({ ...info, id: key }, { arrival: true, after: last });
    this.#described.set(key, number);
    return number;
  }

  /** Whether no line tells yet that a stream came. */
  #waits(stream: number): boolean {
    return this.#lines.some(({ line }) => line.k === 'open' && line.stream === stream);
  }

  /** A stream that came and went before there was any sample is told nowhere, so that no more waits than is open. */
  #forget(stream: number): void {
    this.#lines = this.#lines.filter(({ line }) => !('stream' in line) || line.stream !== stream);
  }

  /** Writes the lines that wait, at a stamp. */
  #writeLines(stamp: Seconds): void {
    // Of a session without samples there is nothing to give again.
    if (stamp === Number.NEGATIVE_INFINITY) return;
    const lines = this.#lines;
    this.#lines = [];
    for (const { line, message } of lines) {
      const place = this.writer.writeLog(stamp, line);
      if (message) this.#places.set(message, place);
    }
    if (lines[0]?.line.k === 'part' || lines[0]?.line.k === 'start') this.restated = this.file.size;
  }

  /** Notes where a message stands, and how many of its samples the session's graph never gets. */
  #notePlace(message: StreamMessage, place: SamplesPlace, samples: number): void {
    this.#places.set(message, place);
    if (samples === 0) return;
    const { stream, chunk } = place;
    const none: DroppedRuns = { chunk: [], samples: [], last: 0, writtenAt: Number.NEGATIVE_INFINITY };
    const runs = this.#dropped.get(stream) ?? none;
    this.#dropped.set(stream, runs);
    const isSame = runs.chunk.length > 0 && runs.last === chunk - 1;
    if (isSame) runs.samples[runs.samples.length - 1] += samples;
    else {
      runs.chunk.push(chunk);
      runs.samples.push(samples);
    }
    runs.last = chunk;
  }

  /** Notes what is written of a frame, whose sender may ask for it when the daemon was started again. */
  #noteFrame(
    frame: FramePlace | undefined,
    { info: { client } }: RecordedStream,
    { place, content }: WrittenSamples,
    { t, samples, last }: { readonly t: Seconds; readonly samples: number; readonly last: Seconds },
  ): void {
    if (!frame || client === undefined) return;
    const none: FrameRun = { client, chunk: 0, seq: [], n: [], crc: [], open: null, raw: 0, t, last };
    const run = this.#frames.get(place.stream) ?? none;
    this.#frames.set(place.stream, run);
    const { chunk, n, crc } = (frame.from > 0 && run.open) || { chunk: place.chunk, n: 0, crc: 0 };
    run.open = { chunk, n: n + samples, crc: crc32(content, crc) };
    if (frame.from + samples < frame.samples) return;
    if (run.seq.length === 0) run.chunk = chunk;
    run.seq.push(frame.seq);
    run.n.push(run.open.n);
    run.crc.push(run.open.crc);
    Object.assign(run, { open: null, raw: frame.raw, t, last });
  }

  #addThinned({ node, model, seq, time }: ThinnedWindow): void {
    const key = `${node} ${model}`;
    const none: ThinnedRun = { node, model, seq: [], time: [], writtenAt: Number.NEGATIVE_INFINITY };
    const run = this.#thinned.get(key) ?? none;
    this.#thinned.set(key, run);
    run.seq.push(seq);
    run.time.push(time);
  }

  /** Writes what was thinned and what was left out, but nothing of which the last line is younger than `every_s`. */
  #writeBehind(now: Seconds, every_s: Seconds, { newest }: RecordedState): void {
    if (newest === Number.NEGATIVE_INFINITY) return;
    for (const run of this.#thinned.values()) {
      if (run.seq.length === 0 || now - run.writtenAt < every_s) continue;
      this.#writeLines(newest);
      const { node, model, seq, time } = run;
      this.writer.writeLog(newest, { k: 'thinned', t: now, node, model, seq, time });
      Object.assign(run, { seq: [], time: [], writtenAt: now });
    }
    for (const [stream, runs] of this.#dropped) {
      const { chunk, samples, writtenAt } = runs;
      if (chunk.length === 0 || now - writtenAt < every_s) continue;
      this.#writeLines(newest);
      this.writer.writeLog(newest, { k: 'dropped', t: now, stream, chunk, samples });
      Object.assign(runs, { chunk: [], samples: [], writtenAt: now });
    }
  }
}

function openLine(t: Seconds, stream: number, id: string, declared: string | null): SessionLogLine {
  return { k: 'open', t, stream, id, ...(declared !== null && { declared }) };
}

function zeroLine(t: Seconds, zero: Seconds, clock: string | null): SessionLogLine {
  return { k: 'zero', t, zero, ...(clock !== null && { clock }) };
}
