import type { Seconds } from '../../../core/clock.js';
import { InputError } from '../../../core/errors.js';
import { type Chunk, type StreamInfo, type StreamMessage, TIME_TOLERANCE_S } from '../../../core/signal.js';
import { type CanonicalStream, canonicalStreams } from '../../../signal/dialects/canonical-stream.js';
import { isSimulatedField } from '../../../signal/dialects/simulated-mark.js';
import { onGrid } from '../../../signal/timebase/session-time.js';
import { decodeText } from '../files/decode-text.js';
import { RandomAccessFile } from '../files/random-access-file.js';
import { stemOf } from '../files/stem.js';
import { chunkLength, type DataMessage, mergeStreams } from '../merge.js';
import type { ReadOptions, RecordedStream, Recording } from '../recording.js';
import { StreamSurvey } from '../stream-survey.js';

/** What tells the members of the format's family apart. */
export interface EdfVariant {
  readonly name: 'EDF' | 'BDF';
  /** Bytes of a sample. */
  readonly width: 2 | 3;
  /** Little-endian samples as numbers; `bytes` starts a buffer of its own. */
  decode(bytes: Uint8Array): ArrayLike<number>;
  /** Signals that hold trigger codes in their lower 16 bits, and nothing to be calibrated. */
  isStatus(label: string): boolean;
}

interface Signal {
  readonly label: string;
  readonly unit: string;
  /** Samples in a record. */
  readonly count: number;
  /** Where the record holds them, in samples of all signals. */
  readonly offset: number;
  /** physical = digital * gain + base. */
  readonly gain: number;
  readonly base: number;
}

/** A step that is longer by so many samples' time means that some are missing: a file's own steps don't jitter. */
const GAP_PERIODS = 0.5;

/** Records that follow each other on one line. */
interface Stretch {
  readonly onset: Seconds;
  /** From the end of the record before, s; negative where they overlap. */
  readonly pause_s: Seconds;
  readonly firstRecord: number;
  records: number;
}

interface SampledStream {
  readonly canonical: CanonicalStream;
  readonly signals: readonly Signal[];
  readonly gain: Float64Array;
  readonly base: Float64Array;
  /** Samples per record. */
  readonly count: number;
}

interface TextStream {
  readonly info: StreamInfo;
  texts(): Iterable<TimedText>;
}

interface TimedText {
  readonly time: Seconds;
  readonly text: string;
}

const ANNOTATIONS = /^(EDF|BDF) Annotations/;
const BLOCK_BYTES = 1 << 20;

/**
 * Whether a file starts with the fixed part of an EDF or BDF header: `version` in its first eight bytes, and as long
 * as the number of its signals asks.
 */
export function isEdfHeader(head: Uint8Array, version: RegExp): boolean {
  const text = Buffer.from(head.subarray(0, 256)).toString('latin1');
  const signals = Number(text.slice(252, 256));
  return (
    version.test(text.slice(0, 8)) && signals > 0 && Number(text.slice(184, 192)) === 256 * (signals + 1)
  );
}

/** A file of the family (edf.ts, bdf.ts). Annotations and the codes of a status signal become markers. */
export class EdfRecording implements Recording {
  readonly format: string;
  readonly path: string;
  readonly stem: string;
  readonly streams: readonly RecordedStream[];
  readonly zero_unix_s: number | null;
  readonly problems: string[] = [];
  readonly #file: RandomAccessFile;
  readonly #headerBytes: number;
  readonly #variant: EdfVariant;
  readonly #recordSamples: number;
  readonly #duration: Seconds;
  /** The recording field says that a simulator made it. */
  readonly #simulated: boolean;
  readonly #completeRecords: number;
  /** Samples, of all signals, in a last record that was cut. */
  readonly #partialSamples: number;
  readonly #stretches: Stretch[] = [];
  readonly #sampled: SampledStream[] = [];
  readonly #annotations: TimedText[] = [];
  readonly #status: Signal | null;
  readonly #markers: readonly TextStream[];
  readonly #blocks = new Map<number, ArrayLike<number>>();

