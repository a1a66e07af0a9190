import { randomUUID } from 'node:crypto';
import { extname } from 'node:path';
import type { Clock, Seconds, Timer } from '../core/clock.js';
import type { StreamInfo } from '../core/signal.js';
import { GapFinder } from '../io/recordings/gap-finder.js';
import { StreamSurvey } from '../io/recordings/stream-survey.js';
import { streamTypeNamed } from '../signal/dialects/stream-type.js';
import { Budget } from './disk/budget.js';
import type { Disk } from './disk/disk.js';
import { Lanes } from './disk/lanes.js';
import type { SyncMode } from './disk/synced-file.js';
import { systemDisk } from './disk/system-disk.js';
import {
  DISK_LANES,
  HELD_BYTES,
  PartedRecording,
  type PartLimits,
  partLimits,
  type RecordingNews,
} from './parted-recording.js';
import { type RawEntry, type RawSamples, type RawState, type RawStream, timesOf } from './raw-entry.js';
import { type RawPart, rawContent } from './raw-part.js';

/** A regular stream that is silent this long deserves a word, s. */
const SILENT_AFTER_S = 3;
/** The same of an irregular stream that has never sent anything, s. */
const NEVER_AFTER_S = 10;
/** How often clock offsets are written, s; LabRecorder's interval. */
const CLOCK_OFFSET_INTERVAL_S = 5;

export interface RecordedFacts {
  readonly name: string;
  readonly type: string;
  /** Nominal rate, Hz; 0 = irregular. */
  readonly sfreq: number;
  /** Markers come when they come: their silence says nothing. */
  readonly text: boolean;
  /** How it got here. */
  readonly via: 'lsl' | 'websocket' | 'prediction';
}

export interface RecordedSummary extends RecordedFacts {
  readonly samples: number;
  /** Over the stretches without gaps, Hz; null below two samples. */
  readonly measured_sfreq: number | null;
  readonly gaps: readonly { readonly from: Seconds; readonly to: Seconds }[];
  /** Samples that the nominal rate would have had in the gaps. */
  readonly missing: number;
  /** Samples that came, and that the disk took none of. */
  readonly lost: number;
}

/** What became of a recording. */
export interface RecordedReport {
  /** Its parts, in order; none where there was no sample. */
  readonly files: readonly string[];
  readonly streams: readonly RecordedSummary[];
}

export interface LiveRecordingOptions {
  readonly clock: Clock;
  /** The first part's file; those of further ones are named by it. */
  readonly path: string;
  readonly tell: (line: string) => void;
  /** Default: the machine's. */
  readonly disk?: Disk;
  /** Default `group`. */
  readonly sync?: SyncMode;
  /** Default: 1 GB, however long it takes. */
  readonly limits?: PartLimits;
  /** What is held while the disk takes nothing, bytes. */
  readonly heldBytes?: number;
}

interface RecordedStream {
  readonly facts: RecordedFacts;
  readonly survey: StreamSurvey;
  /** Where its sender's clock lies, to be written now and then; null where nobody knows. */
  readonly offset: () => { readonly time: Seconds; readonly offset: Seconds } | null;
  /** Time of the measurement written last. */
  noted: Seconds;
  samples: number;
  lost: number;
  /** Tells gaps, as every door's clock does. */
  readonly gaps: GapFinder;
  /** When it was opened or last sent something, by this machine's clock. */
  heard: Seconds;
  isSilent: boolean;
}

/**
 * What is being recorded: streams by themselves, to the parts of one recording. Notes clock offsets every 5 s, and tells of every
 * stream that gives no samples, since an empty recording is found out too late.
 */
export class LiveRecording {
  readonly #clock: Clock;
  readonly #tell: (line: string) => void;
  readonly #recording: PartedRecording<RawEntry, RawState, RawPart>;
  readonly #streams = new Map<string, RecordedStream>();
  readonly #timers: readonly Timer[];
  readonly #files: string[] = [];
  readonly #path: string;
  /** The disk takes nothing at present. */
  #isFailing = false;
  #isOpen = true;

