/** What became of one device's samples, by the number that each carries. */
interface Account {
  /** How often each was sent. */
  readonly sent: number[];
  /** How often each was acknowledged. */
  readonly acknowledged: number[];
}

/** Keeps the books of what devices sent, and what the daemon said that it has. */
export class Ledger {
  readonly #accounts = new Map<string, Account>();

  /** Samples from `first` on go to the daemon, or may have. */
  sent(device: string, numbers: Iterable<number>): void {
    count(this.#of(device).sent, numbers);
  }

  acknowledged(device: string, numbers: Iterable<number>): void {
    count(this.#of(device).acknowledged, numbers);
  }

  get accounts(): ReadonlyMap<string, Account> {
    return this.#accounts;
  }

  #of(device: string): Account {
    const account = this.#accounts.get(device) ?? { sent: [], acknowledged: [] };
    this.#accounts.set(device, account);
    return account;
  }
}

function count(counts: number[], numbers: Iterable<number>): void {
  for (const number of numbers) counts[number] = (counts[number] ?? 0) + 1;
}
