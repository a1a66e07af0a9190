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
      | 'query',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
