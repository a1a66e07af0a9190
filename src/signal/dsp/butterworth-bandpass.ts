import type { Section } from './sos-filter.js';

interface Complex {
  readonly re: number;
  readonly im: number;
}

const times = (a: Complex, b: Complex): Complex => ({
  re: a.re * b.re - a.im * b.im,
  im: a.re * b.im + a.im * b.re,
});

function squareRoot({ re, im }: Complex): Complex {
  const size = Math.sqrt(re * re + im * im);
  const root = { re: Math.sqrt((size + re) / 2), im: Math.sqrt((size - re) / 2) };
  return im < 0 ? { re: root.re, im: -root.im } : root;
}

/** Bilinear transform of the pole `s`. */
function pole({ re, im }: Complex): Complex {
  const size = (1 - re) * (1 - re) + im * im;
  return { re: (1 - re * re - im * im) / size, im: (2 * im) / size };
}

/**
 * Butterworth band-pass as `order` second-order sections: the transfer function of
 * `scipy.signal.butter(order, [low_hz, high_hz], 'bandpass', fs=sfreq, output='sos')`. 0 < low_hz < high_hz < sfreq / 2.
 */
export function designButterworthBandpass(
  order: number,
  low_hz: number,
  high_hz: number,
  sfreq: number,
): Section[] {
  const low = Math.tan((Math.PI * low_hz) / sfreq);
  const high = Math.tan((Math.PI * high_hz) / sfreq);
  const centre = low * high;
  const w = 2 * Math.atan(Math.sqrt(centre));
  /** The section of two poles with this sum and product, zeros at 0 Hz and Nyquist, gain 1 at the centre. */
  const section = (sum: number, product: number): Section => {
    const re = 1 - sum * Math.cos(w) + product * Math.cos(2 * w);
    const im = sum * Math.sin(w) - product * Math.sin(2 * w);
    const gain = Math.sqrt(re * re + im * im) / (2 * Math.abs(Math.sin(w)));
    return { b0: gain, b1: 0, b2: -gain, a1: -sum, a2: product };
  };
  const sections: Section[] = [];
  for (let k = 0; 2 * k < order; k++) {
    const angle = (Math.PI * (2 * k + 1)) / (2 * order);
    const half = (high - low) / 2;
    const real = 2 * k + 1 === order;
    const q = { re: -half * Math.sin(angle), im: real ? 0 : half * Math.cos(angle) };
    const square = times(q, q);
    const d = squareRoot({ re: square.re - centre, im: square.im });
    const poles = [pole({ re: q.re + d.re, im: q.im + d.im }), pole({ re: q.re - d.re, im: q.im - d.im })];
    if (real) {
      const [a, b] = poles;
      sections.push(section(a.re + b.re, times(a, b).re));
    } else for (const p of poles) sections.push(section(2 * p.re, p.re * p.re + p.im * p.im));
  }
  return sections;
}
