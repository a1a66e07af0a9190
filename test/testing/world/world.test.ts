import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseWorldFaults, type WorldFaultKind, worldFaultKinds } from '../../../src/testing/world/faults.js';
import { brokenInvariants } from '../../../src/testing/world/invariants.js';
import { smallDevices, smallPipeline, smallSubscribers } from '../../../src/testing/world/small-world.js';
import { runWorld, type WorldHistory } from '../../../src/testing/world/world.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';

const folder = temporaryFolder();
let folders = 0;

function worldOf(seed: number, faults: string, duration_s = 20): Promise<WorldHistory> {
  const plan = {
    ...{ seed, duration_s, faults: parseWorldFaults(faults), pipeline: smallPipeline() },
    ...{ devices: smallDevices, subscribers: smallSubscribers, part_s: 9, restore_s: 7 },
  };
  return runWorld(plan, join(folder, String(++folders)));
}

const brokenIn = (history: WorldHistory): Promise<string[]> =>
  brokenInvariants(history, join(folder, String(++folders)));

/** Each kind once; those of a device over both doors. */
const singles: Readonly<Record<WorldFaultKind, string>> = {
  drop: 'drop:headset@5-8,drop:tracker@6-9',
  gap: 'gap:headset@5-8,gap:belt@6-9',
  nan: 'nan:headset@5-8,nan:tracker@6-9',
  rail: 'rail:headset@5-8,rail:tracker@6-9',
  duplicate: 'duplicate:headset@5-8,duplicate:belt@6-9',
  reorder: 'reorder:headset@5-8,reorder:tracker@6-9',
  backward: 'backward:headset@5-8,backward:tracker@6-9',
  late: 'late:headset@5-8=1,late:tracker@6-9=3',
  hold: 'hold:wristband@5-8,hold:tracker@6-9',
  rate: 'rate:headset@5-12=0.5,rate:belt@6-12=4',
  clock: 'clock:headset@5-15=3600,clock:tracker@5-15=-1700000000,clock:wristband@8-12=2400000000',
  drift: 'drift:headset@3-15=500,drift:tracker@3-15=-500',
  cut: 'cut:headset@5,cut:tracker@6,cut:headset@6.1',
  restart: 'restart:headset@5,restart:belt@6',
  label: 'label:headset@5,label:tracker@6',
  layout: 'layout:headset@5,layout:tracker@6',
  slow: 'slow:keeper@3-10=500,slow:watcher@3-10=500',
  stall: 'stall:keeper@3-10,stall:watcher@5-12',
  leave: 'leave:keeper@6,leave:watcher@7',
  full: 'full@5-9',
  readonly: 'readonly@5-9',
  failing: 'failing@5-9',
  nofiles: 'nofiles@0.2-5,nofiles@8-12',
  sluggish: 'sluggish@4-10=0.1',
  sigstop: 'sigstop@5-8',
  sigkill: 'sigkill@8.05',
  powercut: 'powercut@8.05',
  wallclock: 'wallclock@5=3600,wallclock@8=-1700000000',
};

describe('a seeded world', () => {
  it.each([
    ['gap:headset@5', "fault 'gap:headset@5': gap lasts: say until when, as in @1-2"],
    ['cut@5', "fault 'cut@5': cut happens to a device: name it, as in cut:NAME@1"],
    ['sigkill:headset@5', "fault 'sigkill:headset@5': sigkill happens to the daemon: leave out its name"],
    ['rate:headset@5-6', "fault 'rate:headset@5-6': rate needs an amount, times the declared rate"],
    ['drop:headset@5-4', "fault 'drop:headset@5-4': drop ends before it begins"],
    ['gap', "fault 'gap': write kind:target@from-to=amount"],
    ['gap:headset@5-', "fault 'gap:headset@5-': gap lasts: say until when, as in @1-2"],
    ['flat:headset@5-6', "fault 'flat:headset@5-6': a world has no flat; affectd simulate --faults does"],
  ])('%s is no fault', (text, message) => {
    expect(() => parseWorldFaults(text)).toThrow(message);
  });

  it('goes by in the same way whenever it is of the same seed, to the byte, and otherwise with another', async () => {
    const faults = 'cut:headset@5,gap:belt@3-4,late:tracker@4-6=1,powercut@9,sigstop@13-14,leave:keeper@15';
    const digests = [];
    for (const seed of [7, 7, 8]) digests.push((await worldOf(seed, faults)).digest);
    expect(digests[1]).toBe(digests[0]);
    expect(digests[2]).not.toBe(digests[0]);
  });

  it.each(worldFaultKinds)('nothing is broken by %s', async (kind) => {
    const history = await worldOf(1, singles[kind]);
    expect(await brokenIn(history)).toEqual([]);
    const plain = history.lives.flatMap(({ told }) => told).length;
    expect(plain).toBeGreaterThan(200);
  });

  it('windows wait for a stream whose rate turns out to be another, while its samples come late', async () => {
    const faults = 'duplicate:headset@22.284-32.617,late:headset@38.353-46.483=1';
    expect(await brokenIn(await worldOf(2056, faults, 44))).toEqual([]);
  });

  it.each(['sigkill', 'powercut'])(
    '%s: nothing comes to the machine until a daemon runs again',
    async (kind) => {
      const { devices } = await worldOf(1, `${kind}@5.05`, 8);
      for (const { host } of devices) {
        expect(host.landed.some((at) => at < 5.05)).toBe(true);
        expect(host.landed.filter((at) => at > 5.06 && at < 5.55)).toEqual([]);
      }
    },
  );

  it('what a killed daemon wrote and never synced outlasts a power cut, once its senders are told that it is had', async () => {
    for (let seed = 1; seed <= 5; seed++) {
      const history = await worldOf(seed, 'sluggish@1-6=0.1,sigkill@4,powercut@6', 8);
      expect(history.lives.map(({ resumed }) => resumed.size)).toEqual([0, 2, 2]);
      expect(await brokenIn(history)).toEqual([]);
    }
  });
});
