/** Resolves in a later turn of the event loop. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A recording of `count` messages that says how many were asked for, and how often it was closed. */
export function recording(count = Number.POSITIVE_INFINITY) {
  const seen = { read: 0, closed: 0 };
  async function* messages(): AsyncGenerator<number> {
    try {
      while (seen.read < count) yield seen.read++;
    } finally {
      // Closing a file takes a while.
      await settle();
      seen.closed++;
    }
  }
  return { seen, messages };
}
