import type { Seconds } from '../../core/clock.js';
import type { DatasetRecording } from '../datasets/dataset.js';

/** Where a recording stands in its session. */
export interface SessionPlace {
  /** Recordings before it. */
  readonly file: number;
  /** What they lasted together. */
  readonly before: Seconds;
}

/** A recording that is alone in its session. */
export const onlyPlace: SessionPlace = { file: 0, before: 0 };

/** Counts the recordings of one person's sessions, as a data set gives them. */
export class SessionPlaces {
  readonly #next = new Map<string, SessionPlace>();

  /** @param windows makes the recording's windows, which tell how long it lasted */
  place<W extends { readonly window: readonly [Seconds, Seconds] }>(
    { session }: Pick<DatasetRecording, 'session'>,
    windows: (place: SessionPlace) => readonly W[],
  ): readonly W[] {
    const place = this.#next.get(session) ?? onlyPlace;
    const made = windows(place);
    const lasted = made.reduce((longest, { window }) => Math.max(longest, window[1]), 0);
    this.#next.set(session, { file: place.file + 1, before: place.before + lasted });
    return made;
  }
}
