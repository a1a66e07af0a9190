import type { SignalsMessage } from '../../io/client/index.js';

/** What a trace shows, s of session time. */
export const SHOWN_S = 60;
/** Columns a second: the rate at which the daemon keeps the last minute, about a pixel each. */
export const COLUMNS_PER_S = 20;
export const COLUMNS = SHOWN_S * COLUMNS_PER_S;
/** Most channels of a stream that are drawn. */
export const CHANNEL_LIMIT = 128;
/** Longest stretch between two samples of an irregular stream that is drawn as a line, s. */
const IRREGULAR_LINE_S = 3;

export type SignalInfo = NonNullable<SignalsMessage['info']>;

/** What is plotted in a column. */
export interface PlottedColumn {
  /** Session time at which the column begins, s. */
  readonly time: number;
  readonly least: number;
  readonly greatest: number;
}

/** The last minute of a stream: least and greatest of each channel in each column of 1 / {@link COLUMNS_PER_S} s; NaN where there is none. */
export class SignalSeries {
  /** Channels that are drawn. */
  readonly channels: number;
  /** Number of the newest column: that of session time 0 is 0. Null before any sample. */
  newest: number | null = null;
  /** What a stream of markers told last. */
  text: string | null = null;
  /** [C][columns], a ring by column number. */
  readonly #least: Float32Array;
  readonly #greatest: Float32Array;

  /** Number of the first column that is another one than {@link takeChanged} last told. */
  #changed = Number.NEGATIVE_INFINITY;

  constructor(readonly info: SignalInfo) {
    this.channels = isText(info) ? 0 : Math.min(info.channels.length, CHANNEL_LIMIT);
    this.#least = new Float32Array(this.channels * COLUMNS).fill(Number.NaN);
    this.#greatest = this.#least.slice();
  }

  /** Columns between two samples that are drawn as a line. */
  get joined(): number {
    const { sfreq } = this.info;
    const apart_s = sfreq > 0 ? 1.5 / sfreq : IRREGULAR_LINE_S;
    return Math.max(1, Math.ceil(apart_s * COLUMNS_PER_S));
  }

  /** Number of the first column that changed since this was asked last; infinite where none did. */
  takeChanged(): number {
    const changed = this.#changed;
    this.#changed = Number.POSITIVE_INFINITY;
    return changed;
  }

  take({ kind, bins, times, data, zero }: SignalsMessage): void {
    if (kind === 'bins' && bins) {
      const { per_s, first, least, greatest } = bins;
      for (const [i, low] of least.entries()) {
        const high = greatest[i];
        if (low && high) this.#put(Math.floor(((first + i) * COLUMNS_PER_S) / per_s), low, high);
      }
    } else if (kind === 'samples' && times && data) {
      for (const [i, row] of data.entries()) {
        if (typeof row[0] === 'string') this.text = row[0];
        // A stamp on a column's begin, as well as a double can say it, is in that column.
        else if (zero !== null && this.channels > 0)
          this.#put(Math.floor((times[i] - zero + 1e-9) * COLUMNS_PER_S), row, row);
      }
    }
  }

  /** Least and greatest of a channel in a column; NaN where there is none, or where it is shown no more. */
  at(channel: number, column: number): readonly [least: number, greatest: number] {
    if (this.newest === null || column > this.newest || column <= this.newest - COLUMNS)
      return [Number.NaN, Number.NaN];
    const place = channel * COLUMNS + slotOf(column);
    return [this.#least[place], this.#greatest[place]];
  }

  /** Least and greatest of all that is shown of a channel; infinite, the wrong way round, of nothing. */
  range(channel: number): readonly [least: number, greatest: number] {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = channel * COLUMNS; i < (channel + 1) * COLUMNS; i++) {
      if (this.#least[i] < low) low = this.#least[i];
      if (this.#greatest[i] > high) high = this.#greatest[i];
    }
    return [low, high];
  }

  #put(column: number, least: readonly unknown[], greatest: readonly unknown[]): void {
    if (!this.#goTo(column)) return;
    this.#changed = Math.min(this.#changed, column);
    const slot = slotOf(column);
    for (let c = 0; c < this.channels; c++) {
      const [low, high] = [least[c], greatest[c]];
      if (typeof low !== 'number' || typeof high !== 'number') continue;
      const place = c * COLUMNS + slot;
      // NaN, where there was none, is neither.
      if (!(this.#least[place] <= low)) this.#least[place] = low;
      if (!(this.#greatest[place] >= high)) this.#greatest[place] = high;
    }
  }

  /** Whether the column is one that is shown. A clock that was set far back begins anew. */
  #goTo(column: number): boolean {
    const newest = this.newest ?? column;
    if (this.newest === null || Math.abs(column - newest) >= 2 * COLUMNS) {
      this.#least.fill(Number.NaN);
      this.#greatest.fill(Number.NaN);
      this.#changed = Number.NEGATIVE_INFINITY;
      this.newest = column;
      return true;
    }
    for (let next = Math.max(newest + 1, column - COLUMNS + 1); next <= column; next++)
      for (let c = 0; c < this.channels; c++) {
        this.#least[c * COLUMNS + slotOf(next)] = Number.NaN;
        this.#greatest[c * COLUMNS + slotOf(next)] = Number.NaN;
      }
    this.newest = Math.max(newest, column);
    return column > this.newest - COLUMNS;
  }
}

/** Whether its values are text. */
export function isText({ type }: SignalInfo): boolean {
  return type === 'Markers';
}

function slotOf(column: number): number {
  return ((column % COLUMNS) + COLUMNS) % COLUMNS;
}
