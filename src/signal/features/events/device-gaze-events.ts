import type { Marker } from '../../../core/signal.js';
import type { Stateful } from '../../../core/state.js';
import { type DeviceEvent, deviceEventOf } from './device-event.js';
import type { GazeEvent, GazeEventKind } from './gaze-event.js';
import type { GazeHistory } from './gaze-history.js';

/** Blinks that are remembered, to know the saccades that trackers see around them. */
const BLINKS = 8;

export type DeviceGazeEventsState = {
  readonly told: readonly GazeEventKind[];
  readonly blinks: readonly DeviceEvent[];
  readonly eye: DeviceEvent['eye'] | null;
  readonly lastEnd: number;
};

/**
 * The events that an eye tracker tells, measured on the gaze that came with them: each is known at its end. Of a tracker
 * that tells each eye's events, those of the eye count that is told first. A saccade around a blink is the lid's
 * (EyeLink 1000 User Manual, 4.9.5.3) and left out.
 */
export class DeviceGazeEvents implements Stateful<DeviceGazeEventsState> {
  readonly told = new Set<GazeEventKind>();
  readonly #blinks: DeviceEvent[] = [];
  #eye: DeviceEvent['eye'] | null = null;
  #lastEnd = Number.NEGATIVE_INFINITY;

  constructor(
    readonly history: GazeHistory,
    readonly emit: (event: GazeEvent) => void,
  ) {}

  /** @param gapUntil end of the last hole in the gaze, s. */
  mark(marker: Marker, gapUntil: number): void {
    const event = deviceEventOf(marker);
    if (event === null || !(event.end_s > event.onset_s)) return;
    this.#eye ??= event.eye;
    if (event.eye !== this.#eye) return;
    this.told.add(event.kind);
    const { kind, onset_s, end_s } = event;
    if (kind === 'blink') {
      this.#blinks.push(event);
      if (this.#blinks.length > BLINKS) this.#blinks.shift();
    } else if (
      kind === 'saccade' &&
      this.#blinks.some((blink) => blink.onset_s < end_s && blink.end_s > onset_s)
    )
      return;
    const nowhere = [Number.NaN, Number.NaN] as const;
    const path =
      kind === 'blink' ? { from: nowhere, to: nowhere, extent: nowhere } : this.history.path(onset_s, end_s);
    const afterLoss = gapUntil > this.#lastEnd;
    this.#lastEnd = Math.max(this.#lastEnd, end_s);
    this.emit({ kind, onset_s, end_s, ...path, afterLoss });
  }

  snapshot(): DeviceGazeEventsState {
    return { told: [...this.told], blinks: [...this.#blinks], eye: this.#eye, lastEnd: this.#lastEnd };
  }

  restore({ told, blinks, eye, lastEnd }: DeviceGazeEventsState): void {
    for (const kind of told) this.told.add(kind);
    this.#blinks.push(...blinks);
    this.#eye = eye;
    this.#lastEnd = lastEnd;
  }
}
