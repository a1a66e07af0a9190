import type { Seconds } from '../core/clock.js';
import { CLOCK_RESET_THRESHOLD_S, type ClockOffset, ClockOffsetEstimator } from './clock-offset-estimator.js';
import { Dejitter } from './dejitter.js';

/**
 * How much later than expected a sample of a regular stream may come before samples count as lost, s. The same as the
 * age at which a stream goes stale, so that a hole that masks a live stream is a gap in its recording.
 */
export function gapLimit(sfreq: number): Seconds {
  return Math.max(0.5, 3 / sfreq);
}

/** What lies between a sample and the one before it. */
export type StampBreak = 'none' | 'gap' | 'clock-reset';

export interface StampMapperOptions {
  /** Nominal rate, Hz; 0 = irregular. */
  readonly sfreq: number;
  /** Apply clock offsets and dejitter; off: the sender's stamps, only kept from running backwards. */
  readonly clockSync: boolean;
  /** Constant added to every stamp: of streams whose clock can only be assumed. */
  readonly shift: Seconds;
}

/**
 * Maps one stream's stamps to the recording's clock, sample by sample and causally: clock offset, dejitter, no
 * running backwards; finds gaps and clock resets. The result doesn't depend on how samples are cut into chunks.
 */
export class StampMapper {
  /** What the last call of {@link map} found before its sample. */
  lastBreak: StampBreak = 'none';

  readonly #options: StampMapperOptions;
  readonly #dejitter: Dejitter | null;
  readonly #interval: Seconds;
  readonly #limit: Seconds;
  #estimator = new ClockOffsetEstimator();
  /** Offsets measured on one clock of the sender, in order; a restarted sender gives a new era. */
  readonly #eras: ClockOffset[][];
  #era = 0;
  #taken = 0;
  #started = false;
  #lastRaw: Seconds = 0;
  #lastCorrected: Seconds = 0;
  #last: Seconds = Number.NEGATIVE_INFINITY;
  #repair: Seconds = 0;

  /** `offsets`: the stream's clock offsets in order of measurement; each is used from its own time on. */
  constructor(options: StampMapperOptions, offsets: readonly ClockOffset[]) {
    this.#options = options;
    this.#eras = options.clockSync ? splitEras(offsets) : [];
    this.#dejitter = options.clockSync && options.sfreq > 0 ? new Dejitter(options.sfreq) : null;
    this.#interval = options.sfreq > 0 ? 1 / options.sfreq : 0;
    this.#limit = options.sfreq > 0 ? gapLimit(options.sfreq) : Number.POSITIVE_INFINITY;
    this.#prime();
  }

  /** The stamp on the recording's clock of the next sample, which its sender stamped `raw`. */
  map(raw: Seconds): Seconds {
    this.lastBreak = 'none';
    if (this.#started) this.#findReset(raw);
    const corrected = this.#correct(raw);
    if (this.#started && this.lastBreak === 'none') {
      const late = corrected - this.#last - this.#interval;
      if (late > this.#limit || late < -this.#limit) this.lastBreak = 'gap';
    }
    if (this.lastBreak !== 'none') {
      this.#dejitter?.restart();
      if (!this.#options.clockSync) this.#last = Number.NEGATIVE_INFINITY;
    }
    const smooth = this.#dejitter ? this.#dejitter.next(corrected) : corrected;
    this.#started = true;
    this.#lastRaw = raw;
    this.#lastCorrected = corrected;
    this.#last = Math.max(smooth, this.#last);
    return this.#last;
  }

  #findReset(raw: Seconds): void {
    const step = raw - this.#lastRaw;
    const backwards = step < -Math.max(CLOCK_RESET_THRESHOLD_S, this.#options.sfreq > 0 ? this.#limit : 0);
    const next = this.#eras[this.#era + 1];
    if (next && (backwards || step > CLOCK_RESET_THRESHOLD_S)) {
      const stay = raw + this.#estimator.at(raw) + this.#shift - this.#lastCorrected;
      const move = raw + next[0].offset + this.#shift - this.#lastCorrected;
      if (Math.abs(move) < Math.abs(stay)) {
        this.#era++;
        this.#taken = 0;
        this.#prime();
        this.lastBreak = 'clock-reset';
      }
    }
    if (!backwards) return;
    this.lastBreak = 'clock-reset';
    if (!this.#options.clockSync) return;
    // No measurement tells where the new clock lies: it goes on where the old one stopped.
    const ahead = this.#lastCorrected + this.#interval - (raw + this.#estimator.at(raw) + this.#shift);
    if (ahead > this.#limit || (this.#interval === 0 && ahead > CLOCK_RESET_THRESHOLD_S))
      this.#repair += ahead;
  }

  get #shift(): Seconds {
    return this.#options.shift + this.#repair;
  }

  #correct(raw: Seconds): Seconds {
    const era = this.#eras[this.#era];
    if (!era) return raw + this.#shift;
    while (this.#taken < era.length && era[this.#taken].time <= raw)
      this.#estimator.update(era[this.#taken++]);
    return raw + this.#estimator.at(raw) + this.#shift;
  }

  /** Before an era's first measurement its value holds: a live inlet too waits for it before it delivers. */
  #prime(): void {
    const era = this.#eras[this.#era];
    if (!era) return;
    this.#estimator = new ClockOffsetEstimator();
    this.#estimator.update(era[0]);
    this.#taken = 1;
  }
}

/** Cuts measurements where the sender's clock became another one; a lone outlier between two that agree is left out. */
function splitEras(offsets: readonly ClockOffset[]): ClockOffset[][] {
  const eras: ClockOffset[][] = [];
  for (const offset of offsets) {
    const current = eras.at(-1);
    const before = eras.at(-2);
    if (current && continues(current, offset)) current.push(offset);
    else if (current?.length === 1 && before && continues(before, offset)) {
      eras.pop();
      before.push(offset);
    } else eras.push([offset]);
  }
  return eras;
}

function continues(era: readonly ClockOffset[], offset: ClockOffset): boolean {
  const last = era[era.length - 1];
  return offset.time >= last.time && Math.abs(offset.offset - last.offset) <= CLOCK_RESET_THRESHOLD_S;
}
