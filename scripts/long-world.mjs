// A seeded world of many hours, of one life of the daemon, which a fault befalls now and then. For soak.mjs.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize, serialize, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Random } from '../dist/core/random.js';
import { brokenInvariants, runWorld, smallPlan } from '../dist/testing/index.js';
import { drawFault, worldFaultKinds } from '../dist/testing/world/faults.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
/** One fault each, of one kind after the other: all of them several times a day. */
const FAULT_EVERY_S = 300;
/** These end the daemon, and its memory with it. */
const endings = new Set(['sigkill', 'powercut']);

/** The lists that a world's history is kept in, and that grow for as long as it lasts. */
function listsOf({ lives, devices, subscribers }) {
  return [
    ...lives.flatMap(({ told, events }) => [told, events]),
    ...subscribers.map(({ heard }) => heard),
    ...devices.map(({ host }) => host.landed),
  ];
}

/** `each` is told of every hour: `{ hour, used_mb }`, what the daemon, its clients and what is on its way keep on the heap. */
export async function longWorld(hours, seed, each) {
  const duration_s = 3600 * hours;
  const random = new Random(seed, 'long world');
  const plan = smallPlan(seed, duration_s, undefined, 0);
  const ground = {
    devices: plan.devices.map(({ name }) => name),
    subscribers: plan.subscribers.map(({ name }) => name),
    duration_s: FAULT_EVERY_S,
  };
  const kinds = worldFaultKinds.filter((kind) => !endings.has(kind));
  const faults = Array.from({ length: Math.floor(duration_s / FAULT_EVERY_S) }, (_, k) => {
    const { from, to, ...fault } = drawFault(kinds[k % kinds.length], ground, random);
    const moved_s = k * FAULT_EVERY_S;
    return { ...fault, from: from + moved_s, to: to === null ? null : to + moved_s };
  });
  const folder = mkdtempSync(join(tmpdir(), 'long-world-'));
  /** What the history holds, off the heap, by its list. */
  const kept = new Map();
  /** A function of its own: what it had in hand would be in use for as long as it runs. */
  const putAway = (soFar) => {
    for (const list of listsOf(soFar)) {
      if (!kept.has(list)) kept.set(list, []);
      kept.get(list).push(serialize(list.splice(0)));
    }
  };
  try {
    const history = await runWorld({ ...plan, part_s: 3600, restore_s: 3600, faults }, join(folder, 'disk'), {
      every_s: 3600,
      look(soFar) {
        putAway(soFar);
        collect();
        each({
          hour: Math.round(soFar.passed_s / 3600),
          used_mb: process.memoryUsage().heapUsed / 2 ** 20,
        });
      },
    });
    for (const [list, parts] of kept) {
      const after = list.splice(0);
      for (const part of parts) for (const one of deserialize(part)) list.push(one);
      for (const one of after) list.push(one);
    }
    const broken = await brokenInvariants(history, join(folder, 'files'));
    const lines = history.lives.reduce((sum, { told }) => sum + told.length, 0);
    return { faults: faults.length, lines, passed_s: history.passed_s, broken };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
