import { canonicalLabel, synonymOf, tenFiveLabels } from './labels.js';

/** On the unit sphere: x to the right ear, y to the nose, z to the crown. */
export type Position = readonly [x: number, y: number, z: number];

/** Rows from the nasion (0) to the inion (1), as shares of the midline. */
const midline: Readonly<Record<string, number>> = {
  N: 0,
  NFp: 0.05,
  Fp: 0.1,
  AFp: 0.15,
  AF: 0.2,
  AFF: 0.25,
  F: 0.3,
  FFC: 0.35,
  FFT: 0.35,
  FC: 0.4,
  FT: 0.4,
  FCC: 0.45,
  FTT: 0.45,
  C: 0.5,
  T: 0.5,
  CCP: 0.55,
  TTP: 0.55,
  CP: 0.6,
  TP: 0.6,
  CPP: 0.65,
  TPP: 0.65,
  P: 0.7,
  PPO: 0.75,
  PO: 0.8,
  POO: 0.85,
  O: 0.9,
  OI: 0.95,
  I: 1,
};

/** Rows whose electrodes 1 and 2 lie on the circle around the head, a tenth of its half beside the midline. */
const narrowRows = ['N', 'NFp', 'Fp', 'O', 'OI', 'I'];

/** Height of the circle through Fpz, T7, T8 and Oz: a tenth of the way up. */
const CIRCLE = 0.1 * Math.PI;

/** A point at `azimuth` from the nose towards the left ear and at `elevation` above the nasion, rad. */
function pointAt(azimuth: number, elevation: number): Position {
  const r = Math.cos(elevation);
  return [-r * Math.sin(azimuth), r * Math.cos(azimuth), Math.sin(elevation)];
}

function cross(a: Position, b: Position): Position {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

export function dot(a: Position, b: Position): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/** The point at `share` of the arc from the midline to the left circle, along the circle through both sides and the midline. */
function along(middle: Position, left: Position, share: number): Position {
  const right: Position = [-left[0], left[1], left[2]];
  const n = cross(
    [left[0] - middle[0], left[1] - middle[1], left[2] - middle[2]],
    [right[0] - middle[0], right[1] - middle[1], right[2] - middle[2]],
  );
  const length = Math.sqrt(dot(n, n));
  const normal: Position = [n[0] / length, n[1] / length, n[2] / length];
  const height = dot(normal, middle);
  const centre = normal.map((v) => v * height);
  const radius: Position = [middle[0] - centre[0], middle[1] - centre[1], middle[2] - centre[2]];
  const side = cross(normal, radius);
  const towards: Position = [left[0] - centre[0], left[1] - centre[1], left[2] - centre[2]];
  const angle = share * Math.atan2(dot(towards, side), dot(towards, radius));
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return [
    centre[0] + c * radius[0] + s * side[0],
    centre[1] + c * radius[1] + s * side[1],
    centre[2] + c * radius[2] + s * side[2],
  ];
}

function place(label: string): Position {
  const [, row, number, half] = /^([A-Za-z]+?)(z|10|[1-9])(h?)$/.exec(label)!;
  const share = midline[row];
  const middle = pointAt(0, share * Math.PI);
  if (number === 'z') return middle;
  const even = Number(number) % 2 === 0;
  // 1h lies halfway between the midline and 1, 3h between 1 and 3: twice the number of steps is odd.
  const steps = (even ? Number(number) - 1 : Number(number)) / 2 + (half ? 0 : 0.5);
  let left: Position;
  if (narrowRows.includes(row)) {
    const front = share < 0.5;
    const elevation = CIRCLE * (front ? share / 0.1 : (1 - share) / 0.1);
    const beside = 0.1 * Math.PI * steps;
    left = pointAt(front ? beside : Math.PI - beside, elevation);
  } else {
    const azimuth = share * Math.PI;
    left =
      steps > 4 ? pointAt(azimuth, CIRCLE * (5 - steps)) : along(middle, pointAt(azimuth, CIRCLE), steps / 4);
  }
  return even ? [-left[0], left[1], left[2]] : left;
}

const positions = new Map(tenFiveLabels.map((label) => [label, place(label)]));

/**
 * Where an electrode of the 10-20, 10-10 or 10-5 system lies on a spherical head, or null where `label` names none:
 * ears, mastoids, Neuroscan's CB1 and CB2, unnamed channels. Computed from the systems' own division of the midline, of
 * the circle around the head and of the arcs between them (Oostenveld & Praamstra 2001,
 * doi:10.1016/S1388-2457(00)00527-7), not measured on a head. T3, T4, T5 and T6 are T7, T8, P7 and P8.
 */
export function positionOf(label: string): Position | null {
  const plain = canonicalLabel(label.replace(/#\d+$/, ''));
  return positions.get(plain) ?? positions.get(synonymOf(plain) ?? '') ?? null;
}
