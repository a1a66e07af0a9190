import { cosine, sine } from './sine.js';

/** On the unit sphere: x to the right ear, y to the nose, z to the vertex. */
export type ScalpPosition = readonly [x: number, y: number, z: number];

/** Degrees from the vertex along the midline, to the front, and degrees of azimuth from the midline of the row's ends. */
const rows: Readonly<Record<string, readonly [midline: number, azimuth: number]>> = {
  FP: [72, 18],
  AF: [54, 36],
  F: [36, 54],
  FC: [18, 72],
  FT: [18, 72],
  C: [0, 90],
  T: [0, 90],
  CP: [-18, 108],
  TP: [-18, 108],
  P: [-36, 126],
  PO: [-54, 144],
  O: [-72, 162],
  CB: [-90, 155],
};

function onSphere(inclination_deg: number, azimuth_deg: number): ScalpPosition {
  const i = inclination_deg / 360;
  const a = azimuth_deg / 360;
  return [sine(i) * sine(a), sine(i) * cosine(a), cosine(i)];
}

/**
 * Where a 10-10 electrode sits on an ideal spherical head: rows meet the midline every 18 degrees and the
 * equator-parallel at 72 degrees; numbers divide a row evenly (Oostenveld & Praamstra 2001). Null for other names.
 */
export function scalpPosition(label: string): ScalpPosition | null {
  const match = /^([A-Z]+?)(Z|\d+)$/.exec(label.toUpperCase());
  const row = match && rows[match[1]];
  if (!row) return null;
  const [midline, azimuth] = row;
  const middle = onSphere(midline, 0);
  if (match[2] === 'Z') return middle;
  const number = Number(match[2]);
  const side = number % 2 === 1 ? -1 : 1;
  const end = onSphere(72, side * azimuth);
  // Fp1, O1 and CB1 are the ends of their rows; elsewhere 1, 3, 5, 7 are quarters of the way.
  const isShort = match[1] === 'FP' || match[1] === 'O' || match[1] === 'CB';
  const share = isShort ? 1 : Math.ceil(number / 2) / 4;
  const point = [0, 1, 2].map((k) => middle[k] + share * (end[k] - middle[k]));
  const norm = Math.sqrt(point[0] * point[0] + point[1] * point[1] + point[2] * point[2]);
  return [point[0] / norm, point[1] / norm, point[2] / norm];
}
