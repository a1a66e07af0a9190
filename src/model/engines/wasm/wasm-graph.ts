import { Random } from '../../../core/random.js';
import { activations } from '../../../wasm/elementwise-kernels.js';
import type { Activation, Convolution, Graph, ImageConvolution } from '../../networks/graph.js';
import { sizeOf } from '../../networks/parameters.js';
import { batchNorm } from './batch-norm.js';
import { broadcast } from './broadcast.js';
import { convolve } from './convolution.js';
import { multiplyMatrices } from './products.js';
import type { Tape, Value } from './tape.js';

const FLOAT_BYTES = 4;

/** Where a {@link WasmGraph} gets its values, and what differs while training. */
export interface WasmValues {
  input(name: string): Value;
  parameter(name: string): Value;
  readonly training: {
    /** Seed of the next dropout mask. */
    nextSeed(): number;
    /** Told each batch's mean and variance [C] of a batch normalisation. */
    observe(name: string, mean: Float64Array, variance: Float64Array): void;
  } | null;
}

/** Writes a model's forward pass, and how it is differentiated, on a {@link Tape}. The batch's size is fixed. */
export class WasmGraph implements Graph<Value> {
  constructor(
    private readonly tape: Tape,
    private readonly values: WasmValues,
  ) {}

  input(name: string): Value {
    return this.values.input(name);
  }

  parameter(name: string): Value {
    return this.values.parameter(name);
  }

