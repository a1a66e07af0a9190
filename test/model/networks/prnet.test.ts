import { describeParity } from '../parity.js';

describeParity('prnet');
