import { createServer } from 'node:net';
import { afterAll } from 'vitest';

// Below what systems give to the near end of a connection (some from 16,000 on).
const FIRST = 4000;
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
    if (await holdPort(first + BLOCK - 1)) return first;
  }
  throw new Error('every block of ports is taken');
}

/** Whether the port is free; it is held then until the file's tests have ended. */
export function holdPort(port: number): Promise<boolean> {
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
