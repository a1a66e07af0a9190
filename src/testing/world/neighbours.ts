import { runWorld, type WorldHistory, type WorldPlan } from './world.js';

/**
 * What faults of other people's devices move in a session: nothing may. A world is run with them and without, and what the daemon
 * told of the session is compared, byte by byte; one line where it differs.
 */
export async function movedByNeighbours(plan: WorldPlan, session: string, folder: string): Promise<string[]> {
  const strangers = new Set(
    plan.devices.filter((device) => device.session !== session).map(({ name }) => name),
  );
  const isTheirs = (target: string | null): boolean => target !== null && strangers.has(target);
  const faults = plan.faults.filter(({ target }) => !isTheirs(target));
  if (faults.length === plan.faults.length) return [];
  const disturbed = linesOf(await runWorld(plan, folder), session);
  const alone = linesOf(await runWorld({ ...plan, faults }, folder), session);
  const at = alone.findIndex((line, i) => line !== disturbed[i]);
  if (at < 0 && alone.length === disturbed.length) return [];
  const first = at < 0 ? alone.length : at;
  return [
    `${session}: faults of others' devices move line ${first} of ${alone.length}: ${disturbed[first]?.slice(0, 300)} instead of ${alone[first]?.slice(0, 300)}`,
  ];
}

function linesOf({ lives }: WorldHistory, session: string): string[] {
  return lives.flatMap(({ told }) =>
    told.flatMap(({ output }) =>
      // What is told of the disk, which they share, comes when that has time.
      output.session === session && output.stream !== 'sys' ? [JSON.stringify(output)] : [],
    ),
  );
}
