import { setText } from './element.js';
import { type ItemView, KeyedList } from './keyed-list.js';

export interface AskedListOptions<Item> {
  /** How often the daemon is asked, s. */
  readonly every_s: number;
  /** @throws what the daemon says */
  readonly ask: () => Promise<{ readonly items: readonly Item[]; readonly note: string }>;
  readonly key: (item: Item) => string;
  readonly view: (item: Item) => ItemView<Item>;
}

/** A list of which the daemon is asked while a person looks at it: `<details>` with `.asked-note` and `.asked-items`. */
export class AskedList<Item> {
  readonly #root: HTMLDetailsElement;
  readonly #options: AskedListOptions<Item>;
  readonly #note: HTMLElement;
  readonly #list: KeyedList<Item>;
  /** When the daemon is to be asked on the page's clock, s. */
  #ask_s = 0;
  #isAsking = false;

  constructor(root: HTMLElement, options: AskedListOptions<Item>) {
    this.#root = root as HTMLDetailsElement;
    this.#options = options;
    this.#note = root.querySelector('.asked-note')!;
    this.#list = new KeyedList(root.querySelector('.asked-items')!, options.key, options.view);
  }

  /** Asks next time, however long ago it was. */
  changed(): void {
    this.#ask_s = 0;
  }

  look(now_s: number): void {
    if (!this.#root.open || this.#isAsking || now_s < this.#ask_s) return;
    this.#ask_s = now_s + this.#options.every_s;
    this.#isAsking = true;
    this.#options
      .ask()
      .then(
        ({ items, note }) => {
          this.#list.update(items);
          setText(this.#note, note);
        },
        (error: unknown) => {
          // What was known need not hold any more.
          this.#list.update([]);
          setText(this.#note, error instanceof Error ? error.message : String(error));
        },
      )
      .finally(() => {
        this.#isAsking = false;
      });
  }
}
