import type { Share, Tape } from './tape.js';

const FLOAT_BYTES = 4;
/** Terms summed in one go: so much of both factors stays in the cache. */
const TERMS = 512;

interface Factor {
  readonly address: number;
  /** Whether the transpose of what lies there is meant. */
  readonly transposed: boolean;
}

/** C [m, n] = A [m, k] B [k, n], matrices lying row by row; not both factors transposed. */
export function multiplyMatrices(
  tape: Tape,
  { a, b, c, size }: { a: Factor; b: Factor; c: Share; size: readonly [m: number, n: number, k: number] },
): void {
  const { workspace } = tape;
  const { product, transposedProduct, rowProduct } = workspace.kernels;
  const [m, n, k] = size;
  const cRows = workspace.rows(m, n);
  const panel = workspace.panel(TERMS);
  if (b.transposed) {
    const [aRows, bRows] = [workspace.rows(m, k), workspace.rows(n, k)];
    tape.call('products', () =>
      rowProduct(aRows, a.address, bRows, b.address, cRows, c.address, m, n, k, c.adding ? 1 : 0),
    );
    return;
  }
  const bRows = workspace.rows(Math.min(k, TERMS), n);
  const aColumn = m * FLOAT_BYTES;
  const aRows = a.transposed ? aColumn : workspace.rows(m, k);
  const kernel = a.transposed ? transposedProduct : product;
  const aBytes = a.transposed ? aColumn : FLOAT_BYTES;
  tape.call('products', () => {
    for (let from = 0; from < k; from += TERMS) {
      const terms = Math.min(TERMS, k - from);
      const adding = c.adding || from > 0 ? 1 : 0;
      const [aBase, bBase] = [a.address + from * aBytes, b.address + from * n * FLOAT_BYTES];
      kernel(aRows, aBase, bRows, bBase, cRows, c.address, m, n, terms, adding, panel);
    }
  });
}
