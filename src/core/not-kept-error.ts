import { AffectdError } from './errors.js';

/** Why samples are not kept, as devices are told. */
export const notKeptCodes = ['disk-full', 'disk-read-only', 'disk-failed', 'no-descriptors'] as const;
export type NotKeptCode = (typeof notKeptCodes)[number];

/** Samples that were taken are not kept. */
export class NotKeptError extends AffectdError {
  override readonly name: string = 'NotKeptError';

  constructor(
    override readonly code: NotKeptCode,
    message: string,
    /** Whether the daemon holds them, and tries again. */
    readonly isHeld: boolean,
  ) {
    super(code, message);
  }
}
