import { Random } from '../../core/random.js';
import type { ParameterSpec } from './definition.js';

/** Parameter values by name, each row-major in its spec's shape. */
export type Parameters = ReadonlyMap<string, Float32Array>;

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, axis) => size * axis, 1);
}

/** Number of trainable values. */
export function countParameters(specs: readonly ParameterSpec[]): number {
  return specs.reduce((sum, spec) => sum + (spec.trainable ? sizeOf(spec.shape) : 0), 0);
}

/** Standard deviation of a parameter's first values. */
function deviation({ initialisation, fan_in }: ParameterSpec, size: number): number {
  if (initialisation === 'normal') return 1;
  return initialisation === 'fan-in' ? Math.sqrt(2 / fan_in) : 1 / Math.sqrt(size);
}

/** Values to start training from; the same seed gives the same values. */
export function initialParameters(specs: readonly ParameterSpec[], seed: number): Parameters {
  const normal = new Random(seed).gaussian;
  return new Map(
    specs.map((spec) => {
      const values = new Float32Array(sizeOf(spec.shape));
      if (spec.initialisation === 'ones') values.fill(1);
      else if (spec.initialisation === 'adjacency')
        for (let i = 0; i < spec.shape[0]; i++) values[i * spec.shape[0] + i] = 1;
      else if (spec.initialisation !== 'zeros') {
        const sd = deviation(spec, values.length);
        for (let i = 0; i < values.length; i++) values[i] = normal() * sd;
      }
      return [spec.name, values];
    }),
  );
}

/** All values one after another as little-endian float32, in the order of `specs`. */
export function packParameters(specs: readonly ParameterSpec[], parameters: Parameters): Uint8Array {
  const bytes = new Uint8Array(4 * specs.reduce((sum, spec) => sum + sizeOf(spec.shape), 0));
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const { name } of specs)
    for (const value of parameters.get(name)!) {
      view.setFloat32(offset, value, true);
      offset += 4;
    }
  return bytes;
}

/** Inverse of {@link packParameters}; null when `bytes` is not exactly as long as `specs` ask. */
export function unpackParameters(specs: readonly ParameterSpec[], bytes: Uint8Array): Parameters | null {
  if (bytes.byteLength !== 4 * specs.reduce((sum, spec) => sum + sizeOf(spec.shape), 0)) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  return new Map(
    specs.map(({ name, shape }) => {
      const values = new Float32Array(sizeOf(shape));
      for (let i = 0; i < values.length; i++, offset += 4) values[i] = view.getFloat32(offset, true);
      return [name, values];
    }),
  );
}