  constructor(options: LiveRecordingOptions) {
    const { clock, path, tell, disk = systemDisk, sync: mode = 'group', limits = partLimits({}) } = options;
    this.#clock = clock;
    this.#tell = tell;
    this.#path = path;
    this.#recording = new PartedRecording(rawContent, {
      ...{ disk, mode, clock, limits, session: null, run: null, id: randomUUID() },
      ...{ lanes: new Lanes(DISK_LANES), budget: new Budget(options.heldBytes ?? HELD_BYTES) },
      pathOf: partNames(path),
      tell: (news) => this.#hear(news),
    });
    this.#timers = [
      clock.every(1, () => this.#findSilent()),
      clock.every(CLOCK_OFFSET_INTERVAL_S, () => this.#noteOffsets()),
    ];
  }

  has(key: string): boolean {
    return this.#streams.has(key);
  }

  /** Samples so far of the streams of a name. */
  samplesOf(name: string): number {
    return [...this.#streams.values()]
      .filter(({ facts }) => facts.name === name)
      .reduce((sum, { samples }) => sum + samples, 0);
  }

  /** Adds a stream; `offset` tells where its sender's clock lies. */
  open(key: string, facts: RecordedFacts, stream: RawStream, offset: RecordedStream['offset']): void {
    if (!this.#isOpen || this.has(key)) return;
    this.#streams.set(key, {
      ...{ facts, offset, survey: new StreamSurvey(), samples: 0, lost: 0, noted: Number.NaN },
      gaps: new GapFinder(facts.sfreq),
      ...{ heard: this.#clock.now(), isSilent: false },
    });
    this.#recording.take({ kind: 'open', t: this.#clock.now(), key, stream });
  }

  /** Samples of a stream that is open. `gapBefore`: some are missing before them. */
  samples(key: string, samples: RawSamples, gapBefore: boolean): void {
    const stream = this.#streams.get(key);
    const times = timesOf(samples);
    if (!stream || !this.#isOpen || times.length === 0) return;
    if (stream.samples === 0) this.#noteOffset(key, stream);
    stream.heard = this.#clock.now();
    if (stream.isSilent) {
      stream.isSilent = false;
      this.#tell(`${named(stream.facts)} flows again`);
    }
    stream.samples += times.length;
    if (!this.#recording.take({ kind: 'samples', t: this.#clock.now(), key, samples })) {
      stream.lost += times.length;
      return;
    }
    for (let i = 0; i < times.length; i++) {
      const isMissing = stream.gaps.isGap(times[i]);
      stream.survey.add(times[i], (i === 0 && gapBefore) || isMissing ? 'gap' : 'none');
    }
  }

  /** Writes the last offsets, and the footers; nothing is taken after this. Resolves once all is on the disk, or it took it no more. */
  async close(): Promise<RecordedReport> {
    if (!this.#isOpen) return this.report();
    this.#noteOffsets();
    this.#isOpen = false;
    for (const timer of this.#timers) timer.cancel();
    for (const entry of await this.#recording.end()) {
      const stream = this.#streams.get(entry.key);
      if (stream && entry.kind === 'samples') stream.lost += timesOf(entry.samples).length;
    }
    return this.report();
  }

  /** What is recorded so far. */
  report(): RecordedReport {
    return { files: [...this.#files], streams: [...this.#streams.values()].map(summary) };
  }

  /** As {@link PartedRecording.rescue}. */
  rescue(): void {
    this.#recording.rescue();
  }

  #hear(news: RecordingNews): void {
    if (news.kind === 'failed') {
      this.#isFailing = true;
      this.#tell(`WARNING: ${news.error.message}; what comes is held meanwhile, and it is tried again`);
    } else if (news.kind === 'lost') {
      const stream = this.#streams.get(news.stream);
      this.#tell(
        `WARNING: samples of ${stream ? named(stream.facts) : news.stream} are lost: the disk takes nothing, and no more can be held`,
      );
    } else if (news.kind !== 'closed') {
      this.#files.push(news.path);
      // Nobody waits to hear of a recording that begins as it was said.
      if (news.path !== this.#path || this.#isFailing) this.#tell(`goes on recording, to ${news.path}`);
      this.#isFailing = false;
    }
  }

  #findSilent(): void {
    const now = this.#clock.now();
    for (const stream of this.#streams.values()) {
      const { facts, samples, heard, isSilent } = stream;
      const limit = facts.sfreq > 0 ? SILENT_AFTER_S : NEVER_AFTER_S;
      if (isSilent || expectsNothing(facts) || now - heard < limit) continue;
      if (facts.sfreq === 0 && samples > 0) continue;
      stream.isSilent = true;
      const since = Math.round(now - heard);
      this.#tell(
        samples === 0
          ? `WARNING: ${named(facts)} has sent no sample in ${since} s: nothing of it is recorded; is the device on, and worn?`
          : `WARNING: ${named(facts)} has been silent for ${since} s`,
      );
    }
  }

  #noteOffsets(): void {
    for (const [key, stream] of this.#streams) this.#noteOffset(key, stream);
  }

  #noteOffset(key: string, stream: RecordedStream): void {
    const measured = stream.offset();
    if (!measured || measured.time === stream.noted) return;
    stream.noted = measured.time;
    const { time, offset } = measured;
    this.#recording.take({ kind: 'offset', t: this.#clock.now(), key, time, offset });
  }
}

/** Names of the files of parts: the first is called as is said. */
function partNames(path: string): (part: number, n: number) => string {
  const extension = extname(path);
  const stem = path.slice(0, path.length - extension.length);
  return (part, n) => {
    const again = n === 1 ? '' : `_${n}`;
    // Parts find each other among a folder's XDF files.
    return part === 1 ? `${stem}${again}${extension}` : `${stem}_part${part}${again}.xdf`;
  };
}

function expectsNothing({ text, type, via }: RecordedFacts): boolean {
  const named = streamTypeNamed(type);
  return text || via === 'prediction' || named === 'Markers' || named === 'Ticks';
}

const named = ({ name, type }: RecordedFacts): string => `${name} (${type})`;

function summary({ facts, survey, samples, lost }: RecordedStream): RecordedSummary {
  const info: StreamInfo = {
    ...{ id: '', name: facts.name, type: facts.text ? 'Markers' : 'Other', sourceId: '' },
    ...{ sfreq: facts.sfreq, channels: [] },
  };
  const { measured_sfreq, gaps } = survey.result(info);
  const missing = gaps.reduce(
    (sum, { from, to }) => sum + Math.max(0, Math.round((to - from) * facts.sfreq) - 1),
    0,
  );
  return { ...facts, samples: samples - lost, measured_sfreq, gaps, missing, lost };
}

/** One line a stream for people. */
export function describeRecorded(stream: RecordedSummary): string {
  const { sfreq, samples, measured_sfreq, gaps, missing, lost: unsaved } = stream;
  if (samples === 0 && unsaved === 0) {
    const word = expectsNothing(stream) ? 'no samples' : 'NO SAMPLES: nothing of it was recorded';
    return `${named(stream)}: ${word}`;
  }
  const rate =
    sfreq > 0 && measured_sfreq !== null ? ` at ${measured_sfreq.toFixed(1)} Hz (nominal ${sfreq})` : '';
  const longest = Math.max(0, ...gaps.map(({ from, to }) => to - from));
  const lost =
    gaps.length === 0
      ? 'no gap'
      : `${gaps.length} ${gaps.length === 1 ? 'gap' : 'gaps'}, the longest ${longest.toFixed(2)} s, about ${missing} samples missing`;
  const taken = unsaved === 0 ? '' : `; ${unsaved} samples that came are LOST: the disk did not take them`;
  return `${named(stream)}: ${samples} samples${rate}${sfreq > 0 ? `, ${lost}` : ''}${taken}`;
}
