import { softmax } from '../../../model/engines/inference.js';
import { applyRidge, ridge } from '../../fit/ridge.js';
import { ridgeLogistic, ridgeLogits } from '../../fit/ridge-logistic.js';

/** Of the summed loss, inputs being standardised. */
const PENALTY = 1;
/** Below this spread an input says nothing. */
const SMALLEST_SD = 1e-9;

/** Class probabilities of rows of inputs. */
export type ClassRule = (row: ArrayLike<number>) => number[];
/** A value of rows of inputs. */
export type ValueRule = (row: ArrayLike<number>) => number;

/** A ridge-logistic regression, its inputs standardised on the rows that it learns from. */
export function solvedClasses(
  rows: readonly ArrayLike<number>[],
  label: readonly number[],
  classes: number,
): ClassRule {
  const scale = standardisation(rows);
  const solved = ridgeLogistic(rows.map(scale), label, classes, PENALTY);
  return (row) => softmax(ridgeLogits(solved, scale(row)));
}

/** A ridge regression, its inputs standardised on the rows that it learns from. */
export function solvedValues(rows: readonly ArrayLike<number>[], target: readonly number[]): ValueRule {
  const scale = standardisation(rows);
  const weights = ridge(rows.map(scale), target, PENALTY);
  return (row) => applyRidge(weights, scale(row));
}

function standardisation(rows: readonly ArrayLike<number>[]): (row: ArrayLike<number>) => Float64Array {
  const width = rows[0].length;
  const mean = new Float64Array(width);
  const variance = new Float64Array(width);
  for (const row of rows) for (let f = 0; f < width; f++) mean[f] += row[f] / rows.length;
  for (const row of rows)
    for (let f = 0; f < width; f++) variance[f] += ((row[f] - mean[f]) * (row[f] - mean[f])) / rows.length;
  const sd = variance.map(Math.sqrt);
  return (row) => {
    const out = new Float64Array(width);
    for (let f = 0; f < width; f++) if (sd[f] > SMALLEST_SD) out[f] = (row[f] - mean[f]) / sd[f];
    return out;
  };
}
