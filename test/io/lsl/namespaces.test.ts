import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const peer = join(import.meta.dirname, 'namespace-peer.mjs');
const compiled = join(import.meta.dirname, '..', '..', '..', 'dist', 'io', 'lsl', 'index.js');
/** Two hosts on one cable, without any right outside: Linux where users may make namespaces. */
const canSeparate =
  existsSync(compiled) &&
  spawnSync('unshare', ['-rn', 'ip', 'link', 'add', 'cable0', 'type', 'veth', 'peer', 'name', 'cable1'])
    .status === 0;

const script = (v4: boolean): string => `
set -e
ip link add cable0 type veth peer name cable1
unshare -n sleep 60 & other=$!
offer=
trap 'kill $other $offer' EXIT
until [ "$(readlink /proc/$other/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do :; done
ip link set cable1 netns $other
far() { nsenter -t $other -n "$@"; }
ip link set lo up; ip link set cable0 up; far ip link set lo up; far ip link set cable1 up
${v4 ? 'ip addr add 10.9.0.1/24 dev cable0; far ip addr add 10.9.0.2/24 dev cable1' : ''}
nsenter -t $other -n "$NODE" "$PEER" offer > /dev/null & offer=$!
"$NODE" "$PEER" find
`;

describe.skipIf(!canSeparate)('two hosts on one cable', () => {
  it.each([
    ['IPv4', true, /^10\.9\.0\.2$/],
    // Its addresses come up a second or two after the outlet.
    ['nothing but link-local IPv6', false, /^fe80::[^%]+%cable0$/],
  ])('find each other and lose no sample over %s', async (_, v4, address) => {
    const { stdout } = await promisify(execFile)('unshare', ['-rn', 'bash', '-c', script(v4)], {
      env: { ...process.env, NODE: process.execPath, PEER: peer },
    });
    const found = JSON.parse(stdout) as { address: string; values: number[] };
    // IPv6 is there beside IPv4: whichever answers first.
    if (v4) expect(found.address).toMatch(/^10\.9\.0\.2$|^fe80::/);
    else expect(found.address).toMatch(address);
    expect(found.values).toEqual(found.values.map((__, i) => i));
  });
});
