import type { Clock, Seconds } from '../../core/clock.js';
import type { EventSink } from '../../core/event.js';
import type { Marker, StreamInfo } from '../../core/signal.js';
import { asksForFaults, parseAskedFault } from '../../signal/dialects/asked-fault.js';

/** Obeys a session's simulators that ask for faults of the daemon, where its operator lets them. */
export class AskedFaults {
  #slower_s: Seconds = 0;
  #hasRefused = false;
  /** End waits at once. */
  readonly #waits = new Set<() => void>();

  constructor(
    readonly isObeyed: boolean,
    readonly clock: Pick<Clock, 'after'>,
    readonly events: EventSink,
  ) {}

  /** A marker that the session's graph is about to take; gives what it is to throw instead. */
  take(stream: StreamInfo, { value }: Marker): Error | null {
    if (!asksForFaults(stream)) return null;
    const fault = this.isObeyed ? parseAskedFault(value) : null;
    if (!fault) this.#refuse(stream);
    if (fault?.kind === 'slow-model') this.#slower_s = fault.wait_s;
    return fault?.kind === 'throw' ? new Error('a simulator asked for a fault') : null;
  }

  /** By how much longer a prediction is to take: resolves then. Null: no longer. */
  slower(): Promise<void> | null {
    const wait_s = this.#slower_s;
    if (wait_s === 0) return null;
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        this.#waits.delete(end);
        resolve();
      };
      const timer = this.clock.after(wait_s, end);
      this.#waits.add(end);
    });
  }

  /** Nobody waits any more. */
  close(): void {
    this.#slower_s = 0;
    for (const end of this.#waits) end();
  }

  #refuse({ name }: StreamInfo): void {
    if (this.#hasRefused) return;
    this.#hasRefused = true;
    const why = this.isObeyed
      ? 'that this daemon does not know'
      : 'and is not obeyed; `affectd run --obey-faults` obeys it';
    this.events({
      ...{ code: 'fault-refused', level: 'warn', stream: name },
      message: `${name} asks for a fault of the daemon ${why}`,
    });
  }
}
