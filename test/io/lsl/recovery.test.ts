import { describe, expect, it } from 'vitest';
import { chooseBackend } from '../../../src/io/lsl/backend.js';
import type { SampleBatch } from '../../../src/io/lsl/channel-format.js';
import { Outlet } from '../../../src/io/lsl/outlet.js';
import { resolveStreams } from '../../../src/io/lsl/resolver.js';
import { cleanUpAfterEach } from '../../setup/clean-up-after-each.js';
import { liblsl, testNetwork } from './liblsl-oracle.js';
import { ownSettings } from './own-settings.js';

const PORT = await ownSettings({ liblsl: true });
const backends = liblsl ? (['typescript', 'native'] as const) : (['typescript'] as const);
const { cleanups } = cleanUpAfterEach();

describe('an inlet through a restart of its outlet', () => {
  const network = testNetwork(PORT);
  const { context } = network;

  // liblsl's threads keep the world's time: a machine that is busy elsewhere may be late once.
  it.each(backends)(
    '%s: marks the gap, and says before it which outlet carries on',
    { retry: 2 },
    async (name) => {
      const offer = () =>
        Outlet.create(context, {
          name: 'cap',
          type: 'EEG',
          nominalRate_hz: 100,
          sourceId: `restarted-${name}`,
        });
      const push = (outlet: Outlet, value: number): void =>
        outlet.push(Float32Array.of(value), Float64Array.of(context.clock.now()));
      let outlet = await offer();
      const query = `source_id='restarted-${name}'`;
      const [info] = await resolveStreams(context, { query, minimum: 1, timeout_s: 10 });
      const batches: { readonly batch: SampleBatch; readonly gapBefore: boolean }[] = [];
      const told: string[] = [];
      let lost = (): void => {};
      const waiting = new Set<() => void>();
      const received = (value: number): Promise<void> =>
        new Promise((resolve) => {
          const look = (): void => {
            if (!batches.some(({ batch }) => Array.from(batch.values as Float32Array).includes(value)))
              return;
            waiting.delete(look);
            resolve();
          };
          waiting.add(look);
          look();
        });
      const inlet = chooseBackend(name).inlet(context, info, {
        samples: (batch, gapBefore) => {
          batches.push({ batch, gapBefore });
          if (gapBefore) told.push('gap');
          for (const look of [...waiting]) look();
        },
        lost: () => {
          told.push('lost');
          lost();
        },
        recovered: ({ uid }) => told.push(uid === info.uid ? 'the same' : 'another'),
        measured: () => {
          for (const look of [...waitingForClock]) look();
        },
      });
      const waitingForClock = new Set<() => void>();
      const measured = new Promise<void>((resolve) => waitingForClock.add(resolve));
      cleanups.push(() => outlet.close());
      cleanups.push(() => inlet.close());
      await inlet.open();
      await outlet.waitForConsumers(10);
      push(outlet, 1);
      await received(1);
      await measured;
      for (const value of [2, 3]) {
        const noticed = new Promise<void>((resolve) => {
          lost = resolve;
        });
        await outlet.close();
        // At once, and after the time that a person takes.
        if (value === 3) await noticed;
        outlet = await offer();
        const restarted = context.clock.now();
        // Samples of a real device go on; what is pushed before liblsl is back has no receiver.
        const pushing = context.clock.every(0.01, () => push(outlet, value));
        await received(value);
        const took_s = context.clock.now() - restarted;
        pushing.cancel();
        process.stdout.write(`${name}: data ${took_s.toFixed(2)} s after the outlet's restart\n`);
        expect(took_s).toBeLessThan(1.5);
        expect(told.splice(0)).toEqual(['lost', 'another', 'gap']);
        const first = batches.find(({ batch }) => Array.from(batch.values as Float32Array).includes(value))!;
        expect(first.gapBefore).toBe(true);
        expect(Array.from(first.batch.values as Float32Array)).not.toContain(value - 1);
        expect(inlet.info.uid).toBe(outlet.info.uid);
      }
      expect(network.events.map(({ code }) => code)).toEqual(
        expect.arrayContaining(['stream-lost', 'stream-recovered']),
      );
    },
  );
});
