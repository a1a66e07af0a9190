/** Counts of what was wrong, so that a bad column doesn't give a line for each of its rows. */
export class ProblemCounts {
  readonly #counts = new Map<string, number>();

  /** `what` follows the count: `rows without a time; left out`. */
  count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  lines(): string[] {
    return [...this.#counts].map(([what, n]) => `${n} ${what}`);
  }
}
