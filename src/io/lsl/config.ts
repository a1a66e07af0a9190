import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError } from '../../core/errors.js';

/** Settings as liblsl's `lsl_api.cfg` has them; the same names and defaults where they mean the same here. */
export interface LslConfig {
  /** UDP port of discovery. */
  readonly multicastPort: number;
  /** First of the ports that outlets take, and how many there are. */
  readonly basePort: number;
  readonly portRange: number;
  /** Whether outlets take any port once the range is used up. */
  readonly allowRandomPorts: boolean;
  readonly ipv4: boolean;
  readonly ipv6: boolean;
  /** Addresses that queries go to beside those of this machine: broadcast and multicast groups. */
  readonly multicastAddresses: readonly string[];
  readonly multicastTtl: number;
  /** Whether only this machine's own addresses are used: `ResolveScope = machine`. */
  readonly machineOnly: boolean;
  /** Address of the one interface to use; null for all. */
  readonly listenAddress: string | null;
  /** Hosts that are asked directly: where multicast doesn't get through. */
  readonly knownPeers: readonly string[];
  /** Outlets and queries of different sessions don't see each other. */
  readonly sessionId: string;
  /** How often a lasting query is repeated, s. */
  readonly resolveInterval_s: number;
  readonly watchdogInterval_s: number;
  /** Silence after which an inlet looks whether its outlet is still there, s. */
  readonly watchdogThreshold_s: number;
  readonly timeUpdateInterval_s: number;
  readonly timeProbeCount: number;
  readonly timeProbeInterval_s: number;
  readonly timeProbeMaxRtt_s: number;
  readonly timeUpdateMinProbes: number;
  readonly smoothingHalfTime_s: number;
  /** Where the settings came from; null for the defaults. */
  readonly file: string | null;
}

const scopes = ['machine', 'link', 'site', 'organization', 'global'] as const;
const ttls = [0, 1, 24, 32, 255] as const;
const ipv6Prefixes = [null, 'FF02', 'FF05', 'FF08', 'FF0E'] as const;

/** liblsl's defaults. */
export const defaultConfig: LslConfig = configOf(new Map(), null);

/**
 * The settings in force: the file that `LSLAPICFG` names, else `./lsl_api.cfg`, `~/lsl_api/lsl_api.cfg` or
 * `/etc/lsl_api/lsl_api.cfg`, else the defaults.
 * @throws ConfigurationError `lsl-config-unusable`.
 */
export function loadConfig(environment: NodeJS.ProcessEnv = process.env): LslConfig {
  const named = environment.LSLAPICFG;
  const candidates = [
    'lsl_api.cfg',
    join(homedir(), 'lsl_api', 'lsl_api.cfg'),
    join('/etc', 'lsl_api', 'lsl_api.cfg'),
  ];
  for (const path of named ? [named, ...candidates] : candidates) {
    const text = read(path);
    if (text !== null) return parseConfig(text, path);
  }
  return defaultConfig;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** Reads `lsl_api.cfg`. Keys that mean nothing here are passed over. @throws ConfigurationError `lsl-config-unusable`. */
export function parseConfig(text: string, file: string): LslConfig {
  const values = new Map<string, string>();
  let section = '';
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim();
    if (line === '' || line.startsWith(';') || line.startsWith('#')) continue;
    const head = /^\[(.+)\]$/.exec(line);
    if (head) section = head[1].trim().toLowerCase();
    else {
      const equals = line.indexOf('=');
      if (equals < 1) throw unusable(file, `'${line.slice(0, 40)}' is no key and value`);
      values.set(`${section}.${line.slice(0, equals).trim().toLowerCase()}`, line.slice(equals + 1).trim());
    }
  }
  return configOf(values, file);
}

function configOf(values: ReadonlyMap<string, string>, file: string | null): LslConfig {
  const number = (key: string, otherwise: number): number => {
    const text = values.get(key.toLowerCase());
    const value = Number(text);
    if (text !== undefined && !(value >= 0)) throw unusable(file, `${key} = ${text} is no number`);
    return text === undefined ? otherwise : value;
  };
  const set = (key: string, otherwise: readonly string[]): readonly string[] => {
    const text = values.get(key.toLowerCase());
    return text === undefined
      ? otherwise
      : text
          .replace(/^\{|\}$/g, '')
          .split(',')
          .map((part) => part.trim())
          .filter((part) => part !== '');
  };
  const ipv6 = values.get('ports.ipv6') ?? 'allow';
  if (!/^(disabled?|allow(ed)?|forced?)$/.test(ipv6)) throw unusable(file, `ports.IPv6 = ${ipv6}`);
  const scopeName = values.get('multicast.resolvescope') ?? 'site';
  const scope = (scopes as readonly string[]).indexOf(scopeName);
  if (scope < 0) throw unusable(file, `multicast.ResolveScope = ${scopeName}`);
  const group = values.get('multicast.ipv6multicastgroup') ?? '113D:6FDD:2C17:A643:FFE2:1BD1:3CD2';
  const groups = [
    set('multicast.MachineAddresses', []),
    set('multicast.LinkAddresses', ['255.255.255.255', '224.0.0.1', '224.0.0.183']),
    set('multicast.SiteAddresses', ['239.255.172.215']),
    set('multicast.OrganizationAddresses', []),
    set('multicast.GlobalAddresses', []),
  ];
  const addresses = groups
    .slice(0, scope + 1)
    .flatMap((own, i) => (ipv6Prefixes[i] ? [...own, `${ipv6Prefixes[i]}:${group}`] : own))
    .filter((address) => !address.startsWith('127.'));
  const override = set('multicast.AddressesOverride', []);
  return {
    multicastPort: number('ports.MulticastPort', 16_571),
    basePort: number('ports.BasePort', 16_572),
    portRange: number('ports.PortRange', 32),
    allowRandomPorts: !/^(0|false)$/i.test(values.get('ports.allowrandomports') ?? '1'),
    ipv4: !/^forced?$/.test(ipv6),
    ipv6: !/^disabled?$/.test(ipv6),
    multicastAddresses: override.length > 0 ? override : addresses,
    multicastTtl: number('multicast.TTLOverride', ttls[scope]),
    machineOnly: scope === 0 && override.length === 0,
    listenAddress: values.get('multicast.listenaddress') || null,
    knownPeers: set('lab.KnownPeers', []),
    sessionId: values.get('lab.sessionid') || 'default',
    resolveInterval_s: number('tuning.ContinuousResolveInterval', 0.5),
    watchdogInterval_s: number('tuning.WatchdogCheckInterval', 15),
    watchdogThreshold_s: number('tuning.WatchdogTimeThreshold', 15),
    timeUpdateInterval_s: number('tuning.TimeUpdateInterval', 2),
    timeProbeCount: number('tuning.TimeProbeCount', 8),
    timeProbeInterval_s: number('tuning.TimeProbeInterval', 0.064),
    timeProbeMaxRtt_s: number('tuning.TimeProbeMaxRTT', 0.128),
    timeUpdateMinProbes: number('tuning.TimeUpdateMinProbes', 6),
    smoothingHalfTime_s: number('tuning.SmoothingHalftime', 90),
    file,
  };
}

function unusable(file: string | null, what: string): ConfigurationError {
  return new ConfigurationError(
    'lsl-config-unusable',
    `${file ?? 'lsl_api.cfg'}: ${what}; mend or remove it`,
  );
}
