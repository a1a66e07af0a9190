/** What beside luminance sets a light-adapted pupil. */
export interface Viewing {
  /** Area of the lit field, deg^2. */
  readonly field_deg2: number;
  readonly age_years: number;
  /** Eyes that see the light. */
  readonly eyes: 1 | 2;
}

/** Age that the formula's first part holds for, years. */
const REFERENCE_AGE_YEARS = 28.58;

/**
 * Diameter of a light-adapted pupil, mm, at a luminance in cd/m^2 (>= 0): the unified formula of Watson & Yellott 2012,
 * doi:10.1167/12.10.12, equations 19 to 21.
 */
export function lightAdaptedPupil_mm(
  luminance_cd_m2: number,
  { field_deg2, age_years, eyes }: Viewing,
): number {
  const flux = (luminance_cd_m2 * field_deg2 * (eyes === 1 ? 0.1 : 1)) / 846;
  const power = flux > 0 ? Math.exp(0.41 * Math.log(flux)) : 0;
  const young = 7.75 - 5.75 * (power / (power + 2));
  return young + (age_years - REFERENCE_AGE_YEARS) * (0.02132 - 0.009562 * young);
}
