/** Gives work that nobody waits for an owner: what goes wrong in it is told to `failed`, and ends nothing else. */
export function owned(work: unknown, failed: (error: Error) => void): void {
  if (work instanceof Promise) work.catch((error: unknown) => failed(errorOf(error)));
}

/** Whatever was thrown, as an error. */
export function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
