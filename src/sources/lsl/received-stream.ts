import { hostname } from 'node:os';
import type { Clock, Seconds } from '../../core/clock.js';
import { type Chunk, type StreamInfo, type StreamMessage, sliceChunk } from '../../core/signal.js';
import { type CanonicalStream, canonicalChunk } from '../../dialects/canonical-stream.js';
import type { SampleBatch } from '../../lsl/channel-format.js';
import { type StampProcessing, StampProcessor } from '../../lsl/stamp-processor.js';
import type { LslStreamInfo } from '../../lsl/stream-info.js';
import type { ClockMeasurement } from '../../lsl/time-correction.js';
import { gapLimit } from '../../timebase/stamp-mapper.js';
import { isUnixStamp } from '../../timebase/unix-stamps.js';

/** A host whose wall clock is off by more than this doesn't share ours, s. */
const SHARED_WALL_CLOCK_S = 30;
/** Stamps of an outlet whose clock can't be measured are taken as they are while they lie this near to now, s. */
const SAME_CLOCK_S = 5;
const MAX_WAITING_SAMPLES = 100_000;

export type Alignment = 'lsl' | 'unix' | 'assumed';

/** One stream on its way into a session: stamps onto this machine's clock, canonical channels, chunks cut at gaps. */
export class ReceivedStream {
  readonly #emit: (message: StreamMessage) => void;
  readonly #aligned: (alignment: Alignment, offset_s: Seconds) => void;
  #parts: readonly CanonicalStream[];
  #processor: StampProcessor | null = null;
  #measurement: ClockMeasurement | null = null;
  #waiting: { readonly batch: SampleBatch; readonly gapBefore: boolean }[] = [];
  #waitingSamples = 0;
  #offset_s: Seconds = 0;
  #lastCorrected: Seconds | null = null;
  /** Whether the clock won't be measured. */
  #alone = false;
  /** Whether a restarted outlet's clock must be looked at. */
  #isSuspect = false;
  /** Whether its streams were announced. */
  #isOpen = false;
  samples = 0;

  constructor(
    readonly clock: Clock,
    readonly raw: LslStreamInfo,
    parts: readonly CanonicalStream[],
    readonly processing: StampProcessing,
    /** Of the dejittering, s. */
    readonly smoothingHalfTime_s: Seconds,
    emit: (message: StreamMessage) => void,
    aligned: (alignment: Alignment, offset_s: Seconds) => void,
  ) {
    this.#parts = parts;
    this.#emit = emit;
    this.#aligned = aligned;
  }

  get infos(): readonly StreamInfo[] {
    return this.#parts.map(({ info }) => info);
  }

  measured(measurement: ClockMeasurement): void {
    this.#measurement = measurement;
    this.#processor?.measured(measurement);
    this.#release();
  }

