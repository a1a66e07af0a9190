import { describeParity } from '../parity.js';

describeParity('bdae');
