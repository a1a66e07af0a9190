/** Process exit codes, a contract with people's scripts (docs/reference/codes.md). */
export const ExitCode = {
  ok: 0,
  failed: 1,
  usage: 2,
  unusableInput: 3,
  interrupted: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/**
 * An error that a person can mend. `message` is one line that names the place and the mend;
 * `code` is stable and documented.
 */
export class AffectdError extends Error {
  override readonly name: string = 'AffectdError';
  constructor(
    readonly code: string,
    message: string,
    readonly exitCode: ExitCode = ExitCode.failed,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Wrong usage or configuration, a model that doesn't match its pipeline too: exit code 2. */
export class ConfigurationError extends AffectdError {
  override readonly name = 'ConfigurationError';
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(code, message, ExitCode.usage, options);
  }
}

/** Unreadable or unusable input: exit code 3. */
export class InputError extends AffectdError {
  override readonly name = 'InputError';
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(code, message, ExitCode.unusableInput, options);
  }
}
