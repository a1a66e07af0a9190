declare module 'fili' {
  export interface BiquadCoefficients {
    /** Denominator a1, a2 (a0 = 1). */
    readonly a: readonly [number, number];
    /** Numerator b0, b1, b2. */
    readonly b: readonly [number, number, number];
  }
  export interface BiquadDesign {
    Fs: number;
    Fc: number;
    Q: number;
  }
  export class IirCoeffs {
    lowpass(design: BiquadDesign): BiquadCoefficients;
    highpass(design: BiquadDesign): BiquadCoefficients;
  }
  const fili: { IirCoeffs: typeof IirCoeffs };
  export default fili;
}
