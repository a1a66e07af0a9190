import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../../src/core/errors.js';
import { chooseBackend, probeBackends } from '../../../src/io/lsl/backend.js';
import { findLiblsl } from '../../../src/io/lsl/native/liblsl.js';
import { Outlet } from '../../../src/io/lsl/outlet.js';
import { resolveStreams } from '../../../src/io/lsl/resolver.js';
import { cleanUpAfterEach } from '../../setup/clean-up-after-each.js';
import { liblsl, testNetwork } from './liblsl-oracle.js';
import { ownSettings } from './own-settings.js';

const PORT = await ownSettings({ liblsl: true });
const { cleanups } = cleanUpAfterEach();

describe('choosing a backend', () => {
  it('auto is TypeScript', () => {
    expect(chooseBackend('auto').name).toBe('typescript');
    expect(probeBackends().map(({ name }) => name)).toEqual(['typescript', 'native']);
  });

  it('says what is wrong with a library that is named and not there', () => {
    expect(findLiblsl({ LSL_LIB: '/nowhere/liblsl.so' })).toEqual({
      reason: 'LSL_LIB names /nowhere/liblsl.so, which is not there',
    });
  });

  it.skipIf(liblsl)('native without liblsl is a usage error that says what lacks', () => {
    expect(() => chooseBackend('native')).toThrow(ConfigurationError);
  });
});

describe.skipIf(!liblsl)('the native backend', () => {
  const { context } = testNetwork(PORT);

  it.each(['float32', 'string'] as const)('receives what TypeScript receives (%s)', async (channelFormat) => {
    const outlet = await Outlet.create(context, {
      name: 'both',
      type: 'EEG',
      channelCount: 2,
      channelFormat,
      nominalRate_hz: 100,
      sourceId: `both-${channelFormat}`,
    });
    cleanups.push(() => outlet.close());
    const query = `source_id='both-${channelFormat}'`;
    const [info] = await resolveStreams(context, { query, minimum: 1, timeout_s: 10 });
    const total = 300;
    const received = (['typescript', 'native'] as const).map((name) => {
      const values: unknown[] = [];
      const times: number[] = [];
      let finish = (): void => {};
      const all = new Promise<void>((resolve) => {
        finish = resolve;
      });
      const inlet = chooseBackend(name).inlet(context, info, {
        samples: (batch) => {
          values.push(...batch.values);
          times.push(...batch.times);
          if (times.length >= total) finish();
        },
      });
      cleanups.push(() => inlet.close());
      return { inlet, all, values, times };
    });
    for (const { inlet } of received) {
      expect((await inlet.fullInfo()).uid).toBe(info.uid);
      await inlet.open();
    }
    while (outlet.consumers < 2) await new Promise((resolve) => setImmediate(resolve));
    for (let first = 0; first < total; first += 10) {
      const numbers = Array.from({ length: 20 }, (_, i) => first * 2 + i);
      outlet.push(
        channelFormat === 'string' ? numbers.map(String) : Float32Array.from(numbers),
        // liblsl takes a stamp of 0 for no sample.
        Float64Array.from({ length: 10 }, (_, i) => 1 + first + i),
      );
    }
    await Promise.all(received.map(({ all }) => all));
    expect(received[1].values).toEqual(received[0].values);
    expect(received[1].times).toEqual(received[0].times);
    expect(received[1].times).toEqual(Array.from({ length: total }, (_, i) => 1 + i));
  });
});
