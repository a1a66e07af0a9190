import { describeParity } from '../parity.js';

describeParity('concatenation');
