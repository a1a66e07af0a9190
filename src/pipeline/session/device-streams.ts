import type { Seconds } from '../../core/clock.js';
import type { Chunk, Marker, StreamInfo } from '../../core/signal.js';
import { FixationStream } from '../../signal/features/events/device-event.js';
import { ContactQuality } from './contact-quality.js';
import type { GraphState } from './graph-state.js';

type DeviceStates = Pick<GraphState, 'fixations' | 'contacts'>;

/** Streams in which devices tell what they found themselves: an eye tracker its fixations, a headset the contact of its electrodes. */
export class DeviceStreams {
  readonly #fixations = new Map<string, FixationStream>();
  readonly #contacts = new Map<string, ContactQuality>();

  /** A stream opened; whether it tells fixations. */
  open(info: StreamInfo): boolean {
    const contacts = ContactQuality.of(info);
    if (contacts) this.#contacts.set(info.id, contacts);
    const fixations = FixationStream.of(info);
    if (fixations) this.#fixations.set(info.id, fixations);
    return fixations !== null;
  }

  /** Tells the fixations in `chunk`, at stamps as they come. */
  pushFixations(chunk: Chunk, tell: (marker: Marker) => void): void {
    this.#fixations.get(chunk.info.id)?.push(chunk, tell);
  }

  tellsContacts(id: string): boolean {
    return this.#contacts.has(id);
  }

  /** Stamps of `chunk` in session time. */
  pushContacts(chunk: Chunk): void {
    this.#contacts.get(chunk.info.id)?.push(chunk);
  }

  /** The least that any of the headset's streams tells of each electrode, by label. */
  contactsAt(time: Seconds): ReadonlyMap<string, number> {
    const least = new Map<string, number>();
    for (const contacts of this.#contacts.values())
      for (const [label, share] of contacts.at(time))
        least.set(label, Math.min(share, least.get(label) ?? 1));
    return least;
  }

  snapshot(): DeviceStates {
    return {
      fixations: [...this.#fixations.values()].map((stream) => ({
        info: stream.info,
        current: stream.snapshot(),
      })),
      contacts: [...this.#contacts.values()].map((stream) => ({
        info: stream.info,
        grades: stream.snapshot(),
      })),
    };
  }

  restore({ fixations, contacts }: DeviceStates): void {
    for (const { info } of [...fixations, ...contacts]) this.open(info);
    for (const { info, current } of fixations) this.#fixations.get(info.id)?.restore(current);
    for (const { info, grades } of contacts) this.#contacts.get(info.id)?.restore(grades);
  }
}
