import type { DeviceDialect } from './device.js';
import { empaticaE4 } from './devices/empatica-e4.js';
import { openBciGui } from './devices/openbci-gui.js';

/** Devices in the order in which they are tried; one that needs no amending needs no entry. */
export const deviceDialects: readonly DeviceDialect[] = [openBciGui, empaticaE4];
