import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import type { Seconds } from '../../../core/clock.js';
import { InputError } from '../../../core/errors.js';
import type { StreamInfo, StreamMessage } from '../../../core/signal.js';
import { type CanonicalStream, canonicalStreams } from '../../../signal/dialects/canonical-stream.js';
import { onGrid } from '../../../signal/timebase/session-time.js';
import { decodeText } from '../files/decode-text.js';
import { RandomAccessFile } from '../files/random-access-file.js';
import { stemOf } from '../files/stem.js';
import { chunkLength, type DataMessage, mergeStreams } from '../merge.js';
import type { ReadOptions, RecordedStream, Recording, RecordingFormat } from '../recording.js';
import { StreamSurvey } from '../stream-survey.js';
import { dateOf, fieldsOf, isBrainVision, parseSections, type Section } from './brainvision-header.js';
import {
  AsciiSamples,
  type BinaryFormat,
  BinarySamples,
  type BrainVisionSamples,
  binaryFormats,
} from './brainvision-samples.js';

/**
 * BrainVision Core Data Format 1.0 and 2.0 (https://www.brainproducts.com/support-resources/brainvision-core-data-format-1-0/):
 * a header (.vhdr), markers (.vmrk) and samples (.eeg, .dat). Each of the three leads to the header.
 */
export const brainVision: RecordingFormat = {
  name: 'BrainVision',
  recognise(path, head) {
    if (!head) return 0;
    if (isBrainVision(head)) return 2;
    if (/\.(vhdr|vmrk)$/i.test(path)) return 1;
    return belongsToHeader.test(path) && headerOf(path) !== null ? 1 : 0;
  },
  async open(path) {
    const header = headerOf(path);
    if (header === null)
      throw new InputError(
        'recording-missing',
        `${path}: no header (.vhdr) that names it lies beside it; add it`,
      );
    return BrainVisionRecording.open(header);
  },
};

/** Far above any amplifier: a damaged number doesn't take all memory. */
const MAX_CHANNELS = 1 << 16;

interface Marker {
  readonly type: string;
  readonly description: string;
  /** Index of the sample that it starts with. */
  readonly sample: number;
  /** Start of a segment, s since 1970. */
  readonly date: Seconds | null;
}

/** Samples that follow each other without a gap. */
interface Segment {
  readonly onset: Seconds;
  readonly from: number;
  readonly to: number;
}

interface Part {
  readonly canonical: CanonicalStream;
  readonly gain: Float64Array;
}

const belongsToHeader = /\.(vmrk|eeg|dat|avg|seg)$/i;

/** The header of the recording that `path` is a file of; null where there is none. */
function headerOf(path: string): string | null {
  if (!belongsToHeader.test(path)) return path;
  const folder = dirname(path);
  const name = basename(path);
  const headers = readdirSync(folder).filter((other) => /\.vhdr$/i.test(other));
  const namesake = headers.find((other) => stemOf(other) === stemOf(name));
  const header = namesake ?? headers.find((other) => filesNamedIn(join(folder, other)).includes(name));
  return header === undefined ? null : join(folder, header);
}

function filesNamedIn(header: string): string[] {
  const common = parseSections(decodeText(readFileSync(header))).get('common infos');
  return ['DataFile', 'MarkerFile'].map((key) => withStem(common?.get(key) ?? '', header));
}

/** `$b` stands for the header's own name. */
function withStem(name: string, header: string): string {
  return name.replace('$b', stemOf(header));
}

class BrainVisionRecording implements Recording {
  readonly format = 'BrainVision';
  readonly stem: string;
  readonly streams: readonly RecordedStream[];
  readonly zero_unix_s: number | null;
  readonly problems: string[] = [];
  readonly #file: RandomAccessFile;
  readonly #samples: BrainVisionSamples;
  readonly #sfreq: number;
  readonly #channels: number;
  readonly #parts: readonly Part[];
  readonly #markers: readonly Marker[];
  readonly #markerInfo: StreamInfo;
  readonly #segments: readonly Segment[];

