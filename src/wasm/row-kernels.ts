import { type Code, FunctionBuilder, f32, f32x4, get, i32, set } from './wasm-code.js';

/** Arithmetic that is written once, and done on four columns at a time, then on the ones that are left. */
interface Lanes {
  readonly bytes: number;
  local(f: FunctionBuilder, value: Code): number;
  load(address: Code): Code;
  splat(address: Code, offset: number): Code;
  store(address: Code, value: Code): Code;
  add(a: Code, b: Code): Code;
  multiply(a: Code, b: Code): Code;
}

const four: Lanes = {
  bytes: 16,
  local: (f, value) => f.v128(value),
  load: (address) => f32x4.load(address),
  splat: (address, offset) => f32x4.loadSplat(address, offset),
  store: (address, value) => f32x4.store(address, value),
  add: f32x4.add,
  multiply: f32x4.multiply,
};
const one: Lanes = {
  bytes: 4,
  local: (f, value) => f.f32(value),
  load: (address) => f32.load(address),
  splat: (address, offset) => f32.load(address, offset),
  store: (address, value) => f32.store(address, value),
  add: f32.add,
  multiply: f32.multiply,
};

/**
 * A function of the rows of some matrices: parameters are the addresses of `inputs` matrices, of `coefficients` numbers a row,
 * of the output, then rows and columns. `body` gives a column of the output.
 */
function perRow(
  name: string,
  inputs: number,
  coefficients: number,
  adding: boolean,
  body: (lanes: Lanes, x: readonly Code[], coefficient: (index: number) => Code) => Code,
): FunctionBuilder {
  const f = new FunctionBuilder(adding ? `${name}Adding` : name, inputs + 4);
  const [row, out, rows, columns] = [inputs, inputs + 1, inputs + 2, inputs + 3];
  const addresses = [...Array.from({ length: inputs }, (_, i) => i), out];
  f.loop(get(rows), () => {
    for (const lanes of [four, one]) {
      const known = Array.from({ length: coefficients }, (_, i) =>
        lanes.local(f, lanes.splat(get(row), 4 * i)),
      );
      const count =
        lanes === four
          ? i32.shiftRight(get(columns), i32.constant(2))
          : i32.and(get(columns), i32.constant(3));
      f.loop(count, () => {
        const x = addresses.slice(0, -1).map((address) => get(lanes.local(f, lanes.load(get(address)))));
        const value = body(lanes, x, (i) => get(known[i]));
        f.push(lanes.store(get(out), adding ? lanes.add(lanes.load(get(out)), value) : value));
        for (const address of addresses) f.advance(address, i32.constant(lanes.bytes));
      });
    }
    f.advance(row, i32.constant(4 * coefficients));
  });
  return f;
}

const SUMS = 2;

/**
 * A sum over each row of some matrices: parameters are the addresses of `inputs` matrices, of `coefficients` numbers a row,
 * of the output [rows], then rows and columns.
 */
function overRow(
  name: string,
  inputs: number,
  coefficients: number,
  adding: boolean,
  body: (lanes: Lanes, x: readonly Code[], coefficient: (index: number) => Code) => Code,
): FunctionBuilder {
  const f = new FunctionBuilder(adding ? `${name}Adding` : name, inputs + 4);
  const [row, out, rows, columns] = [inputs, inputs + 1, inputs + 2, inputs + 3];
  const addresses = Array.from({ length: inputs }, (_, i) => i);
  f.loop(get(rows), () => {
    const sums = Array.from({ length: SUMS }, () => f.v128(f32x4.constant(0)));
    const rest = f.f32(f32.constant(0));
    const term = (lanes: Lanes, known: readonly number[], sum: number): void => {
      const x = addresses.map((address) => get(lanes.local(f, lanes.load(get(address)))));
      f.push(
        set(
          sum,
          lanes.add(
            get(sum),
            body(lanes, x, (i) => get(known[i])),
          ),
        ),
      );
      for (const address of addresses) f.advance(address, i32.constant(lanes.bytes));
    };
    const known = (lanes: Lanes): number[] =>
      Array.from({ length: coefficients }, (_, i) => lanes.local(f, lanes.splat(get(row), 4 * i)));
    const wide = known(four);
    // Two sums in turn: an addition takes longer than a load.
    f.loop(i32.shiftRight(get(columns), i32.constant(3)), () => {
      for (const sum of sums) term(four, wide, sum);
    });
    f.loop(i32.and(i32.shiftRight(get(columns), i32.constant(2)), i32.constant(1)), () =>
      term(four, wide, sums[0]),
    );
    const narrow = known(one);
    f.loop(i32.and(get(columns), i32.constant(3)), () => term(one, narrow, rest));
    const total = f.v128(sums.map(get).reduce((a, b) => f32x4.add(a, b)));
    const value = [0, 1, 2, 3]
      .map((lane) => f32x4.lane(get(total), lane))
      .reduce((a, b) => f32.add(a, b), get(rest));
    f.push(f32.store(get(out), adding ? f32.add(f32.load(get(out)), value) : value));
    f.advance(out, i32.constant(4));
    f.advance(row, i32.constant(4 * coefficients));
  });
  return f;
}

