import {
  type ModalityFrame,
  type ModalityInput,
  type ModelFrame,
  maskLength,
  valuesPerChannel,
} from '../../core/model.js';

interface Place {
  readonly values: { readonly at: number; readonly length: number };
  readonly mask: { readonly at: number; readonly length: number };
}

/** Where a frame stands in bytes: every modality's values (float32), every mask, then who is present. */
export class FrameLayout {
  /** Bytes of a frame, a multiple of 4. */
  readonly size: number;
  readonly #places: readonly Place[];
  readonly #presence: number;

  constructor(inputs: Iterable<ModalityInput>) {
    const shapes = Array.from(inputs, (input) => {
      const mask = maskLength(input);
      return { mask, values: mask * valuesPerChannel(input) };
    });
    let at = 0;
    const take = (length: number, bytes: number): { at: number; length: number } => {
      const place = { at, length };
      at += length * bytes;
      return place;
    };
    const values = shapes.map((shape) => take(shape.values, Float32Array.BYTES_PER_ELEMENT));
    this.#places = shapes.map((shape, m) => ({ values: values[m], mask: take(shape.mask, 1) }));
    this.#presence = at;
    this.size = 4 * Math.ceil((at + shapes.length) / 4);
  }

  /** @param out {@link size} bytes, at a multiple of 4 in their buffer */
  write(frame: ModelFrame, out: Uint8Array): void {
    for (const [m, { values, mask, present }] of frame.entries()) {
      const own = this.#viewed(m, out, present);
      // `set` tells of too many, not of too few.
      if (values.length !== own.values.length || mask.length !== own.mask.length)
        throw new RangeError(`modality ${m}: ${values.length} values and ${mask.length} masks don't fit`);
      own.values.set(values);
      own.mask.set(mask);
      out[this.#presence + m] = Number(present);
    }
  }

  /** The frame in `bytes`, as views of them. */
  read(bytes: Uint8Array): ModelFrame {
    return this.#places.map((_, m) => this.#viewed(m, bytes, bytes[this.#presence + m] === 1));
  }

  #viewed(m: number, { buffer, byteOffset }: Uint8Array, present: boolean): ModalityFrame {
    const { values, mask } = this.#places[m];
    return {
      values: new Float32Array(buffer, byteOffset + values.at, values.length),
      mask: new Uint8Array(buffer, byteOffset + mask.at, mask.length),
      present,
    };
  }
}
