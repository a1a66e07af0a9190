import type { CallResult } from '../io/client/index.js';

/** What the daemon says of a session that is open. */
export type SessionStatus = CallResult<'sessions'>['sessions'][number];

/** How often the daemon is asked, s. */
const ASKED_EVERY_S = 5;
/** How soon after something changed, s. */
const ASKED_AFTER_S = 0.5;

/** What the daemon says of its sessions, asked once for all that show it. */
export class SessionStatuses {
  readonly #ask: () => Promise<readonly SessionStatus[]>;
  readonly #told: () => void;
  #known: readonly SessionStatus[] = [];
  /** When the daemon is to be asked on the page's clock, s. */
  #ask_s = Number.POSITIVE_INFINITY;
  #asked = 0;

  /** `told` is called when the daemon has answered. */
  constructor(ask: () => Promise<readonly SessionStatus[]>, told: () => void) {
    this.#ask = ask;
    this.#told = told;
  }

  get all(): readonly SessionStatus[] {
    return this.#known;
  }

  /** Null: the daemon doesn't say, or it isn't open. */
  of(session: string | null): SessionStatus | null {
    return this.#known.find((own) => own.session === session) ?? null;
  }

  /** Something changed, so that what is known may be old. */
  changed(now_s: number): void {
    this.#ask_s = Math.min(this.#ask_s, now_s + ASKED_AFTER_S);
  }

  /** Asks at once. */
  refresh(now_s: number): void {
    this.#ask_s = now_s + ASKED_EVERY_S;
    const asked = ++this.#asked;
    this.#ask().then(
      (known) => {
        // An answer that was overtaken is older than what is known.
        if (asked !== this.#asked) return;
        this.#known = known;
        this.#told();
      },
      // A daemon that doesn't say is asked again.
      () => {},
    );
  }

  look(now_s: number): void {
    if (now_s >= this.#ask_s) this.refresh(now_s);
  }
}
