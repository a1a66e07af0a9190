import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median } from '../signal/dsp/statistics.js';

/** Where Debian's Python is, which has numpy, scipy and torch from packages. */
export const DEFAULT_PYTHON = process.platform === 'win32' ? 'python' : '/usr/bin/python3';

/** What a script of scripts/peers prints, one JSON object; null where Python or what it needs isn't there. */
export function runPeer(python: string, script: string, args: readonly (string | number)[]): unknown {
  const path = fileURLToPath(new URL(`../../scripts/peers/${script}`, import.meta.url));
  try {
    const out = execFileSync(python, [path, ...args.map(String)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 300_000,
      env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
    });
    return JSON.parse(out);
  } catch {
    return null;
  }
}

export interface HopBenchOptions {
  /** Measured time of each round, s. Default 2. */
  readonly seconds?: number;
  /** Rounds, ours and the peer's in turn; the medians are reported. Default 3. */
  readonly rounds?: number;
  /** Python for the peer, or null to leave it out. */
  readonly python?: string | null;
}

export interface HopBenchResult<T> {
  readonly hops_per_s: number;
  readonly us_per_hop: number;
  /** The peer at the same work in the same run; null where it doesn't run. */
  readonly peer_us_per_hop: number | null;
  /** What the last hop gave. */
  readonly last: T;
}

/** Times `hop` beside a peer script that takes the seconds to run and prints `us_per_hop`. */
export function compareHops<T>(
  hop: () => T,
  script: string,
  options: HopBenchOptions = {},
): HopBenchResult<T> {
  const { seconds = 2, rounds = 3, python = DEFAULT_PYTHON } = options;
  const ours: number[] = [];
  const peers: number[] = [];
  let last = hop();
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    let hops = 0;
    do {
      last = hop();
      hops++;
    } while (performance.now() - start < 1000 * seconds);
    ours.push((1000 * (performance.now() - start)) / hops);
    const peer =
      python === null ? null : (runPeer(python, script, [seconds]) as { us_per_hop?: unknown } | null);
    if (typeof peer?.us_per_hop === 'number') peers.push(peer.us_per_hop);
  }
  const us_per_hop = median(ours);
  return {
    hops_per_s: 1e6 / us_per_hop,
    us_per_hop,
    peer_us_per_hop: peers.length > 0 ? median(peers) : null,
    last,
  };
}
