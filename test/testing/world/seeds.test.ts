import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { type SharedSession, SharedSessions } from '../../../src/io/sources/door/shared-sessions.js';
import { formatWorldFault, parseWorldFaults } from '../../../src/testing/world/faults.js';
import { brokenInvariants } from '../../../src/testing/world/invariants.js';
import { movedByNeighbours } from '../../../src/testing/world/neighbours.js';
import { smallPipeline, smallPlan } from '../../../src/testing/world/small-world.js';
import { runWorld } from '../../../src/testing/world/world.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';

const folder = temporaryFolder();
const pipeline = smallPipeline();
const SEEDS = 50;
const SEEDS_A_TEST = 10;

describe('worlds of a minute, each with a few faults', () => {
  it.each(Array.from({ length: SEEDS / SEEDS_A_TEST }, (_, i) => 1 + i * SEEDS_A_TEST))(
    'ten seeds from %i on: nothing is broken',
    { timeout: 300_000 },
    async (first) => {
      for (let seed = first; seed < first + SEEDS_A_TEST; seed++) {
        const plan = smallPlan(seed, 60, pipeline);
        const broken = await brokenInvariants(
          await runWorld(plan, join(folder, 'disk')),
          join(folder, 'files'),
        );
        expect({ seed, faults: plan.faults.map(formatWorldFault), broken }).toMatchObject({ broken: [] });
      }
    },
  );

  it("what befalls other people's devices moves no byte of a session", { timeout: 300_000 }, async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const plan = smallPlan(seed, 20, pipeline);
      const faults = plan.faults.filter(({ kind }) => kind !== 'sigkill' && kind !== 'powercut');
      const moved = await movedByNeighbours({ ...plan, faults }, 'other', join(folder, 'disk'));
      expect({ seed, faults: faults.map(formatWorldFault), moved }).toMatchObject({ moved: [] });
    }
  });

  it('a byte that such a fault moves is told: of sessions that share their time', async () => {
    const times = new WeakMap<SharedSessions, SharedSession['time']>();
    const { of } = SharedSessions.prototype;
    const spy = vi.spyOn(SharedSessions.prototype, 'of').mockImplementation(function (
      this: SharedSessions,
      name,
    ) {
      const session = of.call(this, name);
      const time = times.get(this) ?? session.time;
      times.set(this, time);
      return Object.assign(session, { time });
    });
    const faults = parseWorldFaults(
      'gap:other-headset@0-3,gap:headset@0-6,gap:tracker@0-6,gap:wristband@0-6,gap:belt@0-6',
    );
    const plan = { ...smallPlan(1, 10, pipeline), faults };
    const moved = await movedByNeighbours(plan, 'other', join(folder, 'disk'));
    spy.mockRestore();
    expect(moved).toHaveLength(1);
  });
});
