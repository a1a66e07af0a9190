import type { Chunk, Marker, StreamInfo, StreamMessage } from '../../../core/signal.js';
import { BeatEvents } from './beat-events.js';
import { deviceEventOf, FixationStream } from './device-event.js';
import type { GazeEvent, GazeEventKind } from './gaze-event.js';
import { GazeEvents } from './gaze-events.js';
import {
  type PublishedDetectorName,
  PublishedGazeEvents,
  publishedDetectors,
} from './published/published-gaze-events.js';
import { ScrEvents } from './scr-events.js';
import type { DegreeScale, Screen } from './screen.js';

/** What may find the eye movements: the causal detector that the features use, or a published one. */
export type GazeDetectorName = 'affectd' | PublishedDetectorName;
export const gazeDetectorNames: readonly GazeDetectorName[] = [
  'affectd',
  ...(Object.keys(publishedDetectors) as PublishedDetectorName[]),
];

/** One detected event. */
export interface EventRow {
  /** Name of the stream. */
  readonly stream: string;
  readonly event: GazeEventKind | 'beat' | 'scr';
  readonly onset_s: number;
  readonly duration_s: number;
  /** NaN where there is none. */
  readonly value: number;
  readonly unit: string;
  /** Whether the stream was made by a simulator. */
  readonly simulated: boolean;
}

interface Detector {
  push(chunk: Chunk): void;
  finish?(): void;
}

/** The events of a session's streams, from the causal detectors that the features use, where no other is named. */
export class EventTable {
  readonly #detectors = new Map<string, Detector>();
  readonly #rows: EventRow[] = [];

  readonly #fixations = new Map<string, FixationStream>();
  readonly #infos = new Map<string, StreamInfo>();

  /**
   * @param device whether to list the events that eye trackers tell, too, as of `<stream> (device)`.
   * @param detector what finds the eye movements; a published one tells them when their stream has ended.
   */
  constructor(
    readonly screen: Screen | undefined,
    readonly device = false,
    readonly detector: GazeDetectorName = 'affectd',
  ) {}

  /** Streams in which events are looked for. */
  get streams(): number {
    return this.#detectors.size;
  }

  take(message: StreamMessage): void {
    if (message.kind === 'open') {
      this.#detectors.get(message.info.id)?.finish?.();
      this.#infos.set(message.info.id, message.info);
      const fixations = this.device ? FixationStream.of(message.info) : null;
      if (fixations) this.#fixations.set(message.info.id, fixations);
      const detector = this.#detectorOf(message.info);
      if (detector) this.#detectors.set(message.info.id, detector);
    } else if (message.kind === 'chunk') {
      const { chunk } = message;
      this.#detectors.get(chunk.info.id)?.push(chunk);
      this.#fixations.get(chunk.info.id)?.push(chunk, (marker) => this.#tell(marker));
    } else if (message.kind === 'marker') {
      if (this.device) this.#tell(message.marker);
    } else if (message.kind === 'close') this.#detectors.get(message.id)?.finish?.();
  }

  /** Whether any of {@link streams} was made by a simulator. */
  get simulated(): boolean {
    return [...this.#detectors.keys()].some((id) => this.#infos.get(id)?.simulated);
  }

  /** All events so far, in order of their onsets. */
  rows(): readonly EventRow[] {
    return this.#rows.sort((a, b) => a.onset_s - b.onset_s);
  }

  #tell(marker: Marker): void {
    const event = deviceEventOf(marker);
    if (!event) return;
    const info = this.#infos.get(marker.stream);
    this.#rows.push({
      stream: `${info?.name ?? marker.stream} (device)`,
      event: event.kind,
      onset_s: event.onset_s,
      duration_s: event.end_s - event.onset_s,
      value: Number.NaN,
      unit: '',
      simulated: info?.simulated ?? false,
    });
  }

  #detectorOf(info: StreamInfo): Detector | null {
    const of = { stream: info.name, simulated: info.simulated ?? false };
    if (info.type === 'Gaze') {
      const emit = (event: GazeEvent) => this.#rows.push({ ...of, ...gazeRow(event, events.scale!) });
      const events: GazeEvents | PublishedGazeEvents =
        this.detector === 'affectd'
          ? new GazeEvents(info, this.screen, emit)
          : new PublishedGazeEvents(info, this.screen, emit, publishedDetectors[this.detector]);
      return events;
    }
    if (info.type === 'EDA')
      return new ScrEvents(info, ({ onset, peak, amplitude_us }) =>
        this.#rows.push({
          ...of,
          event: 'scr',
          onset_s: onset,
          duration_s: peak - onset,
          value: amplitude_us,
          unit: 'uS',
        }),
      );
    if (info.type !== 'ECG' && info.type !== 'PPG' && info.type !== 'IBI') return null;
    return new BeatEvents(info, (onset_s, interval_s) =>
      this.#rows.push({
        ...of,
        event: 'beat',
        onset_s,
        duration_s: 0,
        value: 60 / interval_s,
        unit: '1/min',
      }),
    );
  }
}

/** Dispersion of a fixation, amplitude of a saccade, mean speed of pursuit, in the unit that lengths are known in. */
function gazeRow(event: GazeEvent, scale: DegreeScale): Omit<EventRow, 'stream' | 'simulated'> {
  const { kind, onset_s, end_s, from, to, extent } = event;
  const duration_s = end_s - onset_s;
  const [px, py] = scale.perDegree;
  const [dx, dy] = [(to[0] - from[0]) * px, (to[1] - from[1]) * py];
  const length = Math.sqrt(dx * dx + dy * dy);
  const { unit } = scale;
  const of = (value: number, own: string) => ({ event: kind, onset_s, duration_s, value, unit: own });
  if (kind === 'fixation') return of(extent[0] * px + extent[1] * py, unit);
  if (kind === 'saccade') return of(length, unit);
  return kind === 'pursuit' ? of(length / duration_s, `${unit}/s`) : of(Number.NaN, '');
}
