/**
 * Mulberry32: a small generator with 32 bits of state, the same numbers on every machine and in any language.
 * Gives floats in [0, 1).
 */
export class Mulberry32 {
  constructor(
    /** All that decides what comes next. */
    public state: number,
  ) {
    this.state |= 0;
  }

  readonly uniform = (): number => {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** {@link Mulberry32} where nobody asks for its state. */
export function mulberry32(seed: number): () => number {
  return new Mulberry32(seed).uniform;
}

/** Standard normal numbers from uniform ones (Box and Muller 1958). */
export function gaussian(uniform: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
