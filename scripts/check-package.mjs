// Packs the tarball, installs it into an empty folder and uses it there as a stranger would: a root package's
// overrides, .npmrc and allowScripts don't travel, so what works in the checkout can fail elsewhere.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = mkdtempSync(join(tmpdir(), 'affectd-package-'));
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

function run(file, args, cwd = folder) {
  return execFileSync(file, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    shell: process.platform === 'win32',
  });
}

try {
  const [{ filename, size, entryCount }] = JSON.parse(
    run(npm, ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], root),
  );
  console.log(`packed ${filename}: ${entryCount} files, ${(size / 1e6).toFixed(1)} MB`);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  run(npm, ['install', '--no-audit', '--no-fund', '--silent', join(folder, filename)]);
  const affectd = join(folder, 'node_modules', 'affectd', 'bin', 'affectd.js');

  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  if (run(process.execPath, [affectd, '--version']).trim() !== version)
    throw new Error('affectd --version is wrong');

  const demo = join(folder, 'node_modules', 'affectd', 'fixtures', 'demo', 'demo.xdf');
  const lines = run(process.execPath, [affectd, 'replay', demo])
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const valid = lines.filter((line) => line.valid);
  if (valid.length === 0) throw new Error('replay gave no valid prediction');
  console.log(`replay: ${lines.length} predictions, ${valid.length} valid`);

  const daemon = spawn(process.execPath, [affectd, 'demo', '--port', '0'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const url = await firstPrediction(daemon);
    console.log('demo: predictions arrive at a client');
    const examples = join(folder, 'node_modules', 'affectd', 'examples');
    run(process.execPath, [join(examples, 'client', 'headset.mjs'), url]);
    readFileSync(join(examples, 'python', 'affectd.py'));
    console.log('examples: headset.mjs runs, affectd.py is there');
  } finally {
    daemon.kill('SIGTERM');
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function firstPrediction(daemon) {
  const { default: WebSocket } = await import('ws');
  for await (const line of createInterface({ input: daemon.stdout })) {
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (!url) continue;
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/stream`);
    await new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error('no prediction within 60 s')), 60_000);
      socket.on('open', () =>
        socket.send(
          JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'subscribe', params: { streams: ['affect'] } }),
        ),
      );
      socket.on('message', (data) => {
        if (JSON.parse(data).stream !== 'affect') return;
        clearTimeout(limit);
        resolve();
      });
      socket.on('error', reject);
    });
    socket.close();
    return url;
  }
  throw new Error('the demo ended before it told its address');
}
