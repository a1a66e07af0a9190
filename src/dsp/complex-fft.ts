/** One pass: `n / radix` butterflies over `stride` interleaved transforms. */
interface Stage {
  readonly radix: 2 | 4 | 8;
  /** Butterflies of one transform. */
  readonly count: number;
  readonly stride: number;
  /** [count, radix - 1] twiddles exp(-2 pi i p k / (count * radix)), interleaved, k = 1 ... radix - 1. */
  readonly twiddles: Float64Array;
}

const SQRT_HALF = Math.SQRT1_2;

/**
 * Forward complex discrete Fourier transform, X_k = sum x_n exp(-2 pi i n k / size), not scaled, float64, interleaved
 * real and imaginary parts. Stockham's self-sorting form in passes of radix 8 and a last one of 4 or 2 (Van Loan 1992,
 * Computational Frameworks for the Fast Fourier Transform, 1.7): a third of the passes over memory of radix 2.
 */
export class ComplexFft {
  readonly #stages: readonly Stage[];
  readonly #even: Float64Array;
  readonly #odd: Float64Array;

  /** `size`: complex values; a power of two, 2 or more. */
  constructor(readonly size: number) {
    const stages: Stage[] = [];
    for (let n = size, stride = 1; n > 1; ) {
      const radix = n % 8 === 0 ? 8 : n % 4 === 0 ? 4 : 2;
      const count = n / radix;
      const twiddles = new Float64Array(count * (radix - 1) * 2);
      for (let p = 0, i = 0; p < count; p++)
        for (let k = 1; k < radix; k++) {
          const angle = (-2 * Math.PI * ((p * k) % n)) / n;
          twiddles[i++] = Math.cos(angle);
          twiddles[i++] = Math.sin(angle);
        }
      stages.push({ radix, count, stride, twiddles });
      n = count;
      stride *= radix;
    }
    this.#stages = stages;
    this.#even = new Float64Array(2 * size);
    this.#odd = new Float64Array(2 * size);
  }

  /** The transform of `input` [2 * size], in an array that the next call writes over. */
  transform(input: Float64Array): Float64Array {
    let x = input;
    let y = this.#even;
    for (const stage of this.#stages) {
      if (stage.radix === 8) pass8(stage, x, y);
      else if (stage.radix === 4) pass4(stage, x, y);
      else pass2(stage, x, y);
      x = y;
      y = x === this.#even ? this.#odd : this.#even;
    }
    return x;
  }
}

function pass2({ count, stride, twiddles }: Stage, x: Float64Array, y: Float64Array): void {
  const far = 2 * stride * count;
  for (let p = 0; p < count; p++) {
    for (let q = 0; q < stride; q++) {
      const i = 2 * (q + stride * p);
      const o = 2 * (q + stride * 2 * p);
      y[o] = x[i] + x[i + far];
      y[o + 1] = x[i + 1] + x[i + far + 1];
      turn(x[i] - x[i + far], x[i + 1] - x[i + far + 1], twiddles, 2 * p, y, o + 2 * stride);
    }
  }
}

function pass4({ count, stride, twiddles }: Stage, x: Float64Array, y: Float64Array): void {
  const far = 2 * stride * count;
  const near = 2 * stride;
  for (let p = 0; p < count; p++) {
    const t = 6 * p;
    for (let q = 0; q < stride; q++) {
      const i = 2 * (q + stride * p);
      const o = 2 * (q + stride * 4 * p);
      const s0r = x[i] + x[i + 2 * far];
      const s0i = x[i + 1] + x[i + 2 * far + 1];
      const d0r = x[i] - x[i + 2 * far];
      const d0i = x[i + 1] - x[i + 2 * far + 1];
      const s1r = x[i + far] + x[i + 3 * far];
      const s1i = x[i + far + 1] + x[i + 3 * far + 1];
      const d1r = x[i + far] - x[i + 3 * far];
      const d1i = x[i + far + 1] - x[i + 3 * far + 1];
      y[o] = s0r + s1r;
      y[o + 1] = s0i + s1i;
      turn(d0r + d1i, d0i - d1r, twiddles, t, y, o + near);
      turn(s0r - s1r, s0i - s1i, twiddles, t + 2, y, o + 2 * near);
      turn(d0r - d1i, d0i + d1r, twiddles, t + 4, y, o + 3 * near);
    }
  }
}

/**
 * The last pass has no twiddles; one loop for both kinds would multiply by 1, or test in its innermost part, so the
 * butterfly ends in two ways of storing.
 */
