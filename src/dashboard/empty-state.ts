import { setText } from './element.js';
import type { PageState } from './state.js';

/** What to do while there is nothing to show: how a device gets in. */
export class EmptyState {
  readonly #root: HTMLElement;

  constructor(root: HTMLElement, page: URL) {
    this.#root = root;
    const daemon = new URL('/v1/ingest', page);
    daemon.protocol = page.protocol === 'https:' ? 'wss:' : 'ws:';
    for (const place of root.querySelectorAll('.ingest-url')) setText(place, daemon.href);
  }

  update(state: PageState): void {
    this.#root.hidden = state.sessions.size > 0;
  }
}
