import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/io/lsl/config.js';
import { Inlet } from '../../../src/io/lsl/inlet.js';
import { type InterfaceAddress, loopbackInterfaces } from '../../../src/io/lsl/network.js';
import { Outlet } from '../../../src/io/lsl/outlet.js';
import { Resolver, resolveStreams } from '../../../src/io/lsl/resolver.js';
import type { LslStreamInfo } from '../../../src/io/lsl/stream-info.js';
import { cleanUpAfterEach } from '../../setup/clean-up-after-each.js';
import { testNetwork } from './liblsl-oracle.js';
import { ownPorts } from './own-ports.js';

const PORT = await ownPorts();
const { cleanups } = cleanUpAfterEach();

async function offer(context: Parameters<typeof Outlet.create>[0], name: string): Promise<Outlet> {
  const outlet = await Outlet.create(context, { name, type: 'EEG', sourceId: name });
  cleanups.push(() => outlet.close());
  return outlet;
}

describe('resolver', () => {
  it('finds every outlet by multicast alone', async () => {
    const defaults = parseConfig(`[ports]\nMulticastPort=${PORT + 60}\nIPv6=disable\n`, 'test');
    const network = testNetwork(PORT + 60, {
      machineOnly: false,
      multicastAddresses: defaults.multicastAddresses,
      multicastTtl: 0,
    });
    for (const name of ['a', 'b', 'c']) await offer(network.context, name);
    // Without ports to ask directly, and one socket only getting what goes to the machine's own address.
    const asking = { ...network.context, config: { ...network.context.config, portRange: 0 } };
    const found = await resolveStreams(asking, { query: "type='EEG'", minimum: 3, timeout_s: 5 });
    expect(found.map(({ name }) => name).sort()).toEqual(['a', 'b', 'c']);
  });

  it.skipIf(!loopbackInterfaces().some(({ family }) => family === 6))('works on IPv6 alone', async () => {
    const { context } = testNetwork(PORT, { ipv4: false, ipv6: true, knownPeers: [] });
    const outlet = await offer(context, 'six');
    expect(outlet.info.v4.dataPort).toBe(0);
    const [info] = await resolveStreams(context, { query: "name='six'", minimum: 1, timeout_s: 5 });
    expect(info.v6.address).toBe('::1');
    let arrived = (_: number): void => {};
    const sample = new Promise<number>((resolve) => {
      arrived = resolve;
    });
    const inlet = new Inlet(context, info, { samples: ({ values }) => arrived(Number(values[0])) });
    cleanups.push(() => inlet.close());
    await inlet.open();
    await outlet.waitForConsumers(5);
    outlet.push(Float32Array.of(42), 1);
    expect(await sample).toBe(42);
  });

  it('goes on when an interface fails, and says which', async () => {
    const broken: InterfaceAddress = {
      interface: 'tun0',
      family: 4,
      address: '203.0.113.7',
      broadcast: null,
      internal: true,
    };
    const network = testNetwork(PORT);
    const context = { ...network.context, interfaces: () => [broken, ...loopbackInterfaces()] };
    await offer(network.context, 'reached');
    const found = await resolveStreams(context, { query: "name='reached'", minimum: 1, timeout_s: 5 });
    expect(found).toHaveLength(1);
    expect((await network.event('network-interface-failed')).message).toContain('tun0');
  });

  it('notices when an outlet goes', async () => {
    const { context } = testNetwork(PORT);
    const outlet = await offer(context, 'going');
    const gone = new Promise<LslStreamInfo>((resolve) => {
      const resolver = new Resolver(context, {
        query: "name='going'",
        forgetAfter_s: 1,
        appeared: () => void outlet.close(),
        vanished: resolve,
      });
      cleanups.push(() => resolver.close());
    });
    expect((await gone).uid).toBe(outlet.info.uid);
  });

  it('keeps sessions of the settings apart', async () => {
    const ours = testNetwork(PORT, { sessionId: 'ours' });
    const theirs = testNetwork(PORT, { sessionId: 'theirs' });
    await offer(ours.context, 'mine');
    await offer(theirs.context, 'not mine');
    const found = await resolveStreams(ours.context, { query: "type='EEG'", timeout_s: 1 });
    expect(found.map(({ name }) => name)).toEqual(['mine']);
  });
});
