import { describe, expect, it } from 'vitest';
import { formatWorldFault, parseWorldFaults } from '../../../src/testing/world/faults.js';
import { shrunk } from '../../../src/testing/world/shrink.js';
import { smallPlan } from '../../../src/testing/world/small-world.js';
import type { WorldPlan } from '../../../src/testing/world/world.js';

const faults = parseWorldFaults(
  'gap:headset@1-2,cut:headset@3,full@10-20,nan:belt@4-5,sigkill@12,late:tracker@6-7=1,leave:keeper@8',
);
const plan: WorldPlan = { ...smallPlan(1, 60), faults, part_s: 5, restore_s: 7 };
const has = ({ faults: left }: WorldPlan, kind: string): boolean => left.some((fault) => fault.kind === kind);

describe('a plan that is broken', () => {
  it('is left with the faults, the parts and the time that it takes', async () => {
    let runs = 0;
    const smallest = await shrunk(plan, async (smaller) => {
      runs++;
      return (
        has(smaller, 'full') && has(smaller, 'sigkill') && smaller.duration_s > 14 && smaller.part_s === 5
      );
    });
    expect(smallest.faults.map(formatWorldFault)).toEqual(['full@10-11.25', 'sigkill@12']);
    expect(smallest).toMatchObject({ duration_s: 15, part_s: 5 });
    expect(smallest.restore_s).toBeUndefined();
    expect(runs).toBeLessThan(40);
  });

  it('stays as it is where nothing smaller is broken', async () => {
    expect(await shrunk(plan, async () => false)).toEqual(plan);
  });

  it('is run no more often than it may', async () => {
    let runs = 0;
    await shrunk(
      plan,
      async (smaller) => {
        runs++;
        return smaller.faults.length > 2;
      },
      5,
    );
    expect(runs).toBe(5);
  });
});
