import type { LslConfig } from '../io/lsl/config.js';
import { bindDatagrams, close, type InterfaceAddress, isMulticast } from '../io/lsl/network.js';
import type { Finding } from './finding.js';

/** Interfaces of VPNs, containers and virtual machines by the names that systems give them. */
const virtualInterfaces: readonly (readonly [kind: string, name: RegExp])[] = [
  ['VPN', /^(tun|tap|wg|utun|ppp|ipsec|zt|tailscale|nordlynx|proton|cscotun|gpd)/i],
  ['container', /^(docker|veth|br-|cni|flannel|podman|lxc|lxd)/i],
  ['virtual machine', /^(vEthernet|virbr|vmnet|vboxnet|bridge)/i],
];

/** Joins a multicast group on one address; resolves with why it failed, or null. */
export type JoinGroup = (group: string, at: InterfaceAddress) => Promise<string | null>;

export interface NetworkFacts {
  readonly interfaces: readonly InterfaceAddress[];
  readonly config: LslConfig;
  readonly join: JoinGroup;
}

/** What of the network's make-up keeps LSL streams from being found. */
export async function judgeNetwork({ interfaces, config, join }: NetworkFacts): Promise<Finding[]> {
  const outer = interfaces.filter(({ internal }) => !internal);
  const names = [...new Set(outer.map((at) => at.interface))];
  const findings: Finding[] = [];
  if (names.length === 0)
    findings.push({
      check: 'network',
      status: 'note',
      message: 'no network but this computer itself: only streams of its own are found',
      mend: "join the devices' network",
    });
  else findings.push({ check: 'network', status: 'ok', message: names.join(', ') });
  for (const [kind, pattern] of virtualInterfaces) {
    const found = names.filter((name) => pattern.test(name));
    if (found.length > 0)
      findings.push({
        check: 'network',
        status: 'note',
        message: `${found.join(', ')}: by the name an interface of a ${kind}, which may swallow discovery`,
        mend:
          kind === 'VPN'
            ? "disconnect it while recording, or name the devices' computer: KnownPeers in lsl_api.cfg"
            : 'harmless unless streams are missing; then take it down, or set ListenAddress in lsl_api.cfg',
      });
  }
  return [...findings, ...(await judgeMulticast(outer, config, join))];
}

async function judgeMulticast(
  outer: readonly InterfaceAddress[],
  config: LslConfig,
  join: JoinGroup,
): Promise<Finding[]> {
  if (config.machineOnly)
    return [
      {
        check: 'multicast',
        status: 'note',
        message: 'lsl_api.cfg keeps LSL on this computer: streams of others are not looked for',
        mend: 'ResolveScope = site in [multicast] of lsl_api.cfg',
      },
    ];
  const findings: Finding[] = [];
  for (const at of outer) {
    if (at.family === 6 || !config.ipv4) continue;
    const groups = config.multicastAddresses.filter(
      (group) => isMulticast(group) && group.includes(':') === false,
    );
    const failures: string[] = [];
    for (const group of groups) {
      const failure = await join(group, at);
      if (failure !== null) failures.push(`${group}: ${failure}`);
    }
    const place = `${at.interface} (${at.address})`;
    if (failures.length === 0)
      findings.push({ check: 'multicast', status: 'ok', message: `${place} takes part in every group` });
    else
      findings.push({
        check: 'multicast',
        status: 'note',
        message: `${place} takes no part in ${failures.length} of ${groups.length} groups (${failures[0]})`,
        mend: "switch multicast on for it, or name the devices' computer: KnownPeers in lsl_api.cfg",
      });
  }
  return findings;
}

/** Joins as the resolver's outlets do, on LSL's own port. */
export function systemJoin({ multicastPort }: LslConfig): JoinGroup {
  return async (group, { address }) => {
    try {
      const socket = await bindDatagrams({ family: 4, port: multicastPort, shared: true }, () => {});
      try {
        socket.addMembership(group, address);
        return null;
      } finally {
        close(socket);
      }
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    }
  };
}
