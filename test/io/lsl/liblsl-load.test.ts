import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Inlet } from '../../../src/io/lsl/inlet.js';
import { Outlet } from '../../../src/io/lsl/outlet.js';
import { resolveStreams } from '../../../src/io/lsl/resolver.js';
import { cleanUpAfterEach } from '../../setup/clean-up-after-each.js';
import { LiblslOracle, liblsl, type OracleStream, testNetwork } from './liblsl-oracle.js';
import { ownPorts } from './own-ports.js';

const PORT = await ownPorts();
const SECONDS = 2;

const loads = [
  { streams: 10, channels: 32, rate: 250 },
  { streams: 1, channels: 62, rate: 1000 },
];

/** Sample i of a stream holds i in its first channel. */
function counted(first: number, n: number, channels: number): { values: Float32Array; times: Float64Array } {
  const values = new Float32Array(n * channels);
  for (let i = 0; i < n; i++) values[i * channels] = first + i;
  return { values, times: Float64Array.from({ length: n }, (_, i) => 100 + (first + i) / 250) };
}

describe.skipIf(!liblsl)('under load, beside the real liblsl', () => {
  const network = testNetwork(PORT);
  const { context } = network;
  const { cleanups } = cleanUpAfterEach();
  let oracle: LiblslOracle;
  beforeAll(() => {
    oracle = new LiblslOracle(PORT);
  });
  afterAll(() => oracle.kill());

  const declare = (k: number, channels: number, rate: number, direction: string): OracleStream => ({
    name: `load ${k}`,
    type: 'EEG',
    channels,
    rate,
    format: 'float32',
    sourceId: `${direction}-${channels}-${k}`,
  });

  it.each(loads)(
    'from liblsl, $streams x $channels channels at $rate Hz: none lost, none twice',
    async ({ streams, channels, rate }) => {
      const total = SECONDS * rate;
      const received = await Promise.all(
        Array.from({ length: streams }, async (_, k) => {
          const declared = declare(k, channels, rate, 'in');
          const id = await oracle.createOutlet(declared);
          const query = `source_id='${declared.sourceId}'`;
          const [info] = await resolveStreams(context, { query, minimum: 1, timeout_s: 10 });
          const seen: number[] = [];
          let finish = (): void => {};
          const all = new Promise<void>((resolve) => {
            finish = resolve;
          });
          const inlet = new Inlet(context, info, {
            samples: ({ times, values }) => {
              for (let i = 0; i < times.length; i++) seen.push(Number(values[i * channels]));
              if (seen.length >= total) finish();
            },
          });
          cleanups.push(() => inlet.close());
          await inlet.open();
          await oracle.waitForConsumers(id);
          for (let first = 0; first < total; first += 25) {
            const { values, times } = counted(first, 25, channels);
            await oracle.push(id, values, times);
          }
          await all;
          await oracle.destroyOutlet(id);
          return seen;
        }),
      );
      for (const seen of received) expect(seen).toEqual(Array.from({ length: total }, (_, i) => i));
    },
  );

  it.each(loads)(
    'to liblsl, $streams x $channels channels at $rate Hz: none lost, none twice',
    async ({ streams, channels, rate }) => {
      const total = SECONDS * rate;
      const outlets = await Promise.all(
        Array.from({ length: streams }, (_, k) =>
          Outlet.create(context, {
            name: `load ${k}`,
            type: 'EEG',
            channelCount: channels,
            nominalRate_hz: rate,
            sourceId: `out-${channels}-${k}`,
          }),
        ),
      );
      for (const outlet of outlets) cleanups.push(() => outlet.close());
      await Promise.all(
        outlets.map(async (outlet, k) => {
          const declared = declare(k, channels, rate, 'out');
          const opened = await oracle.openInlet(`source_id='${declared.sourceId}'`);
          await outlet.waitForConsumers(10);
          for (let first = 0; first < total; first += 25) {
            const { values, times } = counted(first, 25, channels);
            outlet.push(values, times);
          }
          const got = await oracle.pull(opened!.id, declared, total, 10);
          const seen = Array.from({ length: got.times.length }, (_, i) => Number(got.values[i * channels]));
          expect(seen).toEqual(Array.from({ length: total }, (_, i) => i));
          oracle.destroyInlet(opened!.id);
        }),
      );
    },
  );

  it('liblsl killed and restarted: data flows again within 1.5 s of the outlet’s return', async () => {
    const declared = declare(0, 2, 100, 'killed');
    const first = new LiblslOracle(PORT);
    await first.createOutlet(declared);
    const query = `source_id='${declared.sourceId}'`;
    const [info] = await resolveStreams(context, { query, minimum: 1, timeout_s: 10 });
    let recovered = (_: boolean): void => {};
    const again = new Promise<boolean>((resolve) => {
      recovered = resolve;
    });
    const inlet = new Inlet(context, info, {
      samples: ({ values }, gapBefore) => {
        if (values[0] === 7) recovered(gapBefore);
      },
    });
    cleanups.push(() => inlet.close());
    await inlet.open();
    await first.kill();
    await network.event('stream-lost');
    const second = new LiblslOracle(PORT);
    cleanups.push(() => second.kill());
    const id = await second.createOutlet(declared);
    const returned = context.clock.now();
    await second.waitForConsumers(id);
    await second.push(id, Float32Array.of(7, 7), Float64Array.of(1));
    expect(await again).toBe(true);
    expect(context.clock.now() - returned).toBeLessThan(1.5);
    expect(inlet.info.uid).not.toBe(info.uid);
    await network.event('stream-recovered');
  });
});