  /** The outlet's clock can't be measured; what waits for it goes on without. */
  unmeasurable(): void {
    if (this.#measurement) return;
    this.#alone = true;
    this.#release();
  }

  take(batch: SampleBatch, gapBefore: boolean): void {
    if (batch.times.length === 0) return;
    this.samples += batch.times.length;
    if (this.#isSuspect && this.#processor) {
      const first = this.#processor.corrected(batch.times[0] + this.#offset_s);
      if (Math.abs(first - this.clock.now()) > SAME_CLOCK_S) this.#realign();
      this.#isSuspect = false;
    }
    if (this.#processor) {
      this.#process(this.#processor, batch, gapBefore);
      return;
    }
    this.#waiting.push({ batch, gapBefore });
    this.#waitingSamples += batch.times.length;
    while (this.#waitingSamples > MAX_WAITING_SAMPLES && this.#waiting.length > 1)
      this.#waitingSamples -= this.#waiting.shift()!.batch.times.length;
    this.#release();
  }

  /** Another outlet took over. On the same host its clock is most likely the same: its first stamp will tell. */
  restart(host: string): void {
    this.#isSuspect = true;
    if (host !== this.raw.hostname) this.#realign();
  }

  /** Over LSL nobody says goodbye: every end counts as lost. */
  close(): void {
    if (this.#isOpen) for (const { id } of this.infos) this.#emit({ kind: 'close', id, cut: true });
  }

  #realign(): void {
    this.#isSuspect = false;
    this.#measurement = null;
    this.#alone = false;
    this.#processor = null;
    this.#lastCorrected = null;
  }

  #release(): void {
    if (this.#processor || this.#waiting.length === 0) return;
    const [{ batch }] = this.#waiting;
    const newest = this.#waiting[this.#waiting.length - 1].batch.times;
    if (!isUnixStamp(batch.times[0]) && !this.#measurement && !this.#alone) return;
    this.#align(newest[newest.length - 1]);
    if (!this.#isOpen) for (const info of this.infos) this.#emit({ kind: 'open', info });
    this.#isOpen = true;
    for (const { batch: waiting, gapBefore } of this.#waiting.splice(0))
      this.#process(this.#processor!, waiting, gapBefore);
    this.#waitingSamples = 0;
  }

  #align(newest: Seconds): void {
    const { clock, raw, processing } = this;
    const now = clock.now();
    let alignment: Alignment = 'lsl';
    this.#offset_s = 0;
    if (isUnixStamp(newest)) {
      const isShared = raw.hostname === hostname() || Math.abs(newest - clock.unix()) < SHARED_WALL_CLOCK_S;
      alignment = isShared ? 'unix' : 'assumed';
      this.#offset_s = isShared ? now - clock.unix() : now - newest;
    } else if (!this.#measurement && Math.abs(newest - now) > SAME_CLOCK_S) {
      alignment = 'assumed';
      this.#offset_s = now - newest;
    }
    const clocksync = processing.clocksync && alignment === 'lsl' && this.#measurement !== null;
    const used = { ...processing, clocksync };
    this.#processor = new StampProcessor(raw.nominalRate_hz, used, this.smoothingHalfTime_s);
    if (this.#measurement) this.#processor.measured(this.#measurement);
    const aligned = alignment === 'assumed' ? 'assumed' : 'clock';
    this.#parts = this.#parts.map((part) => ({ ...part, info: { ...part.info, aligned } }));
    this.#aligned(alignment, this.#offset_s);
  }

  #process(processor: StampProcessor, batch: SampleBatch, gapBefore: boolean): void {
    const { nominalRate_hz } = this.raw;
    const n = batch.times.length;
    const times = new Float64Array(n);
    const gaps: number[] = [];
    const limit = nominalRate_hz > 0 ? gapLimit(nominalRate_hz) : Number.POSITIVE_INFINITY;
    const interval = nominalRate_hz > 0 ? 1 / nominalRate_hz : 0;
    for (let i = 0; i < n; i++) {
      const stamp = batch.times[i] + this.#offset_s;
      const corrected = processor.corrected(stamp);
      const late = this.#lastCorrected === null ? 0 : corrected - this.#lastCorrected - interval;
      if ((gapBefore && i === 0) || Math.abs(late) > limit) {
        gaps.push(i);
        processor.gap();
      }
      this.#lastCorrected = corrected;
      times[i] = processor.next(stamp);
    }
    if (this.#parts[0].info.type === 'Markers') this.#emitMarkers(batch, times);
    else for (const part of this.#parts) this.#emitChunks(part, batch, times, gaps);
  }

  #emitChunks(
    part: CanonicalStream,
    { values }: SampleBatch,
    times: Float64Array,
    gaps: readonly number[],
  ): void {
    const whole = canonicalChunk(part, finiteNumbers(values), 'samples', times, gaps[0] === 0);
    const edges = [0, ...gaps.filter((at) => at > 0), times.length];
    for (let k = 1; k < edges.length; k++) {
      const chunk: Chunk = sliceChunk(whole, edges[k - 1], edges[k]);
      this.#emit({ kind: 'chunk', chunk: k === 1 ? chunk : { ...chunk, gapBefore: true } });
    }
  }

  #emitMarkers({ values }: SampleBatch, times: Float64Array): void {
    const [{ info, rawChannels }] = this.#parts;
    // Emotiv sends numbers, of which one channel is the marker.
    const named = info.channels.findIndex(({ label }) => /^marker_?value/i.test(label));
    const channel = Math.max(0, named);
    for (let i = 0; i < times.length; i++) {
      const value = String(values[i * rawChannels + channel]);
      this.#emit({ kind: 'marker', marker: { stream: info.id, time: times[i], value } });
    }
  }
}

/** Values as numbers; text and infinities are no measurements. */
function finiteNumbers(values: SampleBatch['values']): ArrayLike<number> {
  if (values instanceof BigInt64Array || Array.isArray(values)) return Float64Array.from(values, Number);
  if (values instanceof Float32Array || values instanceof Float64Array)
    for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) values[i] = Number.NaN;
  return values as ArrayLike<number>;
}
