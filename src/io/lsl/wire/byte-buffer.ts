/** Received bytes that wait to be read: views of what came, joined only where a value lies across two receptions. */
export class ByteBuffer {
  #store: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;

  /** What waits; valid until the next {@link append}. */
  get bytes(): Buffer {
    return this.#store.subarray(this.#start, this.#end);
  }

  get length(): number {
    return this.#end - this.#start;
  }

  append(bytes: Buffer): void {
    const waiting = this.length;
    if (waiting === 0) {
      this.#store = bytes;
      this.#start = 0;
      this.#end = bytes.length;
      return;
    }
    const needed = waiting + bytes.length;
    // Doubling keeps the cost of a large value that comes in many pieces linear.
    const grown = Buffer.allocUnsafe(
      this.#end + bytes.length <= this.#store.length ? 0 : Math.max(needed, 2 * waiting),
    );
    if (grown.length > 0) {
      this.#store.copy(grown, 0, this.#start, this.#end);
      this.#store = grown;
      this.#start = 0;
      this.#end = waiting;
    }
    bytes.copy(this.#store, this.#end);
    this.#end += bytes.length;
  }

  consume(length: number): void {
    this.#start += length;
  }
}
