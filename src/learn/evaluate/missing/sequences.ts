import type { Seconds } from '../../../core/clock.js';

/** Where a window stands in time. */
export interface Timed {
  /** The same for windows of one trial, another for others. */
  readonly sequence: string;
  /** s, on the trial's own clock. */
  readonly start: Seconds;
}

/**
 * Runs of consecutive windows: indices by trial in order of time, cut where more than one and a half hops pass from one
 * to the next.
 */
export function consecutiveRuns(windows: readonly Timed[], hop_s: Seconds): number[][] {
  const trials = new Map<string, number[]>();
  windows.forEach(({ sequence }, i) => {
    const own = trials.get(sequence);
    if (own) own.push(i);
    else trials.set(sequence, [i]);
  });
  return [...trials.values()].flatMap((own) => {
    const ordered = [...own].sort((a, b) => windows[a].start - windows[b].start);
    const runs: number[][] = [];
    ordered.forEach((i, place) => {
      const before = ordered[place - 1];
      if (place > 0 && windows[i].start - windows[before].start < 1.5 * hop_s) runs.at(-1)!.push(i);
      else runs.push([i]);
    });
    return runs;
  });
}
