import type { RawStreamDeclaration } from './raw-stream.js';

/** What a device's streams mean where their own metadata doesn't say it. */
export interface DeviceDialect {
  readonly device: string;
  matches(raw: RawStreamDeclaration): boolean;
  /** The declaration as the device should have sent it. */
  amend(raw: RawStreamDeclaration): RawStreamDeclaration;
}
