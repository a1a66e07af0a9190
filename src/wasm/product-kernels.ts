import { FunctionBuilder, f32, f32x4, get, i32, set, when } from './wasm-code.js';

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

/** Rows of A that are multiplied at once: as many sums as registers hold. */
const HEIGHT = 4;

/**
 * C [m, n] = A [m, k] B [k, n], added to C where `adding` is not 0. Rows lie where tables of offsets say, so that
 * sliding windows and padded rows need no copies: row p of B begins at `bBase + bRows[p]`, row i of C at `cBase + cRows[i]`,
 * row i of A at `aBase + aRows[i]`. Where A is `transposed`, its column p begins at `aBase + p * aRows` instead, `aRows` being no
 * table but bytes. Rows of C may overlap where they are added to.
 *
 * `panel` is room for 8 k floats: columns of B are gathered there, for rows far apart would push each other out of the cache.
 */
export function product(transposed: boolean): FunctionBuilder {
  const f = new FunctionBuilder(transposed ? 'transposedProduct' : 'product', 11);
  const [aRows, aBase, bRows, bBase, cRows, cBase, m, n, k, adding, panel] = Array.from(
    { length: 11 },
    (_, i) => i,
  );
  const column = f.i32(i32.constant(0));

  /** Goes over the terms of sums; `load` reads the element of A's row r. Written out in fours it would be slower. */
  const eachTerm = (
    row: { readonly table: number; readonly count: number; readonly base: number },
    use: (load: (r: number, kind: typeof f32x4.loadSplat) => readonly number[]) => void,
  ): void => {
    const pointers = transposed
      ? [f.i32(get(row.base))]
      : Array.from({ length: row.count }, (_, r) => f.i32(rowAddress(row.table, r, row.base)));
    f.loop(get(k), () => {
      use((r, load) => (transposed ? load(get(pointers[0]), r * FLOAT_BYTES) : load(get(pointers[r]))));
      for (const pointer of pointers) f.advance(pointer, transposed ? get(aRows) : i32.constant(FLOAT_BYTES));
    });
  };

  /** Where the block of rows at `i` begins, and how to go on to the next. */
  const rowsOf = (count: number) => {
    const table = f.i32(get(aRows));
    const base = f.i32(get(aBase));
    const next = (): void => {
      if (transposed) f.advance(base, i32.constant(count * FLOAT_BYTES));
      else f.advance(table, i32.constant(count * FLOAT_BYTES));
    };
    return { table, base, count, next };
  };

  const store = (cTable: number, sums: readonly (readonly number[])[]): void => {
    // Row after row: rows of C that overlap must see each other's sums.
    sums.forEach((row, r) => {
      const c = f.i32(i32.add(rowAddress(cTable, r, cBase), get(column)));
      f.push(
        when(
          get(adding),
          f.capture(() => {
            row.forEach((sum, v) => {
              accumulate(f, sum, f32x4.load(get(c), v * VECTOR_BYTES));
            });
          }),
        ),
      );
      row.forEach((sum, v) => {
        f.push(f32x4.store(get(c), get(sum), v * VECTOR_BYTES));
      });
    });
  };

  const zeros = (rows: number, vectors: number): number[][] =>
    Array.from({ length: rows }, () => Array.from({ length: vectors }, () => f.v128(f32x4.constant(0))));

  const multiplyAdd = (
    sums: readonly (readonly number[])[],
    values: readonly number[],
    load: (r: number, kind: typeof f32x4.loadSplat) => readonly number[],
  ): void => {
    for (const [r, row] of sums.entries()) {
      const splat = f.v128(load(r, f32x4.loadSplat));
      for (const [v, value] of values.entries())
        accumulate(f, row[v], f32x4.multiply(get(splat), get(value)));
    }
  };

  /** All whole blocks of rows times the next columns, which are gathered first. */
  const gathered = (blocksOfRows: number, vectors: number): void => {
    const bytes = vectors * VECTOR_BYTES;
    const table = f.i32(get(bRows));
    const to = f.i32(get(panel));
    f.loop(get(k), () => {
      const b = f.i32(i32.add(rowAddress(table, 0, bBase), get(column)));
      for (let v = 0; v < vectors; v++)
        f.push(f32x4.store(get(to), f32x4.load(get(b), v * VECTOR_BYTES), v * VECTOR_BYTES));
      f.advance(table, i32.constant(FLOAT_BYTES));
      f.advance(to, i32.constant(bytes));
    });
    const rows = rowsOf(HEIGHT);
    const cTable = f.i32(get(cRows));
    f.loop(get(blocksOfRows), () => {
      const sums = zeros(HEIGHT, vectors);
      const from = f.i32(get(panel));
      eachTerm(rows, (load) => {
        const values = sums[0].map((_, v) => f.v128(f32x4.load(get(from), v * VECTOR_BYTES)));
        multiplyAdd(sums, values, load);
        f.advance(from, i32.constant(bytes));
      });
      store(cTable, sums);
      rows.next();
      f.advance(cTable, i32.constant(HEIGHT * FLOAT_BYTES));
    });
    f.advance(column, i32.constant(bytes));
  };

  /** One row times the next columns. */
  const single = (row: ReturnType<typeof rowsOf>, cTable: number, vectors: number): void => {
    const sums = zeros(1, vectors);
    const table = f.i32(get(bRows));
    eachTerm(row, (load) => {
      const b = f.i32(i32.add(rowAddress(table, 0, bBase), get(column)));
      const values = sums[0].map((_, v) => f.v128(f32x4.load(get(b), v * VECTOR_BYTES)));
      multiplyAdd(sums, values, load);
      f.advance(table, i32.constant(FLOAT_BYTES));
    });
    store(cTable, sums);
    f.advance(column, i32.constant(vectors * VECTOR_BYTES));
  };

  /** One row times one column. */
  const element = (row: ReturnType<typeof rowsOf>, cTable: number): void => {
    const sum = f.f32(f32.constant(0));
    const table = f.i32(get(bRows));
    eachTerm({ ...row, count: 1 }, (load) => {
      const b = f32.load(i32.add(rowAddress(table, 0, bBase), get(column)));
      f.push(set(sum, f32.add(get(sum), f32.multiply(load(0, f32.load), b))));
      f.advance(table, i32.constant(FLOAT_BYTES));
    });
    const c = f.i32(i32.add(rowAddress(cTable, 0, cBase), get(column)));
    f.push(when(get(adding), set(sum, f32.add(get(sum), f32.load(get(c))))), f32.store(get(c), get(sum)));
  };

  const blocksOfRows = f.i32(i32.shiftRight(get(m), i32.constant(Math.log2(HEIGHT))));
  const before = f.i32(i32.subtract(get(m), i32.and(get(m), i32.constant(HEIGHT - 1))));
  f.push(
    when(
      get(blocksOfRows),
      f.capture(() => {
        f.loop(i32.shiftRight(get(n), i32.constant(3)), () => gathered(blocksOfRows, 2));
        const four = i32.and(i32.shiftRight(get(n), i32.constant(2)), i32.constant(1));
        f.loop(four, () => gathered(blocksOfRows, 1));
      }),
    ),
  );
  f.loop(i32.and(get(n), i32.constant(3)), () => {
    const row = rowsOf(1);
    const cTable = f.i32(get(cRows));
    f.loop(get(before), () => {
      element(row, cTable);
      row.next();
      f.advance(cTable, i32.constant(FLOAT_BYTES));
    });
    f.advance(column, i32.constant(FLOAT_BYTES));
  });

  // The rows that are left, one by one: wide tiles, for each sum waits for the one before it.
  const skipped = i32.multiply(get(before), i32.constant(FLOAT_BYTES));
  if (transposed) f.advance(aBase, skipped);
  else f.advance(aRows, skipped);
  f.advance(cRows, skipped);
  const row = rowsOf(1);
  f.loop(i32.and(get(m), i32.constant(HEIGHT - 1)), () => {
    f.push(set(column, i32.constant(0)));
    const left = f.i32(get(n));
    for (let width = 3; width >= 0; width--) {
      f.loop(i32.shiftRight(get(left), i32.constant(2 + width)), () => single(row, cRows, 1 << width));
      f.push(set(left, i32.and(get(left), i32.constant((4 << width) - 1))));
    }
    f.loop(get(left), () => {
      element(row, cRows);
      f.advance(column, i32.constant(FLOAT_BYTES));
    });
    row.next();
    f.advance(cRows, i32.constant(FLOAT_BYTES));
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
