import type { SignalSeries } from './signal-series.js';

/** How a channel's values become places in its lane. */
export interface LaneScale {
  /** Value in the lane's middle. */
  readonly middle: number;
  /** Value at its upper edge, less the middle. */
  readonly half: number;
}

/**
 * Scales of all channels: those of a unit share one, so that their heights can be compared, and each lies around its own middle. One channel that
 * goes far beyond the others, as a loose electrode does, is cut off instead of flattening them. Both are rounded, so that they rarely change.
 */
export function laneScales(series: SignalSeries): LaneScale[] {
  const ranges = Array.from({ length: series.channels }, (_, c) => series.range(c));
  const spans = new Map<string, number[]>();
  for (const [c, [low, high]] of ranges.entries()) {
    const { unit } = series.info.channels[c];
    if (high >= low) spans.set(unit, [...(spans.get(unit) ?? []), (high - low) / 2]);
  }
  const halves = new Map([...spans].map(([unit, own]) => [unit, halfOf(own)]));
  return ranges.map(([low, high], c) => {
    const half = halves.get(series.info.channels[c].unit) ?? 1;
    const middle = high >= low ? Math.round((low + high) / half) * (half / 2) : 0;
    return { middle, half };
  });
}

/** 1, 2 or 5 times a power of ten that holds all spans but those beyond four times the middle one. */
function halfOf(spans: readonly number[]): number {
  const sorted = [...spans].sort((a, b) => a - b);
  const most = 4 * sorted[Math.floor(sorted.length / 2)];
  // A middle that is rounded may lie half a step off.
  const wanted = 1.25 * (sorted.findLast((span) => span <= most) ?? 0);
  if (!(wanted > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(wanted));
  return power * ([1, 2, 5].find((step) => step * power >= wanted) ?? 10);
}
