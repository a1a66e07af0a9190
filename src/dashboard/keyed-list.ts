export interface ItemView<Item> {
  readonly root: Element;
  update(item: Item): void;
}

/** Children of `parent`, one an item; kept by key over updates, so that focus and hover survive them. */
export class KeyedList<Item> {
  readonly #views = new Map<string, ItemView<Item>>();

  constructor(
    readonly parent: Element,
    readonly key: (item: Item) => string,
    readonly create: (item: Item) => ItemView<Item>,
  ) {}

  /** @param items In order, with distinct keys. */
  update(items: readonly Item[]): void {
    const keys = new Set(items.map(this.key));
    for (const [key, { root }] of this.#views) {
      if (keys.has(key)) continue;
      root.remove();
      this.#views.delete(key);
    }
    let next = this.parent.firstElementChild;
    for (const item of items) {
      const key = this.key(item);
      const view = this.#views.get(key) ?? this.create(item);
      this.#views.set(key, view);
      view.update(item);
      if (view.root === next) next = next.nextElementSibling;
      else this.parent.insertBefore(view.root, next);
    }
  }
}
