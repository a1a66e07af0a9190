import type { Seconds } from '../core/clock.js';

/** A fault of a device, of a simulated person or of a world. */
interface DeviceFault {
  readonly kind: string;
  readonly from: Seconds;
  readonly amount?: number | null;
}

/** How far a device's clock is ahead at `time`, by the faults that there are then. */
export function clockError_s(faults: readonly DeviceFault[], time: Seconds): Seconds {
  const jump = faults.find(({ kind }) => kind === 'clock');
  const drift = faults.find(({ kind }) => kind === 'drift');
  return (jump?.amount ?? 0) + 1e-6 * (drift?.amount ?? 0) * (time - (drift?.from ?? time));
}

/** Puts a device's chunks in the order in which its faults send them. */
export class ChunkOrder<Chunk> {
  /** Waits for the one behind it. */
  #waiting: Chunk | null = null;

  /** What is to be sent now that there is another chunk; the other first. */
  pass(chunk: Chunk, faults: readonly DeviceFault[]): Chunk[] {
    const has = (name: string): boolean => faults.some(({ kind }) => kind === name);
    const before = this.flush();
    if (has('reorder') && before.length === 0) {
      this.#waiting = chunk;
      return [];
    }
    return [chunk, ...(has('duplicate') ? [chunk] : []), ...before];
  }

  /** What waits, which waits no more. */
  flush(): Chunk[] {
    const waiting = this.#waiting;
    this.#waiting = null;
    return waiting === null ? [] : [waiting];
  }
}
