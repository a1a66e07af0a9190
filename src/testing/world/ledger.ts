/** How often something happened to each of numbered samples, up to 255 times: a byte a sample, outside of the heap. */
export class SampleCounts {
  #counts = new Uint8Array(1024);
  #length = 0;

  /** Samples that may have a count: those from here on have none. */
  get length(): number {
    return this.#length;
  }

  of(number: number): number {
    return this.#counts[number] ?? 0;
  }

  add(number: number, times = 1): void {
    if (number >= this.#counts.length) {
      const larger = new Uint8Array(2 * number);
      larger.set(this.#counts);
      this.#counts = larger;
    }
    this.#length = Math.max(this.#length, number + 1);
    this.#counts[number] = Math.min(255, this.#counts[number] + times);
  }

  /** Numbers that `other` has less often. */
  notIn(other: SampleCounts): number[] {
    const missing: number[] = [];
    for (let number = 0; number < this.#length; number++)
      if (other.of(number) < this.of(number)) missing.push(number);
    return missing;
  }
}

/** What became of one device's samples, by the number that each carries. */
interface Account {
  /** How often each was sent. */
  readonly sent: SampleCounts;
  /** How often each was acknowledged. */
  readonly acknowledged: SampleCounts;
}

/** Keeps the books of what devices sent, and what the daemon said that it has. */
export class Ledger {
  readonly #accounts = new Map<string, Account>();

  /** Samples of these numbers go to the daemon, or may have. */
  sent(device: string, numbers: Iterable<number>): void {
    for (const number of numbers) this.#of(device).sent.add(number);
  }

  acknowledged(device: string, numbers: Iterable<number>): void {
    for (const number of numbers) this.#of(device).acknowledged.add(number);
  }

  get accounts(): ReadonlyMap<string, Account> {
    return this.#accounts;
  }

  #of(device: string): Account {
    const account = this.#accounts.get(device) ?? {
      sent: new SampleCounts(),
      acknowledged: new SampleCounts(),
    };
    this.#accounts.set(device, account);
    return account;
  }
}
