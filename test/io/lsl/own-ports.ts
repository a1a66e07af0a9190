import { createServer } from 'node:net';
import { afterAll } from 'vitest';

const FIRST = 20_000;
const BLOCK = 200;
const BLOCKS = 60;

/**
 * First of {@link BLOCK} ports that no other test process on this machine uses, so that runs beside each other don't
 * hear each other's streams. The last port of the block is held as its mark until the file's tests have ended: a file
 * asks at its top level.
 */
export async function ownPorts(): Promise<number> {
  for (let k = 0; k < BLOCKS; k++) {
    const first = FIRST + ((process.pid + k) % BLOCKS) * BLOCK;
    if (await hold(first + BLOCK - 1)) return first;
  }
  throw new Error('every block of ports is taken');
}

function hold(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.unref();
      afterAll(() => void server.close());
      resolve(true);
    });
  });
}
