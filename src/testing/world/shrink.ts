import type { WorldPlan } from './world.js';

/** Runs that a plan is made smaller by, at most. */
const MOST_RUNS = 100;
/** A plan isn't made shorter than this, s. */
const SHORTEST_S = 2;

/**
 * A plan with fewer faults, shorter ones and less time that is still broken in the same way, as far as so many runs get:
 * of the faults that are left none can be left out alone, unless the runs are used up.
 */
export async function shrunk(
  plan: WorldPlan,
  isBroken: (plan: WorldPlan) => Promise<boolean>,
  mostRuns = MOST_RUNS,
): Promise<WorldPlan> {
  let smallest = plan;
  let runs = 0;
  const isStillBroken = async (smaller: WorldPlan): Promise<boolean> => {
    if (runs >= mostRuns) return false;
    runs++;
    if (!(await isBroken(smaller))) return false;
    smallest = smaller;
    return true;
  };
  // Halves first, then quarters, at last each alone.
  for (let size = Math.ceil(plan.faults.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
    for (let from = 0; from < smallest.faults.length; ) {
      const faults = smallest.faults.filter((_, i) => i < from || i >= from + size);
      if (!(await isStillBroken({ ...smallest, faults }))) from += size;
    }
  for (let i = 0; i < smallest.faults.length; i++)
    for (const part of [0.5, 0.5, 0.5]) {
      const { from, to } = smallest.faults[i];
      if (to === null) break;
      const shorter = Math.round((from + part * (to - from)) * 1000) / 1000;
      if (shorter <= from) break;
      const faults = smallest.faults.map((fault, k) => (k === i ? { ...fault, to: shorter } : fault));
      if (!(await isStillBroken({ ...smallest, faults }))) break;
    }
  for (const part of [0.5, 0.5, 0.5, 0.75, 0.75]) {
    const duration_s = Math.max(SHORTEST_S, part * smallest.duration_s);
    if (duration_s < smallest.duration_s) await isStillBroken({ ...smallest, duration_s });
  }
  for (const without of ['part_s', 'restore_s'] as const) {
    const { [without]: value, ...simpler } = smallest;
    if (value !== undefined) await isStillBroken(simpler);
  }
  return smallest;
}
