import type { DeviceDialect } from '../device.js';

/** The OpenBCI GUI's time series are microvolts; its streams carry no metadata (OpenBCI GUI documentation, Networking). */
export const openBciGui: DeviceDialect = {
  device: 'OpenBCI GUI',
  matches: (raw) => raw.sourceId === 'openbcigui' && raw.type.toUpperCase() === 'EEG',
  amend: (raw) => ({
    ...raw,
    channels: raw.channels.map((channel) => ({ ...channel, unit: channel.unit || 'uV' })),
  }),
};
