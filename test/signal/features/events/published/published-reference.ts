import reference from '../../../../../fixtures/eye/published_detectors.json' with { type: 'json' };
import type { PublishedDetectorName } from '../../../../../src/signal/features/events/published/published-gaze-events.js';

const row = (values: readonly (number | null)[]) => values.map((value) => value ?? Number.NaN);

/** What numpy makes of simulated gaze (fixtures/eye/make_published_detectors.py). */
export const published = reference.cases.map(({ sfreq_hz, x, y, velocity_x, labels, events }) => ({
  gaze: { sfreq: sfreq_hz, x: row(x), y: row(y) },
  times: x.map((_, i) => reference.start_s + i / sfreq_hz),
  velocity_x: row(velocity_x),
  labels: (name: PublishedDetectorName) => labels[name],
  /** Of I-VT's labels. */
  events,
}));
