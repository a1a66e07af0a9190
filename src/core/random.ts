const TWO_TO_MINUS_32 = 1 / 4294967296;

/** Four 32-bit words of state from text (MurmurHash3's mixing, once per word). */
function seedWords(text: string): Int32Array {
  let h = 1779033703 ^ text.length;
  for (let i = 0; i < text.length; i++) {
    h = Math.imul(h ^ text.charCodeAt(i), 3432918353);
    h = (h << 13) | (h >>> 19);
  }
  const words = new Int32Array(4);
  for (let i = 0; i < 4; i++) {
    h = Math.imul(h ^ (h >>> 16), 2246822507);
    h = Math.imul(h ^ (h >>> 13), 3266489909);
    h ^= h >>> 16;
    words[i] = h;
  }
  return words;
}

/** All that decides what a {@link Random} gives next. */
export interface RandomState {
  readonly words: readonly [number, number, number, number];
  /** The second of a pair of normal numbers, drawn and not yet given; null: none. */
  readonly spare: number | null;
}

/**
 * Seeded pseudo-random numbers: sfc32 (Doty-Humphrey's Small Fast Counting generator, PractRand). The same
 * seed and name give the same numbers on every machine; different names give independent sequences. Simulations, training
 * and evaluation draw with it.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;
  #spare: number | null = null;

  constructor(seed: number | string, name = '') {
    const words = seedWords(`${seed}/${name}`);
    this.#a = words[0];
    this.#b = words[1];
    this.#c = words[2];
    this.#d = words[3];
    for (let i = 0; i < 12; i++) this.uniform();
  }

  get state(): RandomState {
    return { words: [this.#a, this.#b, this.#c, this.#d], spare: this.#spare };
  }

  /** Goes on from where another was. */
  restore({ words, spare }: RandomState): void {
    [this.#a, this.#b, this.#c, this.#d] = words;
    this.#spare = spare;
  }

  /** Uniform in [0, 1). */
  readonly uniform = (): number => {
    const t = (((this.#a + this.#b) | 0) + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + t) | 0;
    return (t >>> 0) * TWO_TO_MINUS_32;
  };

  /** Standard normal, by Marsaglia's polar method: needs no sine, whose last bits differ between engines. */
  readonly gaussian = (): number => {
    if (this.#spare !== null) {
      const spare = this.#spare;
      this.#spare = null;
      return spare;
    }
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s >= 1 || s === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(s)) / s);
      this.#spare = v * scale;
      return u * scale;
    }
  };

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** Log-normal with median 1; `sd` is that of the logarithm. */
  logNormal(sd: number): number {
    return Math.exp(sd * this.gaussian());
  }

  /** Exponential with the given mean. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.uniform());
  }
}