/** y [rows, n] = the vector x [n] in every row: addresses of x and y; rows, columns. */
function repeatRow(adding: boolean): FunctionBuilder {
  const f = new FunctionBuilder(adding ? 'repeatRowAdding' : 'repeatRow', 4);
  const [x, out, rows, columns] = [0, 1, 2, 3];
  f.loop(get(rows), () => {
    const from = f.i32(get(x));
    for (const lanes of [four, one]) {
      const count =
        lanes === four
          ? i32.shiftRight(get(columns), i32.constant(2))
          : i32.and(get(columns), i32.constant(3));
      f.loop(count, () => {
        const value = lanes.load(get(from));
        f.push(lanes.store(get(out), adding ? lanes.add(lanes.load(get(out)), value) : value));
        f.advance(from, i32.constant(lanes.bytes));
        f.advance(out, i32.constant(lanes.bytes));
      });
    }
  });
  return f;
}

/** y [n] = the sum of the rows of x [rows, n]: addresses of x and y; rows, columns. */
function sumRows(adding: boolean): FunctionBuilder {
  const f = new FunctionBuilder(adding ? 'sumRowsAdding' : 'sumRows', 4);
  const [x, out, rows, columns] = [0, 1, 2, 3];
  const stride = f.i32(i32.shiftLeft(get(columns), i32.constant(2)));
  for (const lanes of [four, one]) {
    const count =
      lanes === four ? i32.shiftRight(get(columns), i32.constant(2)) : i32.and(get(columns), i32.constant(3));
    f.loop(count, () => {
      const from = f.i32(get(x));
      const zero = lanes === four ? f32x4.constant(0) : f32.constant(0);
      const sum = lanes.local(f, adding ? lanes.load(get(out)) : zero);
      f.loop(get(rows), () => {
        f.push(set(sum, lanes.add(get(sum), lanes.load(get(from)))));
        f.advance(from, get(stride));
      });
      f.push(lanes.store(get(out), get(sum)));
      f.advance(x, i32.constant(lanes.bytes));
      f.advance(out, i32.constant(lanes.bytes));
    });
  }
  return f;
}

export function rowKernels(): FunctionBuilder[] {
  return [false, true].flatMap((adding) => [
    // y = x * c
    perRow('scaleRows', 1, 1, adding, (l, [x], c) => l.multiply(x, c(0))),
    // y = x * c0 + c1
    perRow('affineRows', 1, 2, adding, (l, [x], c) => l.add(l.multiply(x, c(0)), c(1))),
    // y = a * c0 + b * c1 + c2
    perRow('blendRows', 2, 3, adding, (l, [a, b], c) =>
      l.add(l.add(l.multiply(a, c(0)), l.multiply(b, c(1))), c(2)),
    ),
    // y = c
    perRow('fillRows', 0, 1, adding, (_, __, c) => c(0)),
    overRow('sumEachRow', 1, 0, adding, (_, [x]) => x),
    overRow('multiplyRows', 2, 0, adding, (l, [a, b]) => l.multiply(a, b)),
    // sum of (x + c)^2
    overRow('squareRows', 1, 1, adding, (l, [x], c) => l.multiply(l.add(x, c(0)), l.add(x, c(0)))),
    repeatRow(adding),
    sumRows(adding),
  ]);
}
