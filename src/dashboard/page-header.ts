import { connectionText } from './connection-text.js';
import { setText } from './element.js';
import { type PageState, selectedSession } from './state.js';

/** `demo@sha256:1f0c...` with the digest cut to eight digits. */
function short(digest: string): string {
  return digest.replace(/(sha256:[0-9a-f]{8})[0-9a-f]+/, '$1\u2026');
}

/** A digest, short; a click shows all of it. */
class Digest {
  #full: string | null = null;
  #expanded = false;

  constructor(
    readonly button: HTMLButtonElement,
    readonly name: string,
  ) {
    button.addEventListener('click', () => {
      this.#expanded = !this.#expanded;
      this.#draw();
    });
  }

  update(full: string | null): void {
    if (full === this.#full) return;
    this.#full = full;
    this.#draw();
  }

  #draw(): void {
    this.button.hidden = this.#full === null;
    const full = this.#full ?? '';
    this.button.title = `${this.name}: ${full}`;
    this.button.setAttribute('aria-expanded', String(this.#expanded));
    setText(this.button, `${this.name} ${this.#expanded ? full : short(full)}`);
  }
}

/** Whether the page is connected and data flows, and which model and pipeline speak. */
export class PageHeader {
  readonly #connection: HTMLElement;
  readonly #word: HTMLElement;
  readonly #detail: HTMLElement;
  readonly #model: Digest;
  readonly #pipeline: Digest;

  constructor(root: HTMLElement) {
    this.#connection = root.querySelector('.connection')!;
    this.#word = root.querySelector('.connection-word')!;
    this.#detail = root.querySelector('.connection-detail')!;
    this.#model = new Digest(root.querySelector<HTMLButtonElement>('.model')!, 'model');
    this.#pipeline = new Digest(root.querySelector<HTMLButtonElement>('.pipeline')!, 'pipeline');
  }

  update(state: PageState, now_s: number): void {
    const session = selectedSession(state);
    const { kind, word, detail } = connectionText(state, now_s);
    this.#connection.dataset.state = kind;
    setText(this.#word, word);
    setText(this.#detail, detail);
    this.#model.update(session?.affect?.model ?? null);
    this.#pipeline.update(session?.affect?.pipeline ?? null);
  }
}
