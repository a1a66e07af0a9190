import type { Seconds } from '../core/clock.js';
import { InputError } from '../core/errors.js';
import { type Chunk, type StreamInfo, type StreamMessage, TIME_TOLERANCE_S } from '../core/signal.js';
import { type CanonicalStream, canonicalStreams } from '../dialects/canonical-stream.js';
import { chunkLength, type DataMessage, mergeStreams } from './merge.js';
import { RandomAccessFile } from './random-access-file.js';
import type { ReadOptions, RecordedStream, Recording, RecordingFormat } from './recording.js';
import { stemOf } from './stem.js';
import { StreamSurvey } from './stream-survey.js';

/**
 * EDF and EDF+ (Kemp & Olivan 2003, https://www.edfplus.info/specs/): records of int16 samples, continuous or, in
 * EDF+D, with gaps that each record's onset tells. Annotations become markers.
 */
export const edf: RecordingFormat = {
  name: 'EDF',
  recognise(path, head) {
    if (!head) return 0;
    const text = Buffer.from(head.subarray(0, 256)).toString('latin1');
    const headerBytes = Number(text.slice(184, 192));
    const signals = Number(text.slice(252, 256));
    if (/^0 {7}$/.test(text.slice(0, 8)) && signals > 0 && headerBytes === 256 * (signals + 1)) return 2;
    return /\.edf$/i.test(path) ? 1 : 0;
  },
  async open(path) {
    const file = new RandomAccessFile(path);
    try {
      return new EdfRecording(file);
    } catch (error) {
      file.close();
      throw error;
    }
  },
};

interface Signal {
  readonly label: string;
  readonly unit: string;
  /** Samples in a record. */
  readonly count: number;
  /** Where the record holds them, in int16s. */
  readonly offset: number;
  /** physical = digital * gain + base. */
  readonly gain: number;
  readonly base: number;
}

/** Records that follow each other without a gap. */
interface Stretch {
  readonly onset: Seconds;
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

interface TimedText {
  readonly time: Seconds;
  readonly text: string;
}

const ANNOTATIONS = /^(EDF|BDF) Annotations/;
const BLOCK_BYTES = 1 << 20;

class EdfRecording implements Recording {
  readonly format = 'EDF';
  readonly path: string;
  readonly stem: string;
  readonly streams: readonly RecordedStream[];
  readonly zero_unix_s: number | null;
  readonly problems: string[] = [];
  readonly #file: RandomAccessFile;
  readonly #headerBytes: number;
  readonly #recordInts: number;
  readonly #duration: Seconds;
  readonly #completeRecords: number;
  /** int16s of a last record that was cut. */
  readonly #partialInts: number;
  readonly #stretches: Stretch[] = [];
  readonly #sampled: SampledStream[] = [];
  readonly #annotations: TimedText[] = [];
  readonly #markers: StreamInfo | null;
  readonly #blocks = new Map<number, Int16Array>();