  static open(path: string): BrainVisionRecording {
    const sections = parseSections(decodeText(readFileSync(path)));
    const common = sections.get('common infos');
    if (!common) throw unreadable(path, 'it has no [Common Infos]');
    const problems: string[] = [];
    const file = new RandomAccessFile(dataFileOf(path, common, problems));
    try {
      return new BrainVisionRecording(path, sections, common, file, problems);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  private constructor(
    readonly path: string,
    sections: ReadonlyMap<string, Section>,
    common: Section,
    file: RandomAccessFile,
    problems: readonly string[],
  ) {
    this.stem = stemOf(path);
    this.#file = file;
    this.problems.push(...problems);
    this.#channels = wholeNumber(common.get('NumberOfChannels')) ?? 0;
    this.#sfreq = 1e6 / Number(common.get('SamplingInterval'));
    if (!(this.#channels > 0 && this.#channels <= MAX_CHANNELS))
      throw unreadable(path, 'NumberOfChannels is no number of channels');
    if (!(this.#sfreq > 0 && Number.isFinite(this.#sfreq)))
      throw unreadable(path, 'SamplingInterval is no number of microseconds');
    if (!/^(TIMEDOMAIN)?$/i.test(common.get('DataType') ?? ''))
      throw unreadable(path, `${common.get('DataType')} data are no signals`);
    this.#samples = samplesOf(path, sections, common, this.#channels, file);
    this.problems.push(...this.#samples.problems);

    const markers = this.#readMarkers(common);
    this.#markers = markers.filter(({ sample }) => sample < this.#samples.count);
    if (this.#markers.length < markers.length)
      this.problems.push(
        `${markers.length - this.#markers.length} markers lie behind the last sample; left out`,
      );
    this.zero_unix_s = this.#markers.find(isNewSegment)?.date ?? null;
    this.#segments = this.#placeSegments();
    this.#parts = this.#declareStreams(sections.get('channel infos') ?? new Map());
    this.#markerInfo = {
      id: `${this.stem}/markers`,
      name: this.stem,
      type: 'Markers',
      sourceId: '',
      sfreq: 0,
      channels: [{ label: 'marker', unit: '', type: 'Markers' }],
    };
    this.streams = this.#survey();
    if (this.#samples.count === 0)
      throw new InputError('recording-empty', `${path}: no readable sample in ${file.path}; record again`);
  }

  async *messages(options: ReadOptions): AsyncGenerator<StreamMessage> {
    for (const { canonical } of this.#parts) canonical.notes.forEach(options.events);
    yield* mergeStreams(
      this.streams.map(({ info }) => info),
      [this.#chunks(options.chunk), this.#markerMessages()],
    );
  }

  async close(): Promise<void> {
    this.#file.close();
  }

  #declareStreams(infos: Section): Part[] {
    const entries = Array.from({ length: this.#channels }, (_, c) => fieldsOf(infos.get(`Ch${c + 1}`) ?? ''));
    const missing = entries.filter(([label]) => label === '').length;
    if (missing > 0)
      this.problems.push(`${missing} of ${this.#channels} channels have no entry in the header`);
    const resolutions = entries.map(([, , resolution]) => {
      const value = (resolution ?? '').trim() === '' ? 1 : Number(resolution);
      return Number.isFinite(value) && value !== 0 ? value : Number.NaN;
    });
    for (const [c, [label]] of entries.entries())
      if (Number.isNaN(resolutions[c]))
        this.problems.push(`channel '${label}' has no usable resolution; masked`);
    return canonicalStreams({
      id: this.stem,
      name: this.stem,
      type: '',
      sourceId: '',
      sfreq: this.#sfreq,
      // Where no unit is told it is microvolt, says the specification.
      channels: entries.map(([label, , , unit]) => ({ label, unit: unit?.trim() || 'uV', type: '' })),
    }).map((canonical) => ({
      canonical,
      gain: Float64Array.from(canonical.keep, (index, c) => resolutions[index] * canonical.scale[c]),
    }));
  }

  #readMarkers(common: Section): Marker[] {
    const name = common.get('MarkerFile');
    if (!name) return [];
    const path = join(dirname(this.path), withStem(name, this.path));
    if (!existsSync(path)) {
      this.problems.push(`its marker file ${basename(path)} isn't there; read without markers`);
      return [];
    }
    const entries =
      parseSections(decodeText(readFileSync(path))).get('marker infos') ?? new Map<string, string>();
    const markers: Marker[] = [];
    let unreadable = 0;
    for (const [key, entry] of entries) {
      if (!/^Mk\d+$/i.test(key)) continue;
      const [type, description = '', position, , , date] = fieldsOf(entry);
      const sample = wholeNumber(position);
      if (sample === null || sample < 1) unreadable++;
      else markers.push({ type, description, sample: sample - 1, date: dateOf(date) });
    }
    if (unreadable > 0) this.problems.push(`${unreadable} markers have no position; left out`);
    return markers.sort((a, b) => a.sample - b.sample);
  }

  /** Each `New Segment` ends what was before it; its date tells how long the pause was. */
  #placeSegments(): Segment[] {
    const starts = this.#markers.filter(isNewSegment).filter(({ sample }) => sample > 0);
    const bounds = [0, ...new Set(starts.map(({ sample }) => sample)), this.#samples.count];
    const segments: Segment[] = [];
    let onset: Seconds = 0;
    for (let s = 0; s + 1 < bounds.length; s++) {
      const [from, to] = [bounds[s], bounds[s + 1]];
      if (s > 0) {
        const date = starts.find(({ sample }) => sample === from)?.date ?? null;
        const told = date === null || this.zero_unix_s === null ? null : date - this.zero_unix_s;
        if (told !== null && told < onset)
          this.problems.push(
            `the segment at sample ${from + 1} starts, by its date, before the end of the one before; taken to follow it`,
          );
        onset = Math.max(onset, told ?? onset);
      }
      segments.push({ onset, from, to });
      onset += (to - from) / this.#sfreq;
    }
    return segments;
  }

  #timeOf(sample: number): Seconds {
    const { onset, from } = this.#segments.findLast((segment) => segment.from <= sample)!;
    return onGrid(onset + (sample - from) / this.#sfreq);
  }

  #survey(): RecordedStream[] {
    const sampled = this.#parts.map(({ canonical }) => {
      const survey = new StreamSurvey();
      for (const [s, { onset, from, to }] of this.#segments.entries())
        if (to > from) survey.addStretch(onset, this.#timeOf(to - 1), to - from, s > 0 ? 'gap' : 'none');
      return survey.result(canonical.info);
    });
    if (this.#markers.length === 0) return sampled;
    const survey = new StreamSurvey();
    for (const { sample } of this.#markers) survey.add(this.#timeOf(sample));
    return [...sampled, survey.result(this.#markerInfo)];
  }

  *#markerMessages(): Generator<DataMessage> {
    for (const { type, description, sample } of this.#markers) {
      const value = description === '' ? type : `${type}/${description}`;
      yield { kind: 'marker', marker: { stream: this.#markerInfo.id, time: this.#timeOf(sample), value } };
    }
  }

  /** Chunks of all streams: they hold the same moments. */
  *#chunks(asked: number | null): Generator<DataMessage> {
    const length = Math.min(...this.#parts.map(({ canonical }) => chunkLength(canonical.info, asked)));
    const next = this.#samples.read();
    for (const [s, { onset, from, to }] of this.#segments.entries())
      for (let at = from; at < to; at += length) {
        const n = Math.min(length, to - at);
        const times = Float64Array.from({ length: n }, (_, i) => onset + (at + i - from) / this.#sfreq);
        const raw = next(n);
        for (const { canonical, gain } of this.#parts) {
          const { info, keep, offset } = canonical;
          const data = new Float64Array(keep.length * n);
          for (let c = 0; c < keep.length; c++)
            for (let i = 0; i < n; i++) data[c * n + i] = raw[keep[c] * n + i] * gain[c] + offset[c];
          yield { kind: 'chunk', chunk: { info, data, times, gapBefore: s > 0 && at === from } };
        }
      }
  }
}

function isNewSegment({ type }: Marker): boolean {
  return type === 'New Segment';
}

function unreadable(path: string, why: string): InputError {
  return new InputError('recording-unreadable', `${path}: ${why}; export it again`);
}

function wholeNumber(text: string | undefined): number | null {
  return /^\s*\d+\s*$/.test(text ?? '') ? Number(text) : null;
}

/** Where the samples are: as the header tells or, after files were renamed together, beside it under its name. */
function dataFileOf(path: string, common: Section, problems: string[]): string {
  const told = withStem(common.get('DataFile') ?? '', path);
  const folder = dirname(path);
  if (told !== '' && existsSync(join(folder, told))) return join(folder, told);
  const renamed = join(folder, `${stemOf(path)}${extname(told) || '.eeg'}`);
  if (!existsSync(renamed))
    throw new InputError(
      'recording-missing',
      `${path}: its data file ${told || '(none told)'} isn't there; put it beside the header`,
    );
  problems.push(`its data file ${told} isn't there; ${basename(renamed)} taken for it`);
  return renamed;
}

function samplesOf(
  path: string,
  sections: ReadonlyMap<string, Section>,
  common: Section,
  channels: number,
  file: RandomAccessFile,
): BrainVisionSamples {
  const isVectorized = /^vectorized$/i.test(common.get('DataOrientation') ?? '');
  if (/^ascii$/i.test(common.get('DataFormat') ?? '')) {
    const ascii = sections.get('ascii infos');
    return new AsciiSamples(file, {
      channels,
      isVectorized,
      decimalSymbol: ascii?.get('DecimalSymbol') || '.',
      skipLines: wholeNumber(ascii?.get('SkipLines')) ?? 0,
      skipColumns: wholeNumber(ascii?.get('SkipColumns')) ?? 0,
    });
  }
  const binary = sections.get('binary infos');
  const format = binary?.get('BinaryFormat')?.toUpperCase() ?? 'INT_16';
  if (!isBinaryFormat(format)) throw unreadable(path, `samples in ${format} aren't known`);
  return new BinarySamples(file, {
    channels,
    format,
    isVectorized,
    isBigEndian: /^yes$/i.test(binary?.get('UseBigEndianOrder') ?? ''),
    told: wholeNumber(common.get('DataPoints')),
  });
}

function isBinaryFormat(name: string): name is BinaryFormat {
  return name in binaryFormats;
}
