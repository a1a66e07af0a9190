import type { Seconds } from '../../core/clock.js';
import type { LslContext } from './network.js';

/** A peer that goes on is told of again after this, s. */
const AGAIN_S = 60;
/** Peers that are kept in mind. */
const MAX_PEERS = 256;

/** Tells of peers that break the protocol: of each once a minute, however often it tries. */
export class Rejections {
  readonly #told = new Map<string, Seconds>();

  constructor(readonly context: Pick<LslContext, 'clock' | 'events'>) {}

  tell(peer: string, what: string, stream?: string): void {
    const now = this.context.clock.now();
    const told = this.#told.get(peer);
    if (told !== undefined && now - told < AGAIN_S) return;
    if (this.#told.size >= MAX_PEERS) this.#told.clear();
    this.#told.set(peer, now);
    this.context.events({
      code: 'peer-rejected',
      level: 'warn',
      message: `LSL: ${what}`,
      ...(stream === undefined ? {} : { stream }),
    });
  }
}
