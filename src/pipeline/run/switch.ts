/** Makes ready to go over to `next`; the function that it gives does, and can't fail. */
export type Prepare<T> = (next: T) => () => void;

/** A value that is replaced for all who use it, or for none. */
export class Switch<T> {
  readonly #users = new Set<Prepare<T>>();
  #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  /** Asks `prepare` whenever the value is to be replaced, until the returned function is called. */
  use(prepare: Prepare<T>): () => void {
    this.#users.add(prepare);
    return () => void this.#users.delete(prepare);
  }

  /** All users get ready; whoever can't throws, and nobody has gone over. The returned function goes over, at once. */
  prepare(next: T): () => void {
    const ready = [...this.#users].map((prepare) => prepare(next));
    return () => {
      this.#value = next;
      for (const goOver of ready) goOver();
    };
  }
}
