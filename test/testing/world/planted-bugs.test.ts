import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { IngestStream } from '../../../src/io/sources/ingest/ingest-stream.js';
import { SessionRecorder } from '../../../src/recorder/session-recorder.js';
import { SosFilter } from '../../../src/signal/dsp/sos-filter.js';
import { StallWatch } from '../../../src/signal/timebase/stall-watch.js';
import { brokenInvariants } from '../../../src/testing/world/invariants.js';
import { shrunk } from '../../../src/testing/world/shrink.js';
import { smallPlan } from '../../../src/testing/world/small-world.js';
import { runWorld, type WorldPlan } from '../../../src/testing/world/world.js';
import { WorldDisk } from '../../../src/testing/world/world-disk.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';

const MOST_SEEDS = 1000;
const DURATION_S = 20;

const folder = temporaryFolder();
afterEach(() => vi.restoreAllMocks());

async function brokenIn(plan: WorldPlan): Promise<readonly string[]> {
  return brokenInvariants(await runWorld(plan, join(folder, 'disk')), join(folder, 'files'));
}

/** The first seed's world that shows the bug. */
async function found(bug: RegExp): Promise<WorldPlan | null> {
  for (let seed = 1; seed <= MOST_SEEDS; seed++) {
    const plan = smallPlan(seed, DURATION_S);
    if ((await brokenIn(plan)).some((problem) => bug.test(problem))) return plan;
  }
  return null;
}

const bugs: Readonly<Record<string, { readonly shows: RegExp; readonly plant: () => void }>> = {
  'an early ack': {
    shows: /acknowledged samples lost/,
    plant: () => {
      vi.spyOn(SessionRecorder.prototype, 'safe').mockImplementation(() => Promise.resolve());
    },
  },
  'a missing dedup': {
    shows: /samples doubled/,
    plant: () => {
      const { place } = IngestStream.prototype;
      vi.spyOn(IngestStream.prototype, 'place').mockImplementation(function (this: IngestStream, seq) {
        place.call(this, seq);
        return 'next';
      });
    },
  },
  'a lost part': {
    shows: /acknowledged samples lost/,
    plant: () => {
      const { of } = WorldDisk.prototype;
      vi.spyOn(WorldDisk.prototype, 'of').mockImplementation(function (this: WorldDisk, clock) {
        const disk = of.call(this, clock);
        let isFirst = true;
        const syncFolder = async (path: string): Promise<void> => {
          if (isFirst) await disk.syncFolder(path);
          isFirst = false;
        };
        return { ...disk, syncFolder };
      });
    },
  },
  'a state field left out of a snapshot': {
    shows: /the replay gives/,
    plant: () => {
      const { snapshot } = SosFilter.prototype;
      vi.spyOn(SosFilter.prototype, 'snapshot').mockImplementation(function (this: SosFilter) {
        const { delays, fresh } = snapshot.call(this);
        return { delays: delays.fill(0), fresh };
      });
    },
  },
  'a tick that overtakes a socket': {
    shows: /counts as silent, though samples came all the time/,
    plant: () => {
      vi.spyOn(StallWatch.prototype, 'isBehind', 'get').mockReturnValue(false);
      vi.spyOn(StallWatch.prototype, 'attended').mockImplementation(function (this: StallWatch) {
        return this.now();
      });
    },
  },
};

describe('a bug that is planted', () => {
  it.each(Object.keys(bugs))('%s is found, and by few faults', { timeout: 600_000 }, async (name) => {
    const { shows, plant } = bugs[name];
    plant();
    const first = await found(shows);
    expect(first).not.toBeNull();
    const isBroken = async (plan: WorldPlan): Promise<boolean> =>
      (await brokenIn(plan)).some((problem) => shows.test(problem));
    const smallest = await shrunk(first!, isBroken, 20);
    expect(smallest.faults.length).toBeLessThanOrEqual(2);
    const digests = [];
    for (let run = 0; run < 2; run++) digests.push((await runWorld(smallest, join(folder, 'disk'))).digest);
    expect(digests[1]).toBe(digests[0]);
    expect(await isBroken(smallest)).toBe(true);
    vi.restoreAllMocks();
    expect(await brokenIn(smallest)).toEqual([]);
  });
});
