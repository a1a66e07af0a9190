import type { Clock, Seconds, Timer } from '../core/clock.js';
import type { StreamInfo } from '../core/signal.js';
import { GapFinder } from '../io/recordings/gap-finder.js';
import { StreamSurvey } from '../io/recordings/stream-survey.js';
import type { XdfWriter } from '../io/recordings/xdf/xdf-writer.js';
import { streamTypeNamed } from '../signal/dialects/stream-type.js';

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
}

interface RecordedStream {
  readonly facts: RecordedFacts;
  readonly survey: StreamSurvey;
  /** Where its sender's clock lies, to be written now and then; null where nobody knows. */
  readonly offset: () => { readonly time: Seconds; readonly offset: Seconds } | null;
  /** Time of the measurement written last. */
  noted: Seconds;
  samples: number;
  /** Tells gaps, as every door's clock does. */
  readonly gaps: GapFinder;
  /** When it was opened or last sent something, by this machine's clock. */
  heard: Seconds;
  isSilent: boolean;
}

/**
 * What is being recorded: writes streams to one file, notes clock offsets every 5 s, and tells of every stream that
 * gives no samples, since an empty recording is found out too late.
 */
export class LiveRecording {
  /** Rejects when the file can't be written any more. */
  readonly failed: Promise<never>;
  readonly #clock: Clock;
  readonly #writer: XdfWriter;
  readonly #tell: (line: string) => void;
  readonly #streams = new Map<string, RecordedStream>();
  readonly #timers: readonly Timer[];
  #fail: (error: unknown) => void = () => {};
  #isOpen = true;

  constructor(clock: Clock, writer: XdfWriter, tell: (line: string) => void) {
    this.#clock = clock;
    this.#writer = writer;
    this.#tell = tell;
    this.failed = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    this.failed.catch(() => {});
    this.#timers = [
      clock.every(1, () => this.#findSilent()),
      clock.every(CLOCK_OFFSET_INTERVAL_S, () => this.#writeOffsets()),
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

  /** Adds a stream; `write` puts its header into the file under `key`. */
  open(
    key: string,
    facts: RecordedFacts,
    write: (writer: XdfWriter) => void,
    offset: RecordedStream['offset'],
  ): void {
    if (!this.#isOpen || this.has(key)) return;
    this.#streams.set(key, {
      ...{ facts, offset, survey: new StreamSurvey(), samples: 0, noted: Number.NaN },
      gaps: new GapFinder(facts.sfreq),
      ...{ heard: this.#clock.now(), isSilent: false },
    });
    this.#attempt(write);
  }

  /** Samples of a stream that is open; `write` puts them into the file. `gapBefore`: some are missing before them. */
  samples(key: string, times: Float64Array, gapBefore: boolean, write: (writer: XdfWriter) => void): void {
    const stream = this.#streams.get(key);
    if (!stream || !this.#isOpen || times.length === 0) return;
    if (stream.samples === 0) this.#writeOffset(key, stream);
    stream.heard = this.#clock.now();
    if (stream.isSilent) {
      stream.isSilent = false;
      this.#tell(`${named(stream.facts)} flows again`);
    }
    for (let i = 0; i < times.length; i++) {
      const isMissing = stream.gaps.isGap(times[i]);
      stream.survey.add(times[i], (i === 0 && gapBefore) || isMissing ? 'gap' : 'none');
    }
    stream.samples += times.length;
    this.#attempt(write);
  }

  /** Writes the last offsets; nothing is taken after this. */
  close(): RecordedSummary[] {
    this.#writeOffsets();
    this.#isOpen = false;
    for (const timer of this.#timers) timer.cancel();
    return [...this.#streams.values()].map(summary);
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

  #writeOffsets(): void {
    for (const [key, stream] of this.#streams) this.#writeOffset(key, stream);
  }

  #writeOffset(key: string, stream: RecordedStream): void {
    const measured = stream.offset();
    if (!measured || measured.time === stream.noted) return;
    stream.noted = measured.time;
    this.#attempt((writer) => writer.writeClockOffset(key, measured.time, measured.offset));
  }

  #attempt(write: (writer: XdfWriter) => void): void {
    if (!this.#isOpen) return;
    try {
      write(this.#writer);
    } catch (error) {
      this.#isOpen = false;
      this.#fail(error);
    }
  }
}

function expectsNothing({ text, type, via }: RecordedFacts): boolean {
  const named = streamTypeNamed(type);
  return text || via === 'prediction' || named === 'Markers' || named === 'Ticks';
}

const named = ({ name, type }: RecordedFacts): string => `${name} (${type})`;

function summary({ facts, survey }: RecordedStream): RecordedSummary {
  const info: StreamInfo = {
    ...{ id: '', name: facts.name, type: facts.text ? 'Markers' : 'Other', sourceId: '' },
    ...{ sfreq: facts.sfreq, channels: [] },
  };
  const { samples, measured_sfreq, gaps } = survey.result(info);
  const missing = gaps.reduce(
    (sum, { from, to }) => sum + Math.max(0, Math.round((to - from) * facts.sfreq) - 1),
    0,
  );
  return { ...facts, samples, measured_sfreq, gaps, missing };
}

/** One line a stream for people. */
export function describeRecorded(stream: RecordedSummary): string {
  const { sfreq, samples, measured_sfreq, gaps, missing } = stream;
  if (samples === 0) {
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
  return `${named(stream)}: ${samples} samples${rate}${sfreq > 0 ? `, ${lost}` : ''}`;
}