  constructor(file: RandomAccessFile) {
    this.#file = file;
    this.path = file.path;
    this.stem = stemOf(file.path);
    const fixed = Buffer.from(file.read(0, 256)).toString('latin1');
    this.#headerBytes = Number(fixed.slice(184, 192));
    const declaredRecords = Number(fixed.slice(236, 244));
    this.#duration = Number(fixed.slice(244, 252));
    const count = Number(fixed.slice(252, 256));
    const isHeader = count > 0 && this.#headerBytes >= 256 * (count + 1) && this.#duration >= 0;
    if (!isHeader || file.size < this.#headerBytes) throw this.#unreadable('its header is cut or not EDF');
    const variable = Buffer.from(file.read(256, 256 * count)).toString('latin1');
    const signals = this.#readSignals(variable, count);
    this.zero_unix_s = startOf(fixed.slice(168, 184));

    this.#recordInts = signals.reduce((sum, signal) => sum + signal.count, 0);
    if (this.#recordInts === 0) throw this.#unreadable('its records hold no samples');
    const ints = Math.floor((file.size - this.#headerBytes) / 2);
    const inFile = Math.floor(ints / this.#recordInts);
    const told = declaredRecords >= 0 ? declaredRecords : inFile;
    this.#completeRecords = Math.max(0, Math.min(told, inFile));
    this.#partialInts =
      told > inFile || declaredRecords < 0 ? Math.max(0, ints - inFile * this.#recordInts) : 0;
    if (declaredRecords >= 0 && inFile !== declaredRecords)
      this.problems.push(
        `the header tells ${declaredRecords} records, the file holds ${inFile}${inFile < declaredRecords ? ': it was cut' : '; the rest is ignored'}`,
      );

    const annotated = signals.filter((signal) => ANNOTATIONS.test(signal.label));
    this.#placeRecords(annotated, fixed.slice(192, 236).startsWith('EDF+D'));
    this.#groupSignals(signals.filter((signal) => !ANNOTATIONS.test(signal.label) && signal.count > 0));
    this.#annotations.sort((a, b) => a.time - b.time);
    this.#markers =
      this.#annotations.length > 0
        ? {
            id: `${this.stem}/markers`,
            name: this.stem,
            type: 'Markers',
            sourceId: '',
            sfreq: 0,
            channels: [{ label: 'annotation', unit: '', type: 'Markers' }],
          }
        : null;
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
    if (this.#markers) cursors.push(this.#markerMessages(this.#markers));
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
    const counts = fields(8).map(Number);
    let offset = 0;
    return labels.map((label, i) => {
      const n = counts[i];
      if (!Number.isInteger(n) || n < 0)
        throw this.#unreadable(`signal ${i + 1} has no valid number of samples`);
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

  /** Finds each record's onset and the annotations; records without a gap between them make a stretch. */
  #placeRecords(annotated: readonly Signal[], isDiscontinuous: boolean): void {
    const records = this.#completeRecords + (this.#partialInts > 0 ? 1 : 0);
    if (records === 0) return;
    if (annotated.length === 0) {
      this.#stretches.push({ onset: 0, firstRecord: 0, records });
      return;
    }
    let start: Seconds = 0;
    let expected: Seconds = 0;
    for (let record = 0; record < records; record++) {
      let onset: Seconds | null = null;
      for (const [i, signal] of annotated.entries()) {
        const offset = this.#headerBytes + 2 * (record * this.#recordInts + signal.offset);
        const texts = parseAnnotations(this.#file.read(offset, 2 * signal.count));
        // The first of a record tells the record's own onset, its text is empty.
        if (i === 0 && texts.length > 0) onset = texts[0].time;
        for (const text of texts) if (text.text !== '') this.#annotations.push(text);
      }
      if (record === 0) start = expected = onset ?? 0;
      if (isDiscontinuous && onset === null) {
        // Cut before its annotations, a last record doesn't tell when it was: it can't be placed.
        if (record >= this.#completeRecords) break;
        this.problems.push(`record ${record + 1} tells no onset; taken to follow the one before`);
      }
      const from = isDiscontinuous ? (onset ?? expected) : start + record * this.#duration;
      const current = this.#stretches.at(-1);
      if (current && Math.abs(from - expected) <= TIME_TOLERANCE_S) current.records++;
      else {
        if (current && from < expected)
          this.problems.push(
            `record ${record + 1} starts ${expected - from} s before the end of the one before`,
          );
        this.#stretches.push({ onset: from, firstRecord: record, records: 1 });
      }
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
      for (const [i, stretch] of this.#stretches.entries()) {
        const samples = this.#samplesOf(stream, stretch);
        const last = stretch.onset + (samples - 1) / stream.canonical.info.sfreq;
        if (samples > 0) survey.addStretch(stretch.onset, last, samples, i > 0 ? 'gap' : 'none');
      }
      return survey.result(stream.canonical.info);
    });
    if (!this.#markers) return surveyed;
    const survey = new StreamSurvey();
    for (const { time } of this.#annotations) survey.add(time);
    return [...surveyed, survey.result(this.#markers)];
  }

  #samplesOf(stream: SampledStream, stretch: Stretch): number {
    const isCut = stretch.firstRecord + stretch.records > this.#completeRecords;
    if (!isCut) return stretch.records * stream.count;
    const partial = Math.max(...stream.signals.map((signal) => this.#partialCount(signal)));
    return (stretch.records - 1) * stream.count + partial;
  }

  /** Samples of `signal` in the cut last record. */
  #partialCount(signal: Signal): number {
    return Math.max(0, Math.min(signal.count, this.#partialInts - signal.offset));
  }

  *#markerMessages(info: StreamInfo): Generator<DataMessage> {
    for (const { time, text } of this.#annotations)
      yield { kind: 'marker', marker: { stream: info.id, time, value: text } };
  }

  *#chunks(stream: SampledStream, chunk: number | null): Generator<DataMessage> {
    const { info } = stream.canonical;
    const length = chunkLength(info, chunk);
    for (const [i, stretch] of this.#stretches.entries()) {
      const total = this.#samplesOf(stream, stretch);
      for (let from = 0; from < total; from += length) {
        const n = Math.min(length, total - from);
        const times = new Float64Array(n);
        for (let k = 0; k < n; k++) times[k] = stretch.onset + (from + k) / info.sfreq;
        const data = this.#decode(stream, stretch.firstRecord * stream.count + from, n);
        const gapBefore = i > 0 && from === 0;
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
      const { ints, at } = this.#record(record);
      for (let c = 0; c < signals.length; c++) {
        const g = gain[c];
        const b = base[c];
        const available = isCut ? this.#partialCount(signals[c]) - inRecord : m;
        let source = at + signals[c].offset + inRecord;
        let target = c * n + done;
        const end = target + m;
        const readable = target + Math.max(0, Math.min(m, available));
        while (target < readable) data[target++] = ints[source++] * g + b;
        while (target < end) data[target++] = Number.NaN;
      }
      done += m;
    }
    return data;
  }

  /** The block of records that holds `record`, and where the record starts in it. */
  #record(record: number): { ints: Int16Array; at: number } {
    const perBlock = Math.max(1, Math.floor(BLOCK_BYTES / (2 * this.#recordInts)));
    const block = Math.floor(record / perBlock);
    let ints = this.#blocks.get(block);
    if (!ints) {
      // Streams move through the file together, so that two blocks serve them all.
      const [oldest] = this.#blocks.keys();
      if (this.#blocks.size >= 2) this.#blocks.delete(oldest);
      ints = new Int16Array(perBlock * this.#recordInts);
      const bytes = new Uint8Array(ints.buffer);
      this.#file.readInto(bytes, this.#headerBytes + 2 * block * perBlock * this.#recordInts);
      this.#blocks.set(block, ints);
    }
    return { ints, at: (record - block * perBlock) * this.#recordInts };
  }
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

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Time-stamped annotation lists: `+onset[0x15 duration] 0x14 text 0x14 text 0x14 0x00`. */
function parseAnnotations(bytes: Uint8Array): TimedText[] {
  const found: TimedText[] = [];
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    // Older writers put Latin-1 where the specification asks for UTF-8.
    text = Buffer.from(bytes).toString('latin1');
  }
  for (const list of text.split('\0')) {
    const [stamp, ...texts] = list.split('\x14');
    const [onset] = stamp.split('\x15', 1);
    if (!/^[+-]\d+(\.\d*)?$/.test(onset) || texts.length === 0) continue;
    const time = Number(onset);
    // The last separator ends the list: what follows it is no text.
    for (const one of texts.length > 1 ? texts.slice(0, -1) : texts) found.push({ time, text: one });
  }
  return found;
}
