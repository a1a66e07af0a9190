import { BATCH_NORM_EPSILON } from '../../networks/graph.js';
import type { Tape, Value } from './tape.js';

interface Parts {
  readonly scale: Value;
  readonly shift: Value;
  readonly mean: Value;
  readonly variance: Value;
}

/**
 * Batch normalisation of x [B, C, n]. `observe` null: with the running statistics; else with those of the rows whose
 * `rows` [B, 1] is 1, which it is told.
 */
export function batchNorm(
  tape: Tape,
  x: Value,
  parts: Parts,
  rows: Value,
  observe: ((mean: Float64Array, variance: Float64Array) => void) | null,
): Value {
  const { workspace } = tape;
  const { kernels } = workspace;
  const [batch, channels, samples] = x.shape;
  const lines = batch * channels;
  const y = tape.value(x.shape, true);
  const [from, to] = [x.storage.address, y.storage.address];
  // A coefficient or sum for each line of samples: [B, C].
  const sums = workspace.take(lines).address;
  const centres = workspace.take(lines).address;
  const factors = workspace.take(2 * lines).address;
  const mean = new Float64Array(channels);
  const variance = new Float64Array(channels);
  let count = 1;

  const weights = (): Float32Array => workspace.view(rows.storage.address, batch);
  /** Sum over the rows that count, channel by channel, divided by how many samples these have. */
  const average = (into: Float64Array): void => {
    const [weight, sum] = [weights(), workspace.view(sums, lines)];
    into.fill(0);
    for (let row = 0; row < batch; row++)
      for (let c = 0; c < channels; c++) into[c] += weight[row] * sum[row * channels + c];
    for (let c = 0; c < channels; c++) into[c] /= count;
  };

  tape.call('normalisation', () => {
    if (observe) {
      count = Math.max(1, samples * weights().reduce((sum, w) => sum + w, 0));
      kernels.sumEachRow(from, 0, sums, lines, samples);
      average(mean);
      const centre = workspace.view(centres, lines);
      for (let line = 0; line < lines; line++) centre[line] = -mean[line % channels];
      kernels.squareRows(from, centres, sums, lines, samples);
      average(variance);
      observe(mean, variance);
    } else {
      mean.set(workspace.view(parts.mean.storage.address, channels));
      variance.set(workspace.view(parts.variance.storage.address, channels));
    }
    const scale = workspace.view(parts.scale.storage.address, channels);
    const shift = workspace.view(parts.shift.storage.address, channels);
    const factor = workspace.view(factors, 2 * lines);
    for (let line = 0; line < lines; line++) {
      const c = line % channels;
      factor[2 * line] = scale[c] / Math.sqrt(variance[c] + BATCH_NORM_EPSILON);
      factor[2 * line + 1] = shift[c] - mean[c] * factor[2 * line];
    }
    kernels.affineRows(from, factors, to, lines, samples);
  });

  tape.onBackward(y, () => {
    const dy = tape.gradientOf(y);
    const along = workspace.take(lines).address;
    const blends = workspace.take(3 * lines).address;
    const [dScale, dShift] = [tape.share(parts.scale), tape.share(parts.shift)];
    const dx = x.storage.trained ? tape.share(x) : null;
    const blend = kernels[dx?.adding ? 'blendRowsAdding' : 'blendRows'];
    tape.call('normalisation', () => {
      kernels.sumEachRow(dy, 0, sums, lines, samples);
      kernels.multiplyRows(dy, from, 0, along, lines, samples);
      const [sum, dot] = [workspace.view(sums, lines), workspace.view(along, lines)];
      const scale = workspace.view(parts.scale.storage.address, channels);
      const [byScale, byShift] = [new Float64Array(channels), new Float64Array(channels)];
      for (let line = 0; line < lines; line++) {
        const c = line % channels;
        byScale[c] += dot[line] - mean[c] * sum[line];
        byShift[c] += sum[line];
      }
      for (let c = 0; c < channels; c++) byScale[c] /= Math.sqrt(variance[c] + BATCH_NORM_EPSILON);
      for (const [{ address, adding }, share] of [
        [dScale, byScale],
        [dShift, byShift],
      ] as const) {
        const into = workspace.view(address, channels);
        for (let c = 0; c < channels; c++) into[c] = adding ? into[c] + share[c] : share[c];
      }
      if (!dx) return;
      const [weight, coefficients] = [weights(), workspace.view(blends, 3 * lines)];
      for (let line = 0; line < lines; line++) {
        const c = line % channels;
        const deviation = Math.sqrt(variance[c] + BATCH_NORM_EPSILON);
        const factor = scale[c] / deviation;
        // The statistics' own share: only rows that count have moved them.
        const share = observe ? (factor * weight[Math.floor(line / channels)]) / count : 0;
        coefficients[3 * line] = factor;
        coefficients[3 * line + 1] = (-share * byScale[c]) / deviation;
        coefficients[3 * line + 2] = share * ((mean[c] * byScale[c]) / deviation - byShift[c]);
      }
      blend(dy, from, blends, dx.address, lines, samples);
    });
  });
  return y;
}
