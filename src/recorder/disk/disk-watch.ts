import { join } from 'node:path';
import type { Clock, Seconds, Timer } from '../../core/clock.js';
import { owned } from '../../core/owned.js';
import type { Disk } from './disk.js';

/** How often it looks at what is free, s, and below what it warns: bytes, and as long as the present rate goes on, s. */
const LOOK_S: Seconds = 10;
const LOW_BYTES = 1 << 30;
const LOW_S: Seconds = 1800;

export interface DiskWatchOptions {
  readonly disk: Disk;
  readonly clock: Pick<Clock, 'now' | 'every'>;
  /** Gives names that nobody else has. */
  readonly newName: () => string;
  /** Told when little is left, once until there is more again. */
  readonly low: (free_bytes: number, message: string) => void;
}

/** Looks at the disk of a folder that recordings go to. */
export class DiskWatch {
  readonly #folder: string;
  readonly #options: DiskWatchOptions;
  readonly #timer: Timer;
  #free: { readonly bytes: number; readonly at: Seconds } | null = null;
  #isLow = false;

  constructor(folder: string, options: DiskWatchOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#timer = options.clock.every(LOOK_S, () => owned(this.#look(), () => {}));
  }

  /** Makes the folder, and writes a file in it that goes again: what can't be recorded is told before anything is. */
  async check(): Promise<void> {
    const { disk, newName } = this.#options;
    const probe = join(this.#folder, `.affectd-${newName()}`);
    await disk.makeFolder(this.#folder);
    const file = await disk.create(probe);
    try {
      await file.write(Buffer.from('affectd'), 0);
      await file.datasync();
    } finally {
      await file.close();
      await disk.remove(probe);
    }
    await this.#look();
  }

  /** What was free when it looked last, bytes; null before that. */
  get free_bytes(): number | null {
    return this.#free?.bytes ?? null;
  }

  close(): void {
    this.#timer.cancel();
  }

  /** Warns of a disk that will be full. */
  async #look(): Promise<void> {
    const { disk, clock, low } = this.#options;
    const now = clock.now();
    const bytes = await disk.free(this.#folder);
    const before = this.#free;
    this.#free = { bytes, at: now };
    const perSecond = before && now > before.at ? (before.bytes - bytes) / (now - before.at) : 0;
    const isLow = bytes < LOW_BYTES || bytes < perSecond * LOW_S;
    if (isLow && !this.#isLow) {
      const free_gb = (bytes / 1e9).toFixed(1);
      low(bytes, `${this.#folder}: ${free_gb} GB are free; free some before nothing can be recorded`);
    }
    this.#isLow = isLow;
  }
}
