import { errorOf } from '../../core/owned.js';

/**
 * Where whoever works on a recording asks its reader to wait: open while nobody does. It keeps no messages; who holds it
 * bounds by that what he keeps.
 */
export class Gate {
  readonly #holders = new Set<unknown>();
  #opened: Promise<void> | null = null;
  #open: () => void = () => {};
  #closing: Promise<void> = Promise.resolve();
  #failure: Error | null = null;

  get isOpen(): boolean {
    return this.#holders.size === 0;
  }

  /** Shuts it until `holder`, and whoever else holds it, lets go. */
  hold(holder: unknown): void {
    this.#holders.add(holder);
  }

  release(holder: unknown): void {
    if (!this.#holders.delete(holder) || !this.isOpen) return;
    this.#opened = null;
    this.#open();
  }

  /** Resolves when it opens; by then it may be shut again. */
  opened(): Promise<void> {
    if (this.isOpen) return Promise.resolve();
    this.#opened ??= new Promise((resolve) => {
      this.#open = resolve;
    });
    return this.#opened;
  }

  /** Takes in what is still to be done when nobody listens any more, which can't wait for it: closing a file, say. */
  closing(work: unknown): void {
    const done = Promise.resolve(work).catch((error: unknown) => {
      this.#failure ??= errorOf(error);
    });
    this.#closing = this.#closing.then(() => done).then(() => {});
  }

  /** Resolves when all of that is done; rejects with the first of what went wrong in it. */
  async closed(): Promise<void> {
    await this.#closing;
    if (this.#failure) throw this.#failure;
  }
}
