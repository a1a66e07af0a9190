import { otherLayout } from '../dataset-error.js';
import type { MatNumbers, MatValue } from './mat5.js';

/** Numbers of a MATLAB array by their indices. */
export class MatMatrix {
  readonly dims: readonly number[];
  readonly #values: MatNumbers;

  /**
   * @param place name of the value, for the error where it isn't numbers
   * @param path file, for errors
   */
  constructor(value: MatValue | undefined, place: string, path: string) {
    if (value?.kind !== 'numeric')
      throw otherLayout(path, value ? `${place} is a ${value.kind}, not numbers` : `has no ${place}`);
    this.dims = value.dims;
    this.#values = value.values;
  }

  /** All numbers in column-major order. */
  get values(): MatNumbers {
    return this.#values;
  }

  /** The numbers along dimension `along` where the other indices are `at`'s. */
  line(along: number, at: readonly number[]): Float64Array {
    let [start, step, size] = [0, 1, 1];
    for (const [d, n] of this.dims.entries()) {
      if (d === along) step = size;
      else start += size * (at[d] ?? 0);
      size *= n;
    }
    const out = new Float64Array(this.dims[along]);
    for (let i = 0; i < out.length; i++) out[i] = this.#values[start + i * step];
    return out;
  }
}

/** A field of a struct; throws where there is none. */
export function fieldOf(value: MatValue | undefined, field: string, place: string, path: string): MatValue {
  const found = value?.kind === 'struct' ? value.elements[0]?.get(field) : undefined;
  if (!found) throw otherLayout(path, `${place} has no field '${field}'`);
  return found;
}

/** The cells of a cell array. */
export function cellsOf(value: MatValue | undefined, place: string, path: string): readonly MatValue[] {
  if (value?.kind !== 'cell') throw otherLayout(path, `${place} is no cell array`);
  return value.cells;
}
