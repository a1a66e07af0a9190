import { FunctionBuilder, f32, f32x4, get, i32, set, when } from '../../dsp/wasm-code.js';

const FLOAT_BYTES = 4;
const VECTOR_BYTES = 16;

/** Adds to a v128 local. */
const accumulate = (f: FunctionBuilder, local: number, value: readonly number[]): void =>
  f.push(set(local, f32x4.add(get(local), value)));

/** Where a row lies: an offset from the table at local `table`, moved on by `row` rows, from `base`. */
const rowAddress = (table: number, row: number, base: number) =>
  i32.add(get(base), i32.load(get(table), row * FLOAT_BYTES));

/** Writes a loop over `count` (a local) in blocks of `block`, then one by one. */
function blocks(f: FunctionBuilder, count: number, block: number, write: (size: number) => void): void {
  f.loop(i32.shiftRight(get(count), i32.constant(Math.log2(block))), () => write(block));
  f.loop(i32.and(get(count), i32.constant(block - 1)), () => write(1));
}

/** Terms of a sum that are written out one after the other. */
const UNROLLED = 4;

/**
 * C [m, n] = A [m, k] B [k, n], added to C where `adding` is not 0. Rows lie where tables of offsets say, so that
 * sliding windows and padded rows need no copies: row p of B begins at `bBase + bRows[p]`, row i of C at `cBase + cRows[i]`,
 * row i of A at `aBase + aRows[i]`. Where A is `transposed`, its column p begins at `aBase + p * aRows` instead, `aRows` being no
 * table but bytes. Rows of C may overlap.
 */
export function product(transposed: boolean): FunctionBuilder {
  const f = new FunctionBuilder(transposed ? 'transposedProduct' : 'product', 10);
  const [aRows, aBase, bRows, bBase, cRows, cBase, m, n, k, adding] = Array.from({ length: 10 }, (_, i) => i);
  const aRow = f.i32(get(aBase));
  const bColumn = f.i32(get(bBase));

  /** Calls `use` for each p < k with where p's row of B begins and what reads an element of A's column p. */
  const eachTerm = (
    rows: readonly number[],
    use: (b: number, a: (r: number, load: typeof f32x4.loadSplat) => readonly number[]) => void,
  ): void => {
    const pointers = (transposed ? rows.slice(0, 1) : rows).map((row) => f.i32(get(row)));
    const table = f.i32(get(bRows));
    blocks(f, k, UNROLLED, (size) => {
      for (let term = 0; term < size; term++) {
        const b = f.i32(rowAddress(table, term, bColumn));
        use(b, (r, load) =>
          transposed ? load(get(pointers[0]), r * FLOAT_BYTES) : load(get(pointers[r]), term * FLOAT_BYTES),
        );
        if (transposed) f.advance(pointers[0], get(aRows));
      }
      if (!transposed) for (const pointer of pointers) f.advance(pointer, i32.constant(size * FLOAT_BYTES));
      f.advance(table, i32.constant(size * FLOAT_BYTES));
    });
  };

  /** Columns in whole vectors. */
  const tile = (a: readonly number[], c: readonly number[], vectors: number): void => {
    const sums = c.map(() => Array.from({ length: vectors }, () => f.v128(f32x4.constant(0))));
    eachTerm(a, (b, element) => {
      const values = sums[0].map((_, v) => f.v128(f32x4.load(get(b), v * VECTOR_BYTES)));
      for (const [r, row] of sums.entries()) {
        const splat = f.v128(element(r, f32x4.loadSplat));
        for (const [v, value] of values.entries())
          accumulate(f, row[v], f32x4.multiply(get(splat), get(value)));
      }
    });
    // Row after row: rows of C that overlap must see each other's sums.
    c.forEach((row, r) => {
      f.push(
        when(
          get(adding),
          f.capture(() => {
            sums[r].forEach((sum, v) => {
              accumulate(f, sum, f32x4.load(get(row), v * VECTOR_BYTES));
            });
          }),
        ),
      );
      sums[r].forEach((sum, v) => {
        f.push(f32x4.store(get(row), get(sum), v * VECTOR_BYTES));
      });
    });
    for (const row of c) f.advance(row, i32.constant(vectors * VECTOR_BYTES));
    f.advance(bColumn, i32.constant(vectors * VECTOR_BYTES));
  };

  /** One column. */
  const column = (a: readonly number[], c: readonly number[]): void => {
    const sums = c.map(() => f.f32(f32.constant(0)));
    eachTerm(a, (row, element) => {
      const b = f.f32(f32.load(get(row)));
      sums.forEach((sum, r) => {
        f.push(set(sum, f32.add(get(sum), f32.multiply(element(r, f32.load), get(b)))));
      });
    });
    c.forEach((row, r) => {
      f.push(
        when(get(adding), set(sums[r], f32.add(get(sums[r]), f32.load(get(row))))),
        f32.store(get(row), get(sums[r])),
      );
      f.advance(row, i32.constant(FLOAT_BYTES));
    });
    f.advance(bColumn, i32.constant(FLOAT_BYTES));
  };

  blocks(f, m, 4, (rows) => {
    const each = Array.from({ length: rows }, (_, row) => row);
    const a = transposed ? [aRow] : each.map((row) => f.i32(rowAddress(aRows, row, aBase)));
    const c = each.map((row) => f.i32(rowAddress(cRows, row, cBase)));
    f.push(set(bColumn, get(bBase)));
    // A row alone has registers for wider tiles, and needs them: each sum waits for the one before it.
    const widest = rows === 1 ? 3 : 1;
    const left = f.i32(get(n));
    for (let width = widest; width >= 0; width--) {
      const columns = 4 << width;
      f.loop(i32.shiftRight(get(left), i32.constant(2 + width)), () => tile(a, c, 1 << width));
      f.push(set(left, i32.and(get(left), i32.constant(columns - 1))));
    }
    f.loop(get(left), () => column(a, c));
    if (transposed) f.advance(aRow, i32.constant(rows * FLOAT_BYTES));
    else f.advance(aRows, i32.constant(rows * FLOAT_BYTES));
    f.advance(cRows, i32.constant(rows * FLOAT_BYTES));
  });
  return f;
}

