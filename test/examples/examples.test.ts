import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { SystemClock } from '../../src/core/clock.js';
import { type Daemon, startDaemon, until } from '../io/server/daemon.js';

const example = (name: string) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
let daemon: Daemon;
afterEach(() => daemon.stop());

describe('examples', () => {
  it('websocket-client.mjs prints predictions', async () => {
    daemon = await startDaemon();
    const child = spawn(process.execPath, [example('websocket-client.mjs'), daemon.url]);
    await until(() => daemon.sink.subscribers === 1);
    daemon.sink.publish({
      stream: 'affect',
      session: 's1',
      node: 'affect',
      seq: 0,
      time: 4,
      window: [0, 4],
      valence: 0.12,
      arousal: -0.3,
      interval: null,
      modalities: {},
      valid: true,
      reason: null,
      evidence: 'simulated',
      model: 'm',
      pipeline: 'p',
    });
    const [line] = await once(createInterface(child.stdout), 'line');
    expect(line).toBe('s1 4 s: valence 0.12, arousal -0.3 (evidence: simulated)');
    child.kill();
    await once(child, 'exit');
  });

  it('websocket-device.mjs streams a headset without gaps', async () => {
    daemon = await startDaemon({ clock: new SystemClock() });
    const child = spawn(process.execPath, [example('websocket-device.mjs'), daemon.url, '1']);
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
    const chunks = daemon.chunks();
    expect(chunks.reduce((sum, { times }) => sum + times.length, 0)).toBe(250);
    expect(chunks.some(({ gapBefore }) => gapBefore)).toBe(false);
    expect(daemon.kinds().at(-1)).toBe('close');
  });
});
