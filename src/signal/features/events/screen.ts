import { z } from 'zod';
import type { ScreenGeometry } from '../../../core/signal.js';

/** Where the screen is; turns pixels and normalised positions into degrees. */
export const screenSchema = z.strictObject({
  width_px: z.number().positive().optional().describe('horizontal resolution, px; needed for gaze in px'),
  height_px: z.number().positive().optional().describe('vertical resolution, px; needed for gaze in px'),
  width_cm: z.number().positive().describe('width of the picture, cm'),
  height_cm: z.number().positive().describe('height of the picture, cm'),
  distance_cm: z.number().positive().describe("distance from the eyes to the screen's middle, cm"),
  origin: z
    .literal('center')
    .optional()
    .describe("where positions are 0, if not in a corner: `center`, the screen's middle"),
});
export type Screen = z.infer<typeof screenSchema>;

/** The geometry that a stream's sender told. */
export function toldScreen(told: ScreenGeometry | undefined): Screen | undefined {
  if (!told) return undefined;
  const { width_px, height_px, width_m, height_m, distance_m, origin } = told;
  return {
    width_px,
    height_px,
    width_cm: 100 * width_m,
    height_cm: 100 * height_m,
    distance_cm: 100 * distance_m,
    // Upside down or not, directions are measured from the middle.
    ...(origin === 'center' ? { origin } : {}),
  };
}

/** How a stream's positions become the degrees that detectors work in. */
export interface DegreeScale {
  /** What lengths are reported in: `deg`, or the stream's own unit where degrees aren't known. */
  readonly unit: string;
  /** Reported length of a degree of the detector, in both directions. */
  readonly perDegree: readonly [x: number, y: number];
  readonly x: (position: number) => number;
  readonly y: (position: number) => number;
}

/**
 * What a degree is taken to be where nobody tells where the screen stands. It serves the detectors' thresholds only
 * (a desktop screen at arm's length, a scene camera); nothing is reported in degrees then.
 */
const NOMINAL_PX = 38;
const NOMINAL_NORM = [40, 25] as const;

/** Scale of positions in `unit`; null for units in which a direction of gaze can't be told. */
export function degreeScale(unit: string, screen: Screen | undefined): DegreeScale | null {
  const same = (position: number) => position;
  if (unit === 'deg') return { unit, perDegree: [1, 1], x: same, y: same };
  if (unit !== 'px' && unit !== 'norm') return null;
  const [width, height] = unit === 'px' ? [screen?.width_px, screen?.height_px] : [1, 1];
  if (screen && width !== undefined && height !== undefined) {
    const middle = screen.origin === 'center' ? 0 : 0.5;
    const along = (extent: number, extent_cm: number) => (position: number) =>
      (180 / Math.PI) * Math.atan((position / extent - middle) * (extent_cm / screen.distance_cm));
    return {
      unit: 'deg',
      perDegree: [1, 1],
      x: along(width, screen.width_cm),
      y: along(height, screen.height_cm),
    };
  }
  const [sx, sy] = unit === 'px' ? [1 / NOMINAL_PX, 1 / NOMINAL_PX] : NOMINAL_NORM;
  return { unit, perDegree: [1 / sx, 1 / sy], x: (p) => p * sx, y: (p) => p * sy };
}
