import { FunctionBuilder, f32, f32x4, get, i32 } from './wasm-code.js';

/** y [columns, rows] = x [rows, columns] transposed: addresses of x and y, rows, columns. */
function transpose(): FunctionBuilder {
  const f = new FunctionBuilder('transpose', 4);
  const [x, y, rows, columns] = [0, 1, 2, 3];
  const xRow = f.i32(i32.shiftLeft(get(columns), i32.constant(2)));
  const yRow = f.i32(i32.shiftLeft(get(rows), i32.constant(2)));
  const block = (height: number, width: number, from: number, to: number): void => {
    if (height === 4 && width === 4) {
      const next = (start: number, by: number): number[] => {
        const all = [f.i32(get(start))];
        for (let i = 1; i < 4; i++) all.push(f.i32(i32.add(get(all[i - 1]), get(by))));
        return all;
      };
      const [r0, r1, r2, r3] = next(from, xRow).map((address) => f.v128(f32x4.load(get(address))));
      const mix = (a: number, b: number, lanes: readonly [number, number, number, number]): number =>
        f.v128(f32x4.shuffle(get(a), get(b), lanes));
      const [a, b] = [mix(r0, r1, [0, 4, 1, 5]), mix(r2, r3, [0, 4, 1, 5])];
      const [c, d] = [mix(r0, r1, [2, 6, 3, 7]), mix(r2, r3, [2, 6, 3, 7])];
      const turned = [
        mix(a, b, [0, 1, 4, 5]),
        mix(a, b, [2, 3, 6, 7]),
        mix(c, d, [0, 1, 4, 5]),
        mix(c, d, [2, 3, 6, 7]),
      ];
      next(to, yRow).forEach((address, i) => {
        f.push(f32x4.store(get(address), get(turned[i])));
      });
      return;
    }
    const source = f.i32(get(from));
    const target = f.i32(get(to));
    for (let i = 0; i < height * width; i++) {
      f.push(f32.store(get(target), f32.load(get(source))));
      f.advance(source, height > 1 ? get(xRow) : i32.constant(4));
      f.advance(target, height > 1 ? i32.constant(4) : get(yRow));
    }
  };
  const split = (count: number, write: (size: number) => void): void => {
    f.loop(i32.shiftRight(get(count), i32.constant(2)), () => write(4));
    f.loop(i32.and(get(count), i32.constant(3)), () => write(1));
  };
  split(rows, (height) => {
    const from = f.i32(get(x));
    const to = f.i32(get(y));
    split(columns, (width) => {
      block(height, width, from, to);
      f.advance(from, i32.constant(4 * width));
      f.advance(to, i32.multiply(get(yRow), i32.constant(width)));
    });
    f.advance(x, i32.multiply(get(xRow), i32.constant(height)));
    f.advance(y, i32.constant(4 * height));
  });
  return f;
}

/** Copies rows of `columns` floats: addresses of x and y, rows, columns, bytes from row to row of x and of y. */
function copyRows(adding: boolean): FunctionBuilder {
  const f = new FunctionBuilder(adding ? 'copyRowsAdding' : 'copyRows', 6);
  const [x, y, rows, columns, xStride, yStride] = [0, 1, 2, 3, 4, 5];
  f.loop(get(rows), () => {
    const from = f.i32(get(x));
    const to = f.i32(get(y));
    const advance = (bytes: number): void => {
      f.advance(from, i32.constant(bytes));
      f.advance(to, i32.constant(bytes));
    };
    f.loop(i32.shiftRight(get(columns), i32.constant(2)), () => {
      const value = f32x4.load(get(from));
      f.push(f32x4.store(get(to), adding ? f32x4.add(f32x4.load(get(to)), value) : value));
      advance(16);
    });
    f.loop(i32.and(get(columns), i32.constant(3)), () => {
      const value = f32.load(get(from));
      f.push(f32.store(get(to), adding ? f32.add(f32.load(get(to)), value) : value));
      advance(4);
    });
    f.advance(x, get(xStride));
    f.advance(y, get(yStride));
  });
  return f;
}

/**
 * Even and odd samples of each row, apart: addresses of x, of where the even and the odd go, rows, pairs of samples, bytes from
 * row to row of x and of each part.
 */
function deinterleave(): FunctionBuilder {
  const f = new FunctionBuilder('deinterleave', 7);
  const [x, even, odd, rows, pairs, xStride, partStride] = [0, 1, 2, 3, 4, 5, 6];
  f.loop(get(rows), () => {
    const [from, toEven, toOdd] = [f.i32(get(x)), f.i32(get(even)), f.i32(get(odd))];
    f.loop(i32.shiftRight(get(pairs), i32.constant(2)), () => {
      const low = f.v128(f32x4.load(get(from)));
      const high = f.v128(f32x4.load(get(from), 16));
      f.push(
        f32x4.store(get(toEven), f32x4.shuffle(get(low), get(high), [0, 2, 4, 6])),
        f32x4.store(get(toOdd), f32x4.shuffle(get(low), get(high), [1, 3, 5, 7])),
      );
      f.advance(from, i32.constant(32));
      f.advance(toEven, i32.constant(16));
      f.advance(toOdd, i32.constant(16));
    });
    f.loop(i32.and(get(pairs), i32.constant(3)), () => {
      f.push(f32.store(get(toEven), f32.load(get(from))), f32.store(get(toOdd), f32.load(get(from), 4)));
      f.advance(from, i32.constant(8));
      f.advance(toEven, i32.constant(4));
      f.advance(toOdd, i32.constant(4));
    });
    f.advance(x, get(xStride));
    f.advance(even, get(partStride));
    f.advance(odd, get(partStride));
  });
  return f;
}

/** The inverse of {@link deinterleave}, with the same parameters; x is written, or added to. */
function interleave(adding: boolean): FunctionBuilder {
  const f = new FunctionBuilder(adding ? 'interleaveAdding' : 'interleave', 7);
  const [x, even, odd, rows, pairs, xStride, partStride] = [0, 1, 2, 3, 4, 5, 6];
  f.loop(get(rows), () => {
    const [to, fromEven, fromOdd] = [f.i32(get(x)), f.i32(get(even)), f.i32(get(odd))];
    f.loop(i32.shiftRight(get(pairs), i32.constant(2)), () => {
      const a = f.v128(f32x4.load(get(fromEven)));
      const b = f.v128(f32x4.load(get(fromOdd)));
      const halves = [
        f32x4.shuffle(get(a), get(b), [0, 4, 1, 5]),
        f32x4.shuffle(get(a), get(b), [2, 6, 3, 7]),
      ];
      halves.forEach((half, i) => {
        f.push(f32x4.store(get(to), adding ? f32x4.add(f32x4.load(get(to), 16 * i), half) : half, 16 * i));
      });
      f.advance(to, i32.constant(32));
      f.advance(fromEven, i32.constant(16));
      f.advance(fromOdd, i32.constant(16));
    });
    f.loop(i32.and(get(pairs), i32.constant(3)), () => {
      [fromEven, fromOdd].forEach((from, i) => {
        const value = f32.load(get(from));
        f.push(f32.store(get(to), adding ? f32.add(f32.load(get(to), 4 * i), value) : value, 4 * i));
        f.advance(from, i32.constant(4));
      });
      f.advance(to, i32.constant(8));
    });
    f.advance(x, get(xStride));
    f.advance(even, get(partStride));
    f.advance(odd, get(partStride));
  });
  return f;
}

export function layoutKernels(): FunctionBuilder[] {
  return [transpose(), copyRows(false), copyRows(true), deinterleave(), interleave(false), interleave(true)];
}