/**
 * C [m, n] = A [m, k] transpose(B [n, k]), added to C where `accumulate` is not 0: products of rows with rows. Row i of A
 * begins at `aBase + aRows[i]`, row j of B at `bBase + bRows[j]`, row i of C at `cBase + cRows[i]`.
 */
export function rowProduct(): FunctionBuilder {
  const f = new FunctionBuilder('rowProduct', 10);
  const [aRows, aBase, bRows, bBase, cRows, cBase, m, n, k, adding] = Array.from({ length: 10 }, (_, i) => i);

  /** Sums of products of all `rows` with all `columns`, four terms in the lanes of each. */
  const tile = (a: readonly number[], b: readonly number[]) => {
    const pointers = [...a, ...b].map((row) => f.i32(get(row)));
    const sums = a.map(() => b.map(() => f.v128(f32x4.constant(0))));
    f.loop(i32.shiftRight(get(k), i32.constant(2)), () => {
      const values = pointers.map((pointer) => f.v128(f32x4.load(get(pointer))));
      for (const [i, row] of sums.entries())
        for (const [j, sum] of row.entries())
          accumulate(f, sum, f32x4.multiply(get(values[i]), get(values[a.length + j])));
      for (const pointer of pointers) f.advance(pointer, i32.constant(VECTOR_BYTES));
    });
    return { sums, pointers };
  };

  const fourColumns = (a: readonly number[], c: readonly number[], table: number): void => {
    const b = [0, 1, 2, 3].map((row) => f.i32(rowAddress(table, row, bBase)));
    const { sums, pointers } = tile(a, b);
    const totals = sums.map(([s0, s1, s2, s3]) => {
      const pair = (x: number, y: number): number =>
        f.v128(
          f32x4.add(f32x4.shuffle(get(x), get(y), [0, 1, 4, 5]), f32x4.shuffle(get(x), get(y), [2, 3, 6, 7])),
        );
      const [low, high] = [pair(s0, s1), pair(s2, s3)];
      return f.v128(
        f32x4.add(
          f32x4.shuffle(get(low), get(high), [0, 2, 4, 6]),
          f32x4.shuffle(get(low), get(high), [1, 3, 5, 7]),
        ),
      );
    });
    f.loop(i32.and(get(k), i32.constant(3)), () => {
      const values = f.v128(f32x4.constant(0));
      for (let lane = 0; lane < 4; lane++)
        f.push(set(values, f32x4.loadLane(get(pointers[a.length + lane]), get(values), lane)));
      totals.forEach((total, i) => {
        accumulate(f, total, f32x4.multiply(f32x4.loadSplat(get(pointers[i])), get(values)));
      });
      for (const pointer of pointers) f.advance(pointer, i32.constant(FLOAT_BYTES));
    });
    totals.forEach((total, i) => {
      f.push(
        when(get(adding), set(total, f32x4.add(get(total), f32x4.load(get(c[i]))))),
        f32x4.store(get(c[i]), get(total)),
      );
      f.advance(c[i], i32.constant(VECTOR_BYTES));
    });
  };

  const oneColumn = (a: readonly number[], c: readonly number[], table: number): void => {
    const { sums, pointers } = tile(a, [f.i32(rowAddress(table, 0, bBase))]);
    const totals = sums.map(([sum]) =>
      f.f32(
        [0, 1, 2, 3].map((lane) => f32x4.lane(get(sum), lane)).reduce((total, lane) => f32.add(total, lane)),
      ),
    );
    f.loop(i32.and(get(k), i32.constant(3)), () => {
      totals.forEach((total, i) => {
        const term = f32.multiply(f32.load(get(pointers[i])), f32.load(get(pointers[a.length])));
        f.push(set(total, f32.add(get(total), term)));
      });
      for (const pointer of pointers) f.advance(pointer, i32.constant(FLOAT_BYTES));
    });
    totals.forEach((total, i) => {
      f.push(
        when(get(adding), set(total, f32.add(get(total), f32.load(get(c[i]))))),
        f32.store(get(c[i]), get(total)),
      );
      f.advance(c[i], i32.constant(FLOAT_BYTES));
    });
  };

  blocks(f, m, 2, (rows) => {
    const each = Array.from({ length: rows }, (_, row) => row);
    const a = each.map((row) => f.i32(rowAddress(aRows, row, aBase)));
    const c = each.map((row) => f.i32(rowAddress(cRows, row, cBase)));
    const table = f.i32(get(bRows));
    blocks(f, n, 4, (columns) => {
      (columns === 4 ? fourColumns : oneColumn)(a, c, table);
      f.advance(table, i32.constant(columns * FLOAT_BYTES));
    });
    f.advance(aRows, i32.constant(rows * FLOAT_BYTES));
    f.advance(cRows, i32.constant(rows * FLOAT_BYTES));
  });
  return f;
}
