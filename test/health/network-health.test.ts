import { expect, it } from 'vitest';
import { judgeNetwork } from '../../src/health/network-health.js';
import { defaultConfig } from '../../src/io/lsl/config.js';
import type { InterfaceAddress } from '../../src/io/lsl/network.js';

const at = (name: string, address: string, internal = false): InterfaceAddress => ({
  ...{ interface: name, family: 4, address, broadcast: null, internal },
});
const loopback = at('lo', '127.0.0.1', true);
const wifi = at('wlan0', '192.168.1.5');
const joinsAll = async () => null;

const judge = (interfaces: readonly InterfaceAddress[], join: (group: string, on: InterfaceAddress) => Promise<string | null> = joinsAll, config = defaultConfig) =>
  judgeNetwork({ interfaces, config, join }); // biome-ignore format: two lines

it('names the interfaces that take part in multicast', async () => {
  expect(await judge([loopback, wifi])).toEqual([
    { check: 'network', status: 'ok', message: 'wlan0' },
    { check: 'multicast', status: 'ok', message: 'wlan0 (192.168.1.5) takes part in every group' },
  ]);
});

it.each([
  ['tun0', 'VPN'],
  ['utun3', 'VPN'],
  ['wg0', 'VPN'],
  ['tailscale0', 'VPN'],
  ['docker0', 'container'],
  ['br-1f2e', 'container'],
  ['vEthernet (WSL)', 'virtual machine'],
])('says that %s is an interface of a %s, and what to do', async (name, kind) => {
  const findings = await judge([loopback, wifi, at(name, '10.8.0.2')]);
  const found = findings.filter(({ message }) => message.includes(`of a ${kind}`));
  expect(found).toEqual([
    expect.objectContaining({
      status: 'note',
      message: expect.stringContaining(name),
      mend: expect.any(String),
    }),
  ]);
});

it('tells of an interface that takes no part in multicast', async () => {
  const findings = await judge([wifi, at('tun0', '10.8.0.2')], async (_, { interface: name }) =>
    name === 'tun0' ? 'ENODEV' : null,
  );
  expect(findings.filter(({ check }) => check === 'multicast')).toEqual([
    { check: 'multicast', status: 'ok', message: 'wlan0 (192.168.1.5) takes part in every group' },
    expect.objectContaining({ status: 'note', message: expect.stringMatching(/tun0 \(10\.8\.0\.2\) takes no part in (\d) of \1 groups .*ENODEV/), mend: expect.stringContaining('KnownPeers') }), // biome-ignore format: one line
  ]);
});

it('tells of a network that is this computer alone, by wire or by setting', async () => {
  expect((await judge([loopback]))[0]).toMatchObject({ status: 'note', message: expect.stringContaining('this computer itself') }); // biome-ignore format: one line
  const findings = await judge([wifi], joinsAll, { ...defaultConfig, machineOnly: true });
  expect(findings[1]).toMatchObject({ check: 'multicast', mend: expect.stringContaining('ResolveScope') });
});
