import { multiplyMatrices } from './products.js';
import { Tape } from './tape.js';
import { Workspace } from './workspace.js';

/** Products of all rows of a matrix X [n, d] with each other, S = X transpose(X) [n, n], and back from a gradient of S. */
export class GramMatrix {
  readonly #tape = new Tape(new Workspace());
  readonly #addresses: Readonly<Record<'rows' | 'products' | 'shares', number>>;

  constructor(
    readonly count: number,
    readonly width: number,
  ) {
    const { workspace } = this.#tape;
    const take = (size: number): number => workspace.take(size).address;
    this.#addresses = {
      rows: take(count * width),
      products: take(count * count),
      shares: take(count * width),
    };
    const { rows, products, shares } = this.#addresses;
    const plain = (address: number) => ({ address, transposed: false });
    multiplyMatrices(this.#tape, {
      a: plain(rows),
      b: { address: rows, transposed: true },
      c: { address: products, adding: false },
      size: [count, count, width],
    });
    multiplyMatrices(this.#tape, {
      a: plain(products),
      b: plain(rows),
      c: { address: shares, adding: false },
      size: [count, width, count],
    });
    workspace.open();
  }

  /** X, to be filled. */
  get rows(): Float32Array {
    return this.#tape.workspace.view(this.#addresses.rows, this.count * this.width);
  }

  /** S of the rows, valid until {@link multiply}. */
  products(): Float32Array {
    this.#tape.forward[0].run();
    return this.#tape.workspace.view(this.#addresses.products, this.count * this.count);
  }

  /** G X [n, d] of a matrix G [n, n], valid until the next call. */
  multiply(matrix: Float32Array): Float32Array {
    const { workspace } = this.#tape;
    workspace.view(this.#addresses.products, this.count * this.count).set(matrix);
    this.#tape.forward[1].run();
    return workspace.view(this.#addresses.shares, this.count * this.width);
  }
}
