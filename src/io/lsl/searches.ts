import { recoveryKey, type Search } from './recovery.js';
import type { LslStreamInfo } from './stream-info.js';

interface Seeker {
  /** What answered since it began, by uid. */
  readonly found: Map<string, LslStreamInfo>;
  readonly appeared: () => void;
}

/** Lost streams that wait for an outlet, all served by the questions that are asked of the network anyway. */
export class Searches {
  /** By what they look for. */
  readonly #seekers = new Map<string, Set<Seeker>>();

  begin(lost: LslStreamInfo, appeared: () => void): Search {
    const key = recoveryKey(lost);
    const seeker: Seeker = { found: new Map(), appeared };
    const seekers = this.#seekers.get(key) ?? new Set();
    this.#seekers.set(key, seekers.add(seeker));
    return {
      get streams() {
        return [...seeker.found.values()];
      },
      forget: (uid) => void seeker.found.delete(uid),
      close: () => {
        seekers.delete(seeker);
        if (seekers.size === 0) this.#seekers.delete(key);
      },
    };
  }

  answered(info: LslStreamInfo): void {
    if (this.#seekers.size === 0) return;
    for (const { found, appeared } of this.#seekers.get(recoveryKey(info)) ?? []) {
      const isNew = !found.has(info.uid);
      found.set(info.uid, info);
      if (isNew) appeared();
    }
  }

  vanished(info: LslStreamInfo): void {
    for (const { found } of this.#seekers.get(recoveryKey(info)) ?? []) found.delete(info.uid);
  }
}
