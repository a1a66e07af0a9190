import type { RawStreamDeclaration } from './raw-stream.js';

/** What a device's streams mean where their own metadata doesn't say it. */
export interface DeviceDialect {
  readonly device: string;
  matches(raw: RawStreamDeclaration): boolean;
  /** The declaration as the device should have sent it. */
  amend(raw: RawStreamDeclaration): RawStreamDeclaration;
}

/** The OpenBCI GUI's time series are microvolts; its streams carry no metadata (OpenBCI GUI documentation, Networking). */
const openBciGui: DeviceDialect = {
  device: 'OpenBCI GUI',
  matches: (raw) => raw.sourceId === 'openbcigui' && raw.type.toUpperCase() === 'EEG',
  amend: (raw) => ({
    ...raw,
    channels: raw.channels.map((channel) => ({ ...channel, unit: channel.unit || 'uV' })),
  }),
};

/** Devices in the order in which they are tried; one that needs no amending needs no entry. */
export const deviceDialects: readonly DeviceDialect[] = [openBciGui];