  linear(x: Value, name: string): Value {
    return this.#product(
      x,
      this.values.parameter(`${name}.weight`),
      false,
      this.values.parameter(`${name}.bias`),
    );
  }

  product(x: Value, parameter: string, options?: { readonly transposed?: boolean }): Value {
    return this.#product(x, this.values.parameter(parameter), options?.transposed ?? false, null);
  }

  activate(x: Value, activation: Activation): Value {
    const y = this.#like(x);
    const { kernels } = this.tape.workspace;
    const [from, to] = [x.storage.address, y.storage.address];
    const vectors = vectorsOf(x);
    const forward = kernels[activation];
    this.tape.call('activations', () => forward(from, to, vectors));
    this.tape.onBackward(y, () => {
      const dy = this.tape.gradientOf(y);
      const { address, adding } = this.tape.share(x);
      const known = activations[activation].from === 'input' ? from : to;
      const backward = kernels[`${activation}Gradient${adding ? 'Adding' : ''}`];
      this.tape.call('activations', () => backward(known, dy, address, vectors));
    });
    return y;
  }

  add(a: Value, b: Value): Value {
    if (!sameShape(a, b)) return broadcast(this.tape, a, b, 'add');
    const y = this.#value(a.shape, a, b);
    const { kernels } = this.tape.workspace;
    const vectors = vectorsOf(a);
    this.tape.call('elementwise', () =>
      kernels.sum(a.storage.address, b.storage.address, y.storage.address, vectors),
    );
    this.tape.onBackward(y, () => {
      this.#passOn(y, a);
      this.#passOn(y, b);
    });
    return y;
  }

  multiply(a: Value, b: Value): Value {
    if (sameShape(a, b)) return this.#multiplySame(a, b);
    if (isRowFactor(a, b)) return this.#scaleRows(a, b);
    if (isRowFactor(b, a)) return this.#scaleRows(b, a);
    return broadcast(this.tape, a, b, 'multiply');
  }

  scale(x: Value, factor: number, offset = 0): Value {
    const y = this.#like(x);
    this.#affine(x.storage.address, y.storage.address, x.storage.size, factor, offset);
    this.tape.onBackward(y, () => {
      const { address, adding } = this.tape.share(x);
      this.#affine(this.tape.gradientOf(y), address, x.storage.size, factor, 0, adding);
    });
    return y;
  }

  softmax(x: Value): Value {
    const y = this.#like(x);
    const { workspace } = this.tape;
    const columns = x.shape[x.shape.length - 1];
    const { size } = x.storage;
    const [from, to] = [x.storage.address / FLOAT_BYTES, y.storage.address / FLOAT_BYTES];
    this.tape.call('activations', () => {
      const { floats } = workspace;
      for (let row = 0; row < size; row += columns) {
        let top = Number.NEGATIVE_INFINITY;
        for (let i = 0; i < columns; i++) top = Math.max(top, floats[from + row + i]);
        let sum = 0;
        for (let i = 0; i < columns; i++) {
          const e = Math.exp(floats[from + row + i] - top);
          floats[to + row + i] = e;
          sum += e;
        }
        for (let i = 0; i < columns; i++) floats[to + row + i] /= sum;
      }
    });
    this.tape.onBackward(y, () => {
      const given = this.tape.gradientOf(y) / FLOAT_BYTES;
      const { address, adding } = this.tape.share(x);
      const share = address / FLOAT_BYTES;
      this.tape.call('activations', () => {
        const { floats } = workspace;
        for (let row = 0; row < size; row += columns) {
          let along = 0;
          for (let i = 0; i < columns; i++) along += floats[to + row + i] * floats[given + row + i];
          for (let i = 0; i < columns; i++) {
            const d = floats[to + row + i] * (floats[given + row + i] - along);
            floats[share + row + i] = adding ? floats[share + row + i] + d : d;
          }
        }
      });
    });
    return y;
  }

  hardmax(x: Value): Value {
    const y = this.tape.value(x.shape, false);
    const columns = x.shape[x.shape.length - 1];
    this.#eachLargest(x, x.shape.length - 1, (floats, _, from, largest) => {
      const to = from - x.storage.address / FLOAT_BYTES + y.storage.address / FLOAT_BYTES;
      for (let i = 0; i < columns; i++) floats[to + i] = i === largest ? 1 : 0;
    });
    return y;
  }

  max(x: Value, axis: number): Value {
    const y = this.#value(without(x.shape, axis), x);
    const inner = sizeOf(x.shape.slice(axis + 1));
    const to = y.storage.address / FLOAT_BYTES;
    // Where each largest value was found: its gradient goes there alone.
    const places = new Int32Array(y.storage.size);
    this.#eachLargest(x, axis, (floats, line, from, largest) => {
      places[line] = from - x.storage.address / FLOAT_BYTES + largest * inner;
      floats[to + line] = floats[from + largest * inner];
    });
    this.tape.onBackward(y, () => {
      const given = this.tape.gradientOf(y) / FLOAT_BYTES;
      const share = this.tape.share(x, false).address / FLOAT_BYTES;
      const { workspace } = this.tape;
      this.tape.call('reductions', () => {
        const { floats } = workspace;
        for (let i = 0; i < places.length; i++) floats[share + places[i]] += floats[given + i];
      });
    });
    return y;
  }

  sum(x: Value, axis: number): Value {
    return this.#sum(x, axis, 1);
  }

  mean(x: Value, axis: number): Value {
    return this.#sum(x, axis, 1 / x.shape[axis]);
  }

  reshape(x: Value, shape: readonly number[]): Value {
    return { shape: [x.storage.size / sizeOf(shape), ...shape], storage: x.storage };
  }

  transpose(x: Value, order: readonly number[]): Value {
    const shape = order.map((axis) => x.shape[axis]);
    const y = this.#value(shape, x);
    const { workspace } = this.tape;
    // Two axes next to each other that change places, all else where it was, are a row of plain transposes.
    const at = order.findIndex((axis, i) => axis !== i);
    const plain =
      at === order.length - 2 && order[at] === at + 1
        ? { count: sizeOf(x.shape.slice(0, at)), rows: x.shape[at], columns: x.shape[at + 1] }
        : null;
    if (!plain) {
      const sources = positions(x.shape, order);
      const [from, to] = [x.storage.address / FLOAT_BYTES, y.storage.address / FLOAT_BYTES];
      this.tape.call('layout', () => {
        const { floats } = workspace;
        for (let i = 0; i < sources.length; i++) floats[to + i] = floats[from + sources[i]];
      });
      this.tape.onBackward(y, () => {
        const given = this.tape.gradientOf(y) / FLOAT_BYTES;
        const { address } = this.tape.share(x, false);
        const share = address / FLOAT_BYTES;
        this.tape.call('layout', () => {
          const { floats } = workspace;
          for (let i = 0; i < sources.length; i++) floats[share + sources[i]] += floats[given + i];
        });
      });
      return y;
    }
    const { count, rows, columns } = plain;
    const bytes = rows * columns * FLOAT_BYTES;
    const turn = (from: number, to: number, height: number, width: number): void => {
      const { transpose } = workspace.kernels;
      this.tape.call('layout', () => {
        for (let i = 0; i < count; i++) transpose(from + i * bytes, to + i * bytes, height, width);
      });
    };
    turn(x.storage.address, y.storage.address, rows, columns);
    this.tape.onBackward(y, () => {
      const { address, adding } = this.tape.share(x);
      if (!adding) {
        turn(this.tape.gradientOf(y), address, columns, rows);
        return;
      }
      const turned = workspace.borrow(x.storage.size);
      turn(this.tape.gradientOf(y), turned.address, columns, rows);
      this.tape.call('layout', () => workspace.kernels.copyAdding(turned.address, address, vectorsOf(x)));
      workspace.giveBack(turned);
    });
    return y;
  }

  concat(parts: readonly Value[], axis: number): Value {
    const joined = parts.reduce((sum, { shape }) => sum + shape[axis], 0);
    const y = this.#value(
      parts[0].shape.map((n, i) => (i === axis ? joined : n)),
      ...parts,
    );
    const outer = sizeOf(y.shape.slice(0, axis));
    const inner = sizeOf(y.shape.slice(axis + 1));
    let column = 0;
    const backward = parts.map((part) => {
      const columns = part.shape[axis] * inner;
      column += columns;
      return this.#copyColumns(part, y, outer, columns, [columns, joined * inner], [0, column - columns]);
    });
    this.tape.onBackward(y, () => {
      for (const pass of backward) pass();
    });
    return y;
  }

  slice(x: Value, axis: number, from: number, to: number): Value {
    const y = this.#value(
      x.shape.map((n, i) => (i === axis ? to - from : n)),
      x,
    );
    const outer = sizeOf(x.shape.slice(0, axis));
    const inner = sizeOf(x.shape.slice(axis + 1));
    const columns = (to - from) * inner;
    const strides = [x.shape[axis] * inner, columns] as const;
    this.tape.onBackward(y, this.#copyColumns(x, y, outer, columns, strides, [from * inner, 0]));
    return y;
  }

  column(x: Value, index: number): Value {
    return this.slice(x, 1, index, index + 1);
  }

  convolve(x: Value, kernel: string, options: Convolution): Value {
    return convolve(this.tape, x, this.values.parameter(kernel), options);
  }

  /** By what every tap of the filter sees, side by side: one product. Memory grows with the square of `taps`. */
  convolve2d(x: Value, name: string, { height, width, channels, outputs, taps }: ImageConvolution): Value {
    const margin = (taps - 1) / 2;
    const padded = this.#padded(this.#padded(x, 1, margin), 2, margin);
    const seen = Array.from({ length: taps * taps }, (_, tap) => {
      const [row, column] = [Math.floor(tap / taps), tap % taps];
      return this.slice(this.slice(padded, 1, row, row + height), 2, column, column + width);
    });
    const columns = this.reshape(this.concat(seen, 3), [taps * taps * channels]);
    const filters = this.values.parameter(`${name}.weight`);
    const flat = { shape: [taps * taps * channels, outputs], storage: filters.storage };
    const sums = this.#product(columns, flat, false, this.values.parameter(`${name}.bias`));
    return this.reshape(sums, [height, width, outputs]);
  }

  maxPool2d(
    x: Value,
    size: number,
    [height, width, channels]: readonly [height: number, width: number, channels: number],
  ): Value {
    const squares = this.reshape(x, [height / size, size, width / size, size, channels]);
    return this.max(this.max(squares, 2), 3);
  }

  batchNorm(x: Value, name: string, rows: Value): Value {
    const part = (which: string): Value => this.values.parameter(`${name}.${which}`);
    const parts = {
      scale: part('scale'),
      shift: part('shift'),
      mean: part('mean'),
      variance: part('variance'),
    };
    const { training } = this.values;
    return batchNorm(
      this.tape,
      x,
      parts,
      rows,
      training && ((mean, variance) => training.observe(name, mean, variance)),
    );
  }

  dropout(x: Value, rate: number): Value {
    const { training } = this.values;
    if (!training || rate === 0) return x;
    const { workspace } = this.tape;
    const { size } = x.storage;
    const mask = workspace.take(size).address;
    const kept = 1 / (1 - rate);
    this.tape.call('dropout', () => {
      const { uniform } = new Random(training.nextSeed());
      const { floats } = workspace;
      for (let i = 0, at = mask / FLOAT_BYTES; i < size; i++, at++) floats[at] = uniform() < rate ? 0 : kept;
    });
    const y = this.#like(x);
    const { kernels } = workspace;
    this.tape.call('dropout', () =>
      kernels.multiply(x.storage.address, mask, y.storage.address, vectorsOf(x)),
    );
    this.tape.onBackward(y, () => {
      const dy = this.tape.gradientOf(y);
      const { address, adding } = this.tape.share(x);
      const multiply = kernels[adding ? 'multiplyAdding' : 'multiply'];
      this.tape.call('dropout', () => multiply(dy, mask, address, vectorsOf(x)));
    });
    return y;
  }

  /** x with `margin` zeros before and after it along one axis. */
  #padded(x: Value, axis: number, margin: number): Value {
    if (margin === 0) return x;
    const zeros = this.tape.value(
      x.shape.map((n, i) => (i === axis ? margin : n)),
      false,
    );
    return this.concat([zeros, x, zeros], axis);
  }

  #value(shape: readonly number[], ...from: readonly Value[]): Value {
    return this.tape.value(
      shape,
      from.some(({ storage }) => storage.trained),
    );
  }

  #like(x: Value): Value {
    return this.#value(x.shape, x);
  }

  #product(x: Value, w: Value, transposed: boolean, bias: Value | null): Value {
    const { tape } = this;
    const { workspace } = tape;
    const { kernels } = workspace;
    const [rows, inner] = [x.shape[0], sizeOf(x.shape.slice(1))];
    const columns = transposed ? w.shape[0] : w.shape[1];
    const y = this.#value([rows, columns], x, w, ...(bias ? [bias] : []));
    if (bias)
      tape.call('products', () => kernels.repeatRow(bias.storage.address, y.storage.address, rows, columns));
    const matrices = { x: x.storage.address, w: w.storage.address, y: y.storage.address };
    multiplyMatrices(tape, {
      a: { address: matrices.x, transposed: false },
      b: { address: matrices.w, transposed },
      c: { address: matrices.y, adding: bias !== null },
      size: [rows, columns, inner],
    });
    tape.onBackward(y, () => {
      const dy = tape.gradientOf(y);
      if (bias?.storage.trained) {
        const { address, adding } = tape.share(bias);
        const sum = kernels[adding ? 'sumRowsAdding' : 'sumRows'];
        tape.call('products', () => sum(dy, address, rows, columns));
      }
      if (w.storage.trained) {
        const first = { address: transposed ? dy : matrices.x, transposed: true };
        const second = { address: transposed ? matrices.x : dy, transposed: false };
        const size = transposed ? ([columns, inner, rows] as const) : ([inner, columns, rows] as const);
        multiplyMatrices(tape, { a: first, b: second, c: tape.share(w), size });
      }
      if (x.storage.trained)
        multiplyMatrices(tape, {
          a: { address: dy, transposed: false },
          b: { address: matrices.w, transposed: !transposed },
          c: tape.share(x),
          size: [rows, inner, columns],
        });
    });
    return y;
  }

  #multiplySame(a: Value, b: Value): Value {
    const y = this.#value(a.shape, a, b);
    const { kernels } = this.tape.workspace;
    const vectors = vectorsOf(a);
    this.tape.call('elementwise', () =>
      kernels.multiply(a.storage.address, b.storage.address, y.storage.address, vectors),
    );
    this.tape.onBackward(y, () => {
      const dy = this.tape.gradientOf(y);
      for (const [x, other] of [
        [a, b],
        [b, a],
      ]) {
        if (!x.storage.trained) continue;
        const { address, adding } = this.tape.share(x);
        const multiply = kernels[adding ? 'multiplyAdding' : 'multiply'];
        this.tape.call('elementwise', () => multiply(dy, other.storage.address, address, vectors));
      }
    });
    return y;
  }

  /** Each row of x times its own number. */
  #scaleRows(x: Value, factors: Value): Value {
    const y = this.#value(x.shape, x, factors);
    const { kernels } = this.tape.workspace;
    const rows = factors.storage.size;
    const columns = x.storage.size / rows;
    this.tape.call('elementwise', () =>
      kernels.scaleRows(x.storage.address, factors.storage.address, y.storage.address, rows, columns),
    );
    this.tape.onBackward(y, () => {
      const dy = this.tape.gradientOf(y);
      if (x.storage.trained) {
        const { address, adding } = this.tape.share(x);
        const scale = kernels[adding ? 'scaleRowsAdding' : 'scaleRows'];
        this.tape.call('elementwise', () => scale(dy, factors.storage.address, address, rows, columns));
      }
      if (factors.storage.trained) {
        const { address, adding } = this.tape.share(factors);
        // The kernel reads no coefficients: any address will do.
        const dot = kernels[adding ? 'multiplyRowsAdding' : 'multiplyRows'];
        this.tape.call('reductions', () => dot(dy, x.storage.address, 0, address, rows, columns));
      }
    });
    return y;
  }

  #passOn(from: Value, to: Value): void {
    if (!to.storage.trained) return;
    const given = this.tape.gradientOf(from);
    const { address, adding } = this.tape.share(to);
    const copy = this.tape.workspace.kernels[adding ? 'copyAdding' : 'copy'];
    this.tape.call('elementwise', () => copy(given, address, vectorsOf(to)));
  }

  #affine(from: number, to: number, size: number, factor: number, offset: number, adding = false): void {
    const { workspace } = this.tape;
    const scalars = workspace.take(2).address;
    const kernel = workspace.kernels[adding ? 'affineAdding' : 'affine'];
    this.tape.call('elementwise', () => {
      workspace.view(scalars, 2).set([factor, offset]);
      kernel(from, to, scalars, Math.ceil(size / 4));
    });
  }

  #sum(x: Value, axis: number, factor: number): Value {
    const { workspace } = this.tape;
    const { kernels } = workspace;
    const outer = sizeOf(x.shape.slice(0, axis));
    const [count, inner] = [x.shape[axis], sizeOf(x.shape.slice(axis + 1))];
    const y = this.#value(without(x.shape, axis), x);
    const [from, to] = [x.storage.address, y.storage.address];
    const [xBytes, yBytes] = [count * inner * FLOAT_BYTES, inner * FLOAT_BYTES];
    this.tape.call('reductions', () => {
      if (inner === 1) kernels.sumEachRow(from, 0, to, outer, count);
      else for (let i = 0; i < outer; i++) kernels.sumRows(from + i * xBytes, to + i * yBytes, count, inner);
    });
    if (factor !== 1) this.#affine(to, to, y.storage.size, factor, 0);
    this.tape.onBackward(y, () => {
      let dy = this.tape.gradientOf(y);
      const scaled = factor === 1 ? null : workspace.borrow(y.storage.size);
      if (scaled) {
        this.#affine(dy, scaled.address, y.storage.size, factor, 0);
        dy = scaled.address;
      }
      const { address, adding } = this.tape.share(x);
      const fill = kernels[adding ? 'fillRowsAdding' : 'fillRows'];
      const repeat = kernels[adding ? 'repeatRowAdding' : 'repeatRow'];
      this.tape.call('reductions', () => {
        if (inner === 1) fill(dy, address, outer, count);
        else for (let i = 0; i < outer; i++) repeat(dy + i * yBytes, address + i * xBytes, count, inner);
      });
      if (scaled) workspace.giveBack(scaled);
    });
    return y;
  }

  /** Calls `use` for each line of x along `axis`, with where it begins in `floats` and the place of its first largest value. */
  #eachLargest(
    x: Value,
    axis: number,
    use: (floats: Float32Array, line: number, from: number, largest: number) => void,
  ): void {
    const { workspace } = this.tape;
    const [count, inner] = [x.shape[axis], sizeOf(x.shape.slice(axis + 1))];
    const lines = x.storage.size / count;
    this.tape.call('reductions', () => {
      const { floats } = workspace;
      for (let line = 0; line < lines; line++) {
        const outer = Math.floor(line / inner);
        const from = x.storage.address / FLOAT_BYTES + outer * count * inner + (line % inner);
        let largest = 0;
        for (let i = 1; i < count; i++)
          if (floats[from + i * inner] > floats[from + largest * inner]) largest = i;
        use(floats, line, from, largest);
      }
    });
  }

  /**
   * Copies `columns` of each row of x into y, from column `at[0]` to column `at[1]`; rows are `strides` columns apart. Gives what
   * hands the gradient back.
   */
  #copyColumns(
    x: Value,
    y: Value,
    rows: number,
    columns: number,
    strides: readonly [x: number, y: number],
    at: readonly [from: number, to: number],
  ): () => void {
    const { copyRows, copyRowsAdding } = this.tape.workspace.kernels;
    const [xStride, yStride] = strides.map((floats) => floats * FLOAT_BYTES);
    const [from, to] = [x.storage.address + at[0] * FLOAT_BYTES, y.storage.address + at[1] * FLOAT_BYTES];
    this.tape.call('layout', () => copyRows(from, to, rows, columns, xStride, yStride));
    return () => {
      if (!x.storage.trained) return;
      const given = this.tape.gradientOf(y) + at[1] * FLOAT_BYTES;
      const { address, adding } = this.tape.share(x, columns === strides[0]);
      const copy = adding ? copyRowsAdding : copyRows;
      const back = address + at[0] * FLOAT_BYTES;
      this.tape.call('layout', () => copy(given, back, rows, columns, yStride, xStride));
    };
  }
}

const without = (shape: readonly number[], axis: number): number[] => shape.filter((_, i) => i !== axis);

const vectorsOf = ({ storage }: Value): number => Math.ceil(storage.size / 4);

const sameShape = (a: Value, b: Value): boolean =>
  a.shape.length === b.shape.length && a.shape.every((n, i) => n === b.shape[i]);

/** Whether `factors` has the shape of `x` with 1 for the last axis. */
const isRowFactor = (x: Value, factors: Value): boolean =>
  x.shape.length === factors.shape.length &&
  factors.shape.every((n, i) => n === (i === x.shape.length - 1 ? 1 : x.shape[i]));

/** Where each element of the transpose comes from. */
function positions(shape: readonly number[], order: readonly number[]): Int32Array {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const sources = new Int32Array(sizeOf(shape));
  const index = order.map(() => 0);
  for (let i = 0; i < sources.length; i++) {
    sources[i] = order.reduce((sum, axis, at) => sum + index[at] * strides[axis], 0);
    for (let at = order.length - 1; at >= 0 && ++index[at] === shape[order[at]]; at--) index[at] = 0;
  }
  return sources;
}
