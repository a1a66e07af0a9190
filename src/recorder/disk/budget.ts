/** Room that several share, bytes. */
export class Budget {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Takes room, if there is any. */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  /** Takes room whether there is any or not: of what must be held. */
  force(bytes: number): void {
    this.#left -= bytes;
  }

  release(bytes: number): void {
    this.#left += bytes;
  }
}