function pass8({ count, stride, twiddles }: Stage, x: Float64Array, y: Float64Array): void {
  const far = 2 * stride * count;
  const near = 2 * stride;
  for (let p = 0; p < count; p++) {
    const t = 14 * p;
    for (let q = 0; q < stride; q++) {
      const i = 2 * (q + stride * p);
      const o = 2 * (q + stride * 8 * p);
      // Sums and differences of opposite inputs.
      const s0r = x[i] + x[i + 4 * far];
      const s0i = x[i + 1] + x[i + 4 * far + 1];
      const d0r = x[i] - x[i + 4 * far];
      const d0i = x[i + 1] - x[i + 4 * far + 1];
      const s2r = x[i + 2 * far] + x[i + 6 * far];
      const s2i = x[i + 2 * far + 1] + x[i + 6 * far + 1];
      const d2r = x[i + 2 * far] - x[i + 6 * far];
      const d2i = x[i + 2 * far + 1] - x[i + 6 * far + 1];
      const s1r = x[i + far] + x[i + 5 * far];
      const s1i = x[i + far + 1] + x[i + 5 * far + 1];
      const d1r = x[i + far] - x[i + 5 * far];
      const d1i = x[i + far + 1] - x[i + 5 * far + 1];
      const s3r = x[i + 3 * far] + x[i + 7 * far];
      const s3i = x[i + 3 * far + 1] + x[i + 7 * far + 1];
      const d3r = x[i + 3 * far] - x[i + 7 * far];
      const d3i = x[i + 3 * far + 1] - x[i + 7 * far + 1];
      // Even outputs: a transform of 4 over the sums.
      const e0r = s0r + s2r;
      const e0i = s0i + s2i;
      const e1r = s1r + s3r;
      const e1i = s1i + s3i;
      const f0r = s0r - s2r;
      const f0i = s0i - s2i;
      const f1r = s1r - s3r;
      const f1i = s1i - s3i;
      // Odd outputs: a transform of 4 over the differences, turned by eighths.
      const g0r = d0r + d2i;
      const g0i = d0i - d2r;
      const h0r = d0r - d2i;
      const h0i = d0i + d2r;
      const ar = (d1r + d1i) * SQRT_HALF;
      const ai = (d1i - d1r) * SQRT_HALF;
      const br = (d3i - d3r) * SQRT_HALF;
      const bi = (-d3r - d3i) * SQRT_HALF;
      const g1r = ar + br;
      const g1i = ai + bi;
      // The other pair turns once more by a quarter.
      const h1r = ai - bi;
      const h1i = br - ar;
      y[o] = e0r + e1r;
      y[o + 1] = e0i + e1i;
      if (count === 1) {
        y[o + near] = g0r + g1r;
        y[o + near + 1] = g0i + g1i;
        y[o + 2 * near] = f0r + f1i;
        y[o + 2 * near + 1] = f0i - f1r;
        y[o + 3 * near] = h0r + h1r;
        y[o + 3 * near + 1] = h0i + h1i;
        y[o + 4 * near] = e0r - e1r;
        y[o + 4 * near + 1] = e0i - e1i;
        y[o + 5 * near] = g0r - g1r;
        y[o + 5 * near + 1] = g0i - g1i;
        y[o + 6 * near] = f0r - f1i;
        y[o + 6 * near + 1] = f0i + f1r;
        y[o + 7 * near] = h0r - h1r;
        y[o + 7 * near + 1] = h0i - h1i;
      } else {
        turn(g0r + g1r, g0i + g1i, twiddles, t, y, o + near);
        turn(f0r + f1i, f0i - f1r, twiddles, t + 2, y, o + 2 * near);
        turn(h0r + h1r, h0i + h1i, twiddles, t + 4, y, o + 3 * near);
        turn(e0r - e1r, e0i - e1i, twiddles, t + 6, y, o + 4 * near);
        turn(g0r - g1r, g0i - g1i, twiddles, t + 8, y, o + 5 * near);
        turn(f0r - f1i, f0i + f1r, twiddles, t + 10, y, o + 6 * near);
        turn(h0r - h1r, h0i - h1i, twiddles, t + 12, y, o + 7 * near);
      }
    }
  }
}

/** Writes re + i im, times the twiddle at `t`, to `y` at `o`. */
function turn(re: number, im: number, twiddles: Float64Array, t: number, y: Float64Array, o: number): void {
  const c = twiddles[t];
  const s = twiddles[t + 1];
  y[o] = re * c - im * s;
  y[o + 1] = re * s + im * c;
}
