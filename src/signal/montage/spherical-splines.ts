import { dot, type Position } from './positions.js';

const LEGENDRE_TERMS = 50;
/** Added to the diagonal, as in MNE-Python. */
const REGULARIZATION = 1e-5;

/** (2n + 1) / (4 pi (n (n + 1))^4) for n = 1, 2 ... */
const factors = Float64Array.from({ length: LEGENDRE_TERMS }, (_, i) => {
  const product = (i + 1) * (i + 2);
  const square = product * product;
  return (2 * i + 3) / (4 * Math.PI * square * square);
});

/** Perrin's g of two points whose unit vectors have the dot product `x`. */
function splineKernel(x: number): number {
  let sum = 0;
  let [previous, current] = [1, x];
  for (let n = 1; n <= LEGENDRE_TERMS; n++) {
    sum += factors[n - 1] * current;
    [previous, current] = [current, ((2 * n + 1) * x * current - n * previous) / (n + 1)];
  }
  return sum;
}

/** Solves `matrix` [n, n] X = `right` [n, m] in place by Gaussian elimination with partial pivoting; X stands in `right`. */
function solve(matrix: readonly Float64Array[], right: readonly Float64Array[]): void {
  const [a, b] = [[...matrix], right as Float64Array[]];
  const n = a.length;
  const subtract = (row: Float64Array, other: Float64Array, factor: number, from: number) => {
    for (let j = from; j < row.length; j++) row[j] -= factor * other[j];
  };
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(a[i][k]) > Math.abs(a[pivot][k])) pivot = i;
    [a[k], a[pivot]] = [a[pivot], a[k]];
    [b[k], b[pivot]] = [b[pivot], b[k]];
    for (let i = k + 1; i < n; i++) {
      const factor = a[i][k] / a[k][k];
      if (factor === 0) continue;
      subtract(a[i], a[k], factor, k);
      subtract(b[i], b[k], factor, 0);
    }
  }
  for (let k = n - 1; k >= 0; k--) {
    for (let j = 0; j < b[k].length; j++) b[k][j] /= a[k][k];
    for (let i = 0; i < k; i++) subtract(b[i], b[k], a[i][k], 0);
  }
}

/**
 * Weights [to.length][from.length] that give the potential at the points `to` from that at the points `from`, all on
 * the unit sphere, by spherical splines (Perrin, Pernier, Bertrand & Echallier 1989,
 * doi:10.1016/0013-4694(89)90180-6): stiffness 4, 50 Legendre terms, 1e-5 on the diagonal. These are the weights of
 * MNE-Python's `_make_interpolation_matrix`. Each row sums to 1.
 */
export function splineWeights(from: readonly Position[], to: readonly Position[]): Float64Array[] {
  const n = from.length;
  const matrix = [...from, null].map((p, i) =>
    Float64Array.from([...from, null], (q, j) =>
      p && q ? splineKernel(dot(p, q)) + (i === j ? REGULARIZATION : 0) : Number(p !== q),
    ),
  );
  // The matrix is symmetric: rows of the inverse are its columns.
  const right = [...from, null].map((p) => Float64Array.from(to, (q) => (p ? splineKernel(dot(p, q)) : 1)));
  solve(matrix, right);
  return to.map((_, t) => Float64Array.from({ length: n }, (_, i) => right[i][t]));
}
