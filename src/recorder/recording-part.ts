import type { Seconds } from '../core/clock.js';
import type { PartEnd } from '../io/recordings/xdf/session-log.js';
import { XdfWriter, type XdfWriterOptions } from '../io/recordings/xdf/xdf-writer.js';
import type { SyncedFile } from './disk/synced-file.js';

export interface RecordingPartOptions extends Pick<XdfWriterOptions, 'header' | 'numbers'> {
  readonly file: SyncedFile;
  /** From 1 on. */
  readonly number: number;
  readonly begun_s: Seconds;
}

/** One file of a recording, of entries as they come; `State` is what they come to. */
export abstract class RecordingPart<Entry, State> {
  readonly file: SyncedFile;
  readonly number: number;
  readonly begun_s: Seconds;
  /** Up to where it is safe, bytes. */
  safe = 0;
  protected readonly writer: XdfWriter;
  /** Where that ends which tells what it goes on from, bytes; null: it isn't written yet. */
  protected restated: number | null = 0;

  constructor({ file, number, begun_s, ...options }: RecordingPartOptions) {
    this.file = file;
    this.number = number;
    this.begun_s = begun_s;
    this.writer = new XdfWriter(file, options);
  }

  /** What goes on from it, where it ends as it is; null: nothing, as it doesn't say what was before it. */
  get end(): PartEnd | null {
    const { number, safe } = this;
    const isWhole = safe > 0 && this.restated !== null && safe >= this.restated;
    return isWhole ? { part: number, bytes: safe } : null;
  }

  /** Says again what of the parts before it still holds. `after`: what it goes on from; null: what held before the recording. */
  abstract restate(state: State, after: PartEnd | null, t: Seconds): void;

  /** Writes what comes next; `state` is of what is written, and goes on by it. */
  abstract write(entry: Entry, state: State): void;

  /** Writes what is kept until then, right before what waits goes to the disk. */
  abstract writeKept(state: State): void;

  /** Writes the footers. `isLast`: the recording ends with it. */
  abstract close(state: State, t: Seconds, isLast: boolean): void;
}
