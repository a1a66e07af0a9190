/** Why samples are not kept, as devices are told. */
export const notKeptCodes = ['disk-full', 'disk-read-only', 'disk-failed', 'no-descriptors'] as const;
export type NotKeptCode = (typeof notKeptCodes)[number];

/** Samples that were taken are not kept. */
export class NotKeptError extends Error {
  override readonly name: string = 'NotKeptError';

  constructor(
    readonly code: NotKeptCode,
    message: string,
    /** Whether the daemon holds them, and tries again. */
    readonly isHeld: boolean,
  ) {
    super(message);
  }
}
