/** What a peer did wrong, or why it can't be used. `code` is stable. */
export class LslError extends Error {
  override readonly name = 'LslError';
  constructor(
    readonly code:
      | 'malformed'
      | 'too-large'
      | 'unsupported'
      | 'not-found'
      | 'refused'
      | 'connection'
      | 'timeout'
      | 'closed'
      | 'query'
      /** Ours: what the peer sent can't be worked with. */
      | 'fault',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What was thrown while a peer was served: one of ours too must end that peer's connection, and nothing else. */
export function lslErrorOf(thrown: unknown): LslError {
  if (thrown instanceof LslError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new LslError('fault', `it can't be worked with: ${message}`, { cause: thrown });
}
