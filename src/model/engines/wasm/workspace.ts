import { type Kernels, kernelsOn } from '../../../wasm/kernels.js';

const PAGE_BYTES = 65536;
const FLOAT_BYTES = 4;
const VECTOR_BYTES = 16;
/** Columns that the kernel `product` gathers at once. */
const PANEL_COLUMNS = 8;

interface Block {
  readonly address: number;
  readonly bytes: number;
}

/**
 * The memory that kernels work on, laid out once: what asks for room gets an address, aligned to whole vectors and zero at first,
 * and the room is there after {@link open}. What is given back is given out again.
 */
export class Workspace {
  readonly #memory = new WebAssembly.Memory({ initial: 1 });
  readonly kernels: Kernels = kernelsOn(this.#memory);
  readonly #tables = new Map<string, Block & { readonly offsets: readonly number[] }>();
  #panel = { terms: 0, address: 0 };
  #free: Block[] = [];
  #end = VECTOR_BYTES;
  #floats = new Float32Array(this.#memory.buffer);

  /** All of the memory. Valid until the next {@link open}. */
  get floats(): Float32Array {
    return this.#floats;
  }

  /** All that was asked for. */
  get bytes(): number {
    return this.#end;
  }

  /** Room for `count` floats, rounded up to whole vectors. */
  take(count: number): Block {
    const bytes = Math.max(VECTOR_BYTES, Math.ceil((count * FLOAT_BYTES) / VECTOR_BYTES) * VECTOR_BYTES);
    this.#end += bytes;
    return { address: this.#end - bytes, bytes };
  }

  /** Room that may hold anything, and that can be given back. */
  borrow(count: number): Block {
    const bytes = count * FLOAT_BYTES;
    let best = -1;
    this.#free.forEach((block, i) => {
      if (block.bytes < bytes || block.bytes > 2 * bytes + 1024) return;
      if (best < 0 || block.bytes < this.#free[best].bytes) best = i;
    });
    return best < 0 ? this.take(count) : this.#free.splice(best, 1)[0];
  }

  giveBack(block: Block): void {
    this.#free.push(block);
  }

  /** Address of a table of byte offsets. */
  table(offsets: readonly number[]): number {
    const key = offsets.join();
    let table = this.#tables.get(key);
    if (!table) {
      table = { ...this.take(offsets.length), offsets };
      this.#tables.set(key, table);
    }
    return table.address;
  }

  /** Address of a table of offsets of `count` rows, `stride` floats apart. */
  rows(count: number, stride: number): number {
    return this.table(Array.from({ length: count }, (_, row) => row * stride * FLOAT_BYTES));
  }

  /** Room for what the kernel `product` gathers for sums of `terms` terms. */
  panel(terms: number): number {
    if (terms > this.#panel.terms) this.#panel = { terms, address: this.take(PANEL_COLUMNS * terms).address };
    return this.#panel.address;
  }

  /** Makes everything asked for usable. */
  open(): void {
    const missing = this.#end - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE_BYTES));
    this.#floats = new Float32Array(this.#memory.buffer);
    const integers = new Int32Array(this.#memory.buffer);
    for (const { address, offsets } of this.#tables.values()) integers.set(offsets, address / FLOAT_BYTES);
  }

  /** `count` floats at `address`. */
  view(address: number, count: number): Float32Array {
    return this.#floats.subarray(address / FLOAT_BYTES, address / FLOAT_BYTES + count);
  }

  fill(address: number, count: number, value: number): void {
    this.#floats.fill(value, address / FLOAT_BYTES, address / FLOAT_BYTES + count);
  }
}
