import type { Seconds } from '../../core/clock.js';
import { TIME_TOLERANCE_S } from '../../core/signal.js';
import { ProtocolError } from '../../protocol/error-code.js';

/** Beyond this a double no longer tells samples apart. */
const LARGEST_STAMP_S = 1e11;

/** What a frame says of its samples' time: the first stamp, or all. */
export interface FrameStamps {
  readonly t0: number;
  readonly times: Float64Array | null;
  readonly samples: number;
}

/**
 * [n] stamps of a frame as its sender counts them: `t0 + i / sfreq`, or the stamps given.
 * @param sfreq Nominal rate, Hz; 0 = irregular.
 * @param last The sender's stamp before this frame; -Infinity for none.
 * @throws ProtocolError `sample-count`, `times-not-finite`, `times-not-increasing`.
 */
export function stampsOf(frame: FrameStamps, sfreq: number, last: Seconds): Float64Array {
  const { t0, samples } = frame;
  if (!frame.times && sfreq === 0 && samples > 1)
    throw new ProtocolError(
      'sample-count',
      `an irregular stream needs a stamp for each of ${samples} samples`,
    );
  const times = frame.times ?? Float64Array.from({ length: samples }, (_, i) => t0 + (i > 0 ? i / sfreq : 0));
  if (times.length !== samples)
    throw new ProtocolError('sample-count', `${times.length} stamps for ${samples} samples`);
  let before = last;
  for (const time of times) {
    if (!(Math.abs(time) <= LARGEST_STAMP_S))
      throw new ProtocolError('times-not-finite', `stamp ${time} is no time in seconds`);
    if (time < before)
      throw new ProtocolError('times-not-increasing', `stamp ${time} s comes after ${before} s`);
    before = time;
  }
  return times;
}

/**
 * Indices at which samples are missing before a stamp: where a regular stream's stamps are more than 1.5 sample
 * periods apart. Up to there they may jitter; stamps of irregular streams say nothing about missing samples.
 */
export function gapsIn(times: Float64Array, sfreq: number, last: Seconds): number[] {
  if (sfreq === 0) return [];
  const gaps: number[] = [];
  let before = last;
  for (let i = 0; i < times.length; i++) {
    if (before !== Number.NEGATIVE_INFINITY && times[i] - before > 1.5 / sfreq + TIME_TOLERANCE_S)
      gaps.push(i);
    before = times[i];
  }
  return gaps;
}
