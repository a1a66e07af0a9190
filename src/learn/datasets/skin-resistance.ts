/**
 * Skin resistance in ohm as conductance in uS, which is all that this project knows: the two are never mixed. No
 * conductance belongs to a resistance of 0 or less: NaN.
 */
export function conductanceOf(resistance_ohm: ArrayLike<number>): Float64Array {
  return Float64Array.from(resistance_ohm, (ohm) => (ohm > 0 ? 1e6 / ohm : Number.NaN));
}
