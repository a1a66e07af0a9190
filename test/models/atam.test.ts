import { describeParity } from './parity.js';

describeParity('atam');
