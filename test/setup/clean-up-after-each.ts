import { afterEach } from 'vitest';

/**
 * What is pushed to `cleanups` is done after each test of the file or block that asks, the last first; `cleanUp` does it
 * on the way, for a test that starts the same things twice.
 */
export function cleanUpAfterEach() {
  const cleanups: (() => unknown)[] = [];
  const cleanUp = async (): Promise<void> => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  };
  afterEach(cleanUp);
  return { cleanups, cleanUp };
}
