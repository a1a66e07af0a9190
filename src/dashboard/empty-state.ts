import type { ConnectionState } from '../io/client/index.js';
import { setText } from './element.js';
import type { PageState } from './state.js';

const lost =
  'The page asks for the daemon again and again. If it does not come back, start it: npx affectd run';

const words: Record<ConnectionState, { readonly title: string; readonly text: string }> = {
  connecting: { title: 'Connecting to the daemon', text: '' },
  open: {
    title: 'Waiting for the first samples',
    text: 'The daemon runs and this page listens. As soon as a device sends, its session appears here; the first prediction follows when the first window is full, after about five seconds.',
  },
  reconnecting: { title: 'The daemon does not answer', text: lost },
  closed: {
    title: 'The daemon refused this page',
    text: 'If it runs with a token, open this page with ?token=... behind its address.',
  },
};

/** What to do while there is nothing to show: how a device gets in. */
export class EmptyState {
  readonly #root: HTMLElement;
  readonly #title: HTMLElement;
  readonly #text: HTMLElement;

  constructor(root: HTMLElement, page: URL) {
    this.#root = root;
    this.#title = root.querySelector('#empty-title')!;
    this.#text = root.querySelector('#empty-text')!;
    const daemon = new URL('/v1/ingest', page);
    daemon.protocol = page.protocol === 'https:' ? 'wss:' : 'ws:';
    for (const place of root.querySelectorAll('.ingest-url')) setText(place, daemon.href);
    for (const place of root.querySelectorAll('.daemon-url')) setText(place, daemon.origin);
  }

  update(state: PageState): void {
    this.#root.hidden = state.sessions.size > 0;
    const { title, text } = words[state.connection];
    setText(this.#title, title);
    setText(this.#text, text);
  }
}
