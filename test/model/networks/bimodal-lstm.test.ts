import { describeParity } from '../parity.js';

describeParity('bimodal-lstm');