  static open(path: string, variant: EdfVariant): EdfRecording {
    const file = new RandomAccessFile(path);
    try {
      return new EdfRecording(file, variant);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  private constructor(file: RandomAccessFile, variant: EdfVariant) {
    this.#file = file;
    this.#variant = variant;
    this.format = variant.name;
    this.path = file.path;
    this.stem = stemOf(file.path);
    const fixed = Buffer.from(file.read(0, 256)).toString('latin1');
    this.#headerBytes = integerOf(fixed.slice(184, 192)) ?? 0;
    const declaredRecords = integerOf(fixed.slice(236, 244)) ?? -1;
    this.#duration = Number(fixed.slice(244, 252));
    this.#simulated = isSimulatedField(fixed.slice(88, 168));
    const count = integerOf(fixed.slice(252, 256)) ?? 0;
    const isTimed = this.#duration >= 0 && Number.isFinite(this.#duration);
    const isHeader = count > 0 && this.#headerBytes >= 256 * (count + 1) && isTimed;
    if (!isHeader || file.size < this.#headerBytes)
      throw this.#unreadable(`its header is cut or not ${variant.name}`);
    const variable = Buffer.from(file.read(256, 256 * count)).toString('latin1');
    const signals = this.#readSignals(variable, count);
    this.zero_unix_s = startOf(fixed.slice(168, 184));

    this.#recordSamples = signals.reduce((sum, signal) => sum + signal.count, 0);
    if (this.#recordSamples === 0) throw this.#unreadable('its records hold no samples');
    const samples = Math.floor((file.size - this.#headerBytes) / variant.width);
    const inFile = Math.floor(samples / this.#recordSamples);
    const told = declaredRecords >= 0 ? declaredRecords : inFile;
    this.#completeRecords = Math.max(0, Math.min(told, inFile));
    this.#partialSamples =
      told > inFile || declaredRecords < 0 ? Math.max(0, samples - inFile * this.#recordSamples) : 0;
    if (declaredRecords >= 0 && inFile !== declaredRecords)
      this.problems.push(
        `the header tells ${declaredRecords} records, the file holds ${inFile}${inFile < declaredRecords ? ': it was cut' : '; the rest is ignored'}`,
      );

    const annotated = signals.filter((signal) => ANNOTATIONS.test(signal.label));
    const timed = signals.filter((signal) => !ANNOTATIONS.test(signal.label) && signal.count > 0);
    const fastest = timed.reduce((most, { count }) => Math.max(most, count), 1);
    this.#placeRecords(annotated, /^[EB]DF\+D/.test(fixed.slice(192, 236)), this.#tolerance(fastest));
    const isStatus = (signal: Signal) => variant.isStatus(signal.label);
    this.#groupSignals(timed.filter((signal) => !isStatus(signal)));
    this.#status = timed.find(isStatus) ?? null;
    this.#annotations.sort((a, b) => a.time - b.time);
    this.#markers = [
      ...(this.#annotations.length > 0
        ? [{ info: this.#markerStream('markers', 'annotation'), texts: () => this.#annotations }]
        : []),
      ...(this.#status
        ? [{ info: this.#markerStream('status', 'status'), texts: () => this.#statusCodes() }]
        : []),
    ];
    this.streams = this.#survey();
    if (!this.streams.some((stream) => stream.samples > 0))
      throw new InputError(
        'recording-empty',
        `${file.path}: no readable sample in it; ${this.problems[0] ?? 'record again'}`,
      );
  }

  async *messages(options: ReadOptions): AsyncGenerator<StreamMessage> {
    for (const { canonical } of this.#sampled) canonical.notes.forEach(options.events);
    const cursors: Iterator<DataMessage>[] = this.#sampled.map((stream) =>
      this.#chunks(stream, options.chunk),
    );
    for (const stream of this.#markers) cursors.push(markerMessages(stream));
    yield* mergeStreams(
      this.streams.map((stream) => stream.info),
      cursors,
    );
  }

  async close(): Promise<void> {
    this.#file.close();
  }

  #unreadable(why: string): InputError {
    return new InputError('recording-unreadable', `${this.#file.path}: ${why}; export it again`);
  }

  #readSignals(header: string, count: number): Signal[] {
    let at = 0;
    const fields = (width: number): string[] => {
      const texts = Array.from({ length: count }, (_, i) =>
        header.slice(at + i * width, at + (i + 1) * width).trim(),
      );
      at += width * count;
      return texts;
    };
    const labels = fields(16);
    fields(80);
    const units = fields(8);
    const [physicalMin, physicalMax, digitalMin, digitalMax] = [8, 8, 8, 8].map((w) => fields(w).map(Number));
    fields(80);
    const counts = fields(8).map(integerOf);
    let offset = 0;
    return labels.map((label, i) => {
      const n = counts[i];
      if (n === null || n < 0) throw this.#unreadable(`signal ${i + 1} has no valid number of samples`);
      const gain = (physicalMax[i] - physicalMin[i]) / (digitalMax[i] - digitalMin[i]);
      const isCalibrated = Number.isFinite(gain) && gain !== 0;
      if (!isCalibrated && !ANNOTATIONS.test(label))
        this.problems.push(`channel '${label}' has no usable calibration; masked`);
      const signal = {
        label,
        unit: units[i],
        count: n,
        offset,
        gain: isCalibrated ? gain : Number.NaN,
        base: isCalibrated ? physicalMin[i] - digitalMin[i] * gain : Number.NaN,
      };
      offset += n;
      return signal;
    });
  }

  /**
   * Finds each record's onset and the annotations. Onsets may be rounded: records within `tolerance_s` of where the ones before end make a
   * stretch.
   */
  #placeRecords(annotated: readonly Signal[], isDiscontinuous: boolean, tolerance_s: Seconds): void {
    const records = this.#completeRecords + (this.#partialSamples > 0 ? 1 : 0);
    if (records === 0) return;
    if (annotated.length === 0) {
      this.#stretches.push({ onset: 0, pause_s: 0, firstRecord: 0, records });
      return;
    }
    const { width } = this.#variant;
    let start: Seconds = 0;
    /** Where the stretch so far, and where the record before, end. */
    let expected: Seconds = 0;
    let end: Seconds = 0;
    for (let record = 0; record < records; record++) {
      let onset: Seconds | null = null;
      for (const [i, signal] of annotated.entries()) {
        const offset = this.#headerBytes + width * (record * this.#recordSamples + signal.offset);
        const texts = parseAnnotations(this.#file.read(offset, width * signal.count));
        // The first of a record tells the record's own onset, its text is empty.
        if (i === 0 && texts.length > 0) onset = texts[0].time;
        for (const text of texts) if (text.text !== '') this.#annotations.push(text);
      }
      if (record === 0) start = expected = end = onset ?? 0;
      if (isDiscontinuous && onset === null) {
        // Cut before its annotations, a last record doesn't tell when it was: it can't be placed.
        if (record >= this.#completeRecords) break;
        this.problems.push(`record ${record + 1} tells no onset; taken to follow the one before`);
      }
      const from = isDiscontinuous ? (onset ?? expected) : start + record * this.#duration;
      const current = this.#stretches.at(-1);
      if (current && Math.abs(from - expected) <= tolerance_s) current.records++;
      else {
        const pause_s = current ? from - end : 0;
        if (pause_s < -tolerance_s)
          this.problems.push(`record ${record + 1} starts ${-pause_s} s before the end of the one before`);
        this.#stretches.push({ onset: from, pause_s, firstRecord: record, records: 1 });
      }
      end = from + this.#duration;
      const stretch = this.#stretches[this.#stretches.length - 1];
      expected = stretch.onset + stretch.records * this.#duration;
    }
  }

  /** One stream for each rate and type. */
  #groupSignals(signals: readonly Signal[]): void {
    const byCount = new Map<number, Signal[]>();
    for (const signal of signals) byCount.set(signal.count, [...(byCount.get(signal.count) ?? []), signal]);
    for (const [count, group] of byCount) {
      const sfreq = this.#duration > 0 ? count / this.#duration : 0;
      if (sfreq === 0) throw this.#unreadable('its records have no duration, but samples');
      const parts = canonicalStreams({
        id: byCount.size > 1 ? `${this.stem}@${Number(sfreq.toFixed(3))}Hz` : this.stem,
        name: this.stem,
        type: '',
        sourceId: '',
        sfreq,
        channels: group.map(({ label, unit }) => ({ label, unit, type: '' })),
        simulated: this.#simulated,
      });
      for (const canonical of parts) {
        const chosen = [...canonical.keep].map((index) => group[index]);
        this.#sampled.push({
          canonical,
          signals: chosen,
          gain: Float64Array.from(chosen, (signal, c) => signal.gain * canonical.scale[c]),
          base: Float64Array.from(chosen, (s, c) => s.base * canonical.scale[c] + canonical.offset[c]),
          count,
        });
      }
    }
  }

  #survey(): RecordedStream[] {
    const surveyed = this.#sampled.map((stream) => {
      const survey = new StreamSurvey();
      for (const stretch of this.#stretches) {
        const samples = this.#samplesOf(stream, stretch);
        const last = onGrid(stretch.onset + (samples - 1) / stream.canonical.info.sfreq);
        if (samples > 0)
          survey.addStretch(
            onGrid(stretch.onset),
            last,
            samples,
            this.#isGap(stream, stretch) ? 'gap' : 'none',
          );
      }
      return survey.result(stream.canonical.info);
    });
    const marked = this.#markers.map(({ info, texts }) => {
      const survey = new StreamSurvey();
      for (const { time } of texts()) survey.add(time);
      return survey.result(info);
    });
    return [...surveyed, ...marked];
  }

  /** Whether samples of `stream` are missing before `stretch`: by its own period, as in every recording. */
  #isGap({ count }: SampledStream, { pause_s }: Stretch): boolean {
    return Math.abs(pause_s) > this.#tolerance(count);
  }

  /** What an onset may be off where a signal has `count` samples in a record, s. */
  #tolerance(count: number): Seconds {
    return Math.max(TIME_TOLERANCE_S, GAP_PERIODS * (this.#duration / count));
  }

  #samplesOf(stream: SampledStream, stretch: Stretch): number {
    const isCut = stretch.firstRecord + stretch.records > this.#completeRecords;
    if (!isCut) return stretch.records * stream.count;
    const partial = Math.max(...stream.signals.map((signal) => this.#partialCount(signal)));
    return (stretch.records - 1) * stream.count + partial;
  }

  /** Samples of `signal` in the cut last record. */
  #partialCount(signal: Signal): number {
    return Math.max(0, Math.min(signal.count, this.#partialSamples - signal.offset));
  }

  #markerStream(id: string, label: string): StreamInfo {
    return {
      id: `${this.stem}/${id}`,
      name: this.stem,
      type: 'Markers',
      sourceId: '',
      sfreq: 0,
      channels: [{ label, unit: '', type: 'Markers' }],
      ...(this.#simulated && { simulated: true }),
    };
  }

  /** Trigger codes of the status signal, where they change to one: the code before the first sample isn't known. */
  *#statusCodes(): Generator<TimedText> {
    const signal = this.#status!;
    let previous: number | null = null;
    for (const { onset, firstRecord, records } of this.#stretches)
      for (let r = 0; r < records; r++) {
        const record = firstRecord + r;
        const { samples, at } = this.#record(record);
        const available = record < this.#completeRecords ? signal.count : this.#partialCount(signal);
        for (let i = 0; i < available; i++) {
          const code = samples[at + signal.offset + i] & 0xffff;
          if (previous !== null && code !== previous && code !== 0)
            yield { time: onGrid(onset + (r + i / signal.count) * this.#duration), text: String(code) };
          previous = code;
        }
      }
  }

  *#chunks(stream: SampledStream, chunk: number | null): Generator<DataMessage> {
    const { info } = stream.canonical;
    const length = chunkLength(info, chunk);
    for (const stretch of this.#stretches) {
      const total = this.#samplesOf(stream, stretch);
      for (let from = 0; from < total; from += length) {
        const n = Math.min(length, total - from);
        const times = new Float64Array(n);
        for (let k = 0; k < n; k++) times[k] = onGrid(stretch.onset + (from + k) / info.sfreq);
        const data = this.#decode(stream, stretch.firstRecord * stream.count + from, n);
        const gapBefore = from === 0 && this.#isGap(stream, stretch);
        yield { kind: 'chunk', chunk: { info, data, times, gapBefore } satisfies Chunk };
      }
    }
  }

  /** [C, n] physical values from sample `from`, counted over records as if there were no gaps. */
  #decode(stream: SampledStream, from: number, n: number): Float64Array {
    const { signals, gain, base, count } = stream;
    const data = new Float64Array(signals.length * n);
    for (let done = 0; done < n; ) {
      const record = Math.floor((from + done) / count);
      const inRecord = from + done - record * count;
      const m = Math.min(n - done, count - inRecord);
      const isCut = record >= this.#completeRecords;
      const { samples, at } = this.#record(record);
      for (let c = 0; c < signals.length; c++) {
        const g = gain[c];
        const b = base[c];
        const available = isCut ? this.#partialCount(signals[c]) - inRecord : m;
        let source = at + signals[c].offset + inRecord;
        let target = c * n + done;
        const end = target + m;
        const readable = target + Math.max(0, Math.min(m, available));
        while (target < readable) data[target++] = samples[source++] * g + b;
        while (target < end) data[target++] = Number.NaN;
      }
      done += m;
    }
    return data;
  }

  /** The block of records that holds `record`, and where the record starts in it. */
  #record(record: number): { samples: ArrayLike<number>; at: number } {
    const { width } = this.#variant;
    const perBlock = Math.max(1, Math.floor(BLOCK_BYTES / (width * this.#recordSamples)));
    const block = Math.floor(record / perBlock);
    let samples = this.#blocks.get(block);
    if (!samples) {
      // Streams move through the file together, so that two blocks serve them all.
      const [oldest] = this.#blocks.keys();
      if (this.#blocks.size >= 2) this.#blocks.delete(oldest);
      const length = width * perBlock * this.#recordSamples;
      const from = this.#headerBytes + block * length;
      // A file that was cut may tell of records far longer than itself.
      const inFile = Math.max(0, this.#file.size - from);
      const bytes = new Uint8Array(Math.min(length, inFile - (inFile % width)));
      this.#file.readInto(bytes, from);
      samples = this.#variant.decode(bytes);
      this.#blocks.set(block, samples);
    }
    return { samples, at: (record - block * perBlock) * this.#recordSamples };
  }
}

function* markerMessages({ info, texts }: TextStream): Generator<DataMessage> {
  for (const { time, text } of texts())
    yield { kind: 'marker', marker: { stream: info.id, time, value: text } };
}

/**
 * Start of the recording, s since 1970; the format knows no time zone, so it is taken as UTC. Null where it was
 * anonymised away: to midnight of a first of January.
 */
function startOf(stamp: string): number | null {
  const parts = /^(\d\d)\.(\d\d)\.(\d\d)(\d\d)[.:](\d\d)[.:](\d\d)$/.exec(stamp);
  if (!parts || /^01\.01\.\d\d00[.:]00[.:]00$/.test(stamp)) return null;
  const [day, month, year, hour, minute, second] = parts.slice(1).map(Number);
  return Date.UTC(year >= 85 ? 1900 + year : 2000 + year, month - 1, day, hour, minute, second) / 1000;
}

/** A header's integer, of digits; null for what is none. */
function integerOf(field: string): number | null {
  return /^\s*[+-]?\d+\s*$/.test(field) ? Number(field) : null;
}

/** Time-stamped annotation lists: `+onset[0x15 duration] 0x14 text 0x14 text 0x14 0x00`. */
function parseAnnotations(bytes: Uint8Array): TimedText[] {
  const found: TimedText[] = [];
  for (const list of decodeText(bytes).split('\0')) {
    const [stamp, ...texts] = list.split('\x14');
    const [onset] = stamp.split('\x15', 1);
    if (!/^[+-]\d+(\.\d*)?$/.test(onset) || texts.length === 0) continue;
    const time = Number(onset);
    // The last separator ends the list: what follows it is no text.
    for (const one of texts.length > 1 ? texts.slice(0, -1) : texts) found.push({ time, text: one });
  }
  return found;
}
