import { atam } from './atam.js';
import { hiMoe } from './hi-moe.js';
import type { Paper } from './paper.js';
import { prnet } from './prnet.js';

/** The three papers whose models are here. */
export const papers: readonly Paper[] = [atam, hiMoe, prnet];
