import { ProtocolError } from '../../protocol/error-code.js';

/** What a frame says of its samples' time: the first stamp, or all. */
export interface FrameStamps {
  readonly t0: number;
  readonly times: Float64Array | null;
  readonly samples: number;
}

/** Times the median step of a frame, above which a step counts as a gap before it is known what the stream's steps are like. */
const GAP_STEPS = 1.5;

/**
 * [n] stamps of a frame as its sender counts them: `t0 + i / rate_hz`, or the stamps given.
 * @param rate_hz Rate in use, Hz; 0 = irregular, or not known.
 * @throws ProtocolError `sample-count`, `times-not-finite`.
 */
export function stampsOf(frame: FrameStamps, rate_hz: number): Float64Array {
  const { t0, samples } = frame;
  if (!frame.times && rate_hz === 0 && samples > 1)
    throw new ProtocolError(
      'sample-count',
      `a stream without a rate needs a stamp for each of ${samples} samples`,
    );
  const times =
    frame.times ?? Float64Array.from({ length: samples }, (_, i) => t0 + (i > 0 ? i / rate_hz : 0));
  if (times.length !== samples)
    throw new ProtocolError('sample-count', `${times.length} stamps for ${samples} samples`);
  const odd = times.find((time) => !Number.isFinite(time));
  if (odd !== undefined) throw new ProtocolError('times-not-finite', `stamp ${odd} is no time in seconds`);
  return times;
}

/** Each gap ends a chunk, which costs work. @throws ProtocolError `too-many-gaps`. */
export function requireFewGaps(stamps: Float64Array, most: number): void {
  if (stamps.length <= most) return;
  const steps = stamps.subarray(1).map((stamp, i) => stamp - stamps[i]);
  const median = steps.slice().sort()[steps.length >> 1];
  const gaps = steps.reduce((count, step) => count + Number(step > GAP_STEPS * median), 0);
  if (gaps > most)
    throw new ProtocolError(
      'too-many-gaps',
      `${gaps} of ${steps.length} steps between stamps are more than ${GAP_STEPS} times their median; a frame may have ${most}`,
    );
}
