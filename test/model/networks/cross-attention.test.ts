import { describeParity } from '../parity.js';

describeParity('cross-attention');
