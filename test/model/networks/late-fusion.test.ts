import { describeParity } from '../parity.js';

describeParity('late-fusion');
