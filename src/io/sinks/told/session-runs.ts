import { requireAtBorder } from '../../../core/border.js';
import type { OutputStream } from '../../protocol/output.js';

/** Most sessions whose numbers are kept; beyond it those of the one that has been silent longest begin anew. */
const MAX_SESSIONS = 4096;

interface SessionRun {
  readonly run: string;
  /** Next number of each stream that no node makes. */
  readonly next: Map<OutputStream, number>;
  /** Next number of each node that told something. */
  readonly nodes: Map<string, number>;
}

/**
 * Numbers the messages of each session that no node numbers, and names the run that a session's numbers count in. A session
 * that has ended and begins anew under its old name is another run.
 */
export class SessionRuns {
  readonly #run: string;
  readonly #sessions = new Map<string, SessionRun>();
  #ended = 0;

  /** `run`: names what this process tells. */
  constructor(run: string) {
    this.#run = run;
  }

  runOf(session: string): string {
    return this.#of(session).run;
  }

  next(session: string, stream: OutputStream): number {
    const { next } = this.#of(session);
    const seq = next.get(stream) ?? 0;
    next.set(stream, seq + 1);
    return seq;
  }

  /** A node's number: it is the one behind its last. @throws BorderError */
  took(session: string, node: string, seq: number): void {
    const { nodes } = this.#of(session);
    const next = nodes.get(node) ?? seq;
    requireAtBorder(seq === next, () => `${session}, ${node}: number ${seq} came where ${next} was the next`);
    nodes.set(node, next + 1);
  }

  end(session: string): void {
    this.#sessions.delete(session);
    this.#ended++;
  }

  #of(session: string): SessionRun {
    const known = this.#sessions.get(session);
    const found = known ?? {
      run: this.#ended === 0 ? this.#run : `${this.#run}.${this.#ended}`,
      next: new Map<OutputStream, number>(),
      nodes: new Map<string, number>(),
    };
    // Behind the others: the first is the one that has been silent longest.
    if (known) this.#sessions.delete(session);
    this.#sessions.set(session, found);
    if (this.#sessions.size > MAX_SESSIONS) this.#sessions.delete(this.#sessions.keys().next().value!);
    return found;
  }
}
