import type { Clock, Seconds } from '../../../core/clock.js';
import type { NodeMessage } from '../../protocol/output.js';

/** How long what the nodes of a session made can be had again, s. */
const KEPT_S = 60;
/** Most messages of one session that are kept for that. */
const KEPT_MESSAGES = 8192;

interface Kept {
  readonly message: NodeMessage;
  readonly at: Seconds;
}

/** Where a subscriber was before its connection dropped. */
export interface LastHeard {
  readonly run: string;
  /** The last `seq` of each node. */
  readonly seqs: ReadonlyMap<string, number>;
}

/** The run of a session that another daemon began and that goes on. */
export interface RunBefore {
  readonly run: string;
  /** By node, the first number that it may have told otherwise. */
  readonly next: ReadonlyMap<string, number>;
}

/** What the nodes of each session made in the last minute, for subscribers who missed some of it. */
export class ToldLately {
  readonly #clock: Clock;
  /** In the order in which they told something last. */
  readonly #sessions = new Map<string, Kept[]>();

  readonly #before = new Map<string, RunBefore>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A session goes on that another daemon began: what it told before its first other number needn't be told again. */
  goesOn(session: string, before: RunBefore): void {
    this.#before.set(session, before);
  }

  /** What comes under the session's name from now on is another one. */
  ended(session: string): void {
    this.#before.delete(session);
  }

  keep(message: NodeMessage): void {
    const at = this.#clock.now();
    const { session } = message;
    const kept = this.#sessions.get(session) ?? [];
    this.#sessions.delete(session);
    this.#sessions.set(session, kept);
    kept.push({ message, at });
    // Shortened now and then, so that a message costs the same however many there are.
    if (kept.length % 64 === 0 || kept.length > KEPT_MESSAGES) this.#shorten(kept, at);
    this.#forgetSilent(at);
  }

  /** What a session told since then, by the clock, and in the last minute; in the order in which it was told. */
  since(session: string, since: Seconds): NodeMessage[] {
    const oldest = Math.max(since, this.#clock.now() - KEPT_S);
    return (this.#sessions.get(session) ?? []).flatMap(({ message, at }) => (at >= oldest ? [message] : []));
  }

  /**
   * In the order in which it was told, all that came after what was heard last. Of what was heard of the run that this one goes on from,
   * all that may be another line now, too; where that was any other run, all that is kept.
   */
  after(session: string, { run, seqs }: LastHeard): NodeMessage[] {
    const kept = this.since(session, Number.NEGATIVE_INFINITY);
    const before = this.#before.get(session);
    const first = kept.findIndex((message) => message.run === run);
    return kept.slice(Math.max(0, first)).filter(({ run: own, node, seq }) => {
      const last = seqs.get(node) ?? -1;
      if (own === run) return seq > last;
      return before?.run !== run || seq > Math.min(last, (before.next.get(node) ?? 0) - 1);
    });
  }

  #shorten(kept: Kept[], now: Seconds): void {
    const oldest = now - KEPT_S;
    const fresh = kept.findIndex(({ at }) => at >= oldest);
    kept.splice(0, Math.max(fresh, kept.length - KEPT_MESSAGES));
  }

  #forgetSilent(now: Seconds): void {
    for (const [session, kept] of this.#sessions) {
      if (kept[kept.length - 1].at >= now - KEPT_S) return;
      this.#sessions.delete(session);
    }
  }
}
