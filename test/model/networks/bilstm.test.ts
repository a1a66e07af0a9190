import { describeParity } from '../parity.js';

describeParity('bilstm');
