import type { Chunk, StreamInfo, StreamType } from '../core/signal.js';

/** A stream's description with a channel for each label. `sfreq`: Hz, 0 = irregular. */
export function streamInfo(options: {
  readonly type: StreamType;
  readonly sfreq: number;
  readonly labels: readonly string[];
  readonly unit: string;
}): StreamInfo {
  const { type, sfreq, labels, unit } = options;
  return {
    id: type.toLowerCase(),
    name: type.toLowerCase(),
    type,
    sourceId: `test-${type.toLowerCase()}`,
    sfreq,
    channels: labels.map((label) => ({ label, unit, type })),
  };
}

/**
 * A chunk of `rows` [C][n]. `times`: the first stamp, s, from which the nominal rate counts on, or all stamps.
 */
export function chunkOf(
  info: StreamInfo,
  rows: readonly (readonly number[] | Float64Array)[],
  times: number | readonly number[],
  gapBefore = false,
): Chunk {
  const n = rows[0].length;
  const data = new Float64Array(rows.length * n);
  for (const [c, row] of rows.entries()) data.set(row, c * n);
  const stamps =
    typeof times === 'number'
      ? Float64Array.from({ length: n }, (_, i) => times + i / info.sfreq)
      : Float64Array.from(times);
  return { info, data, times: stamps, gapBefore };
}
