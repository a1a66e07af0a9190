import { createHash } from 'node:crypto';
import type { Seconds } from '../../../core/clock.js';
import type { Label } from '../../datasets/dataset.js';
import type { Example } from '../../examples/example.js';
import { groupBy } from '../splits/group.js';
import { unitOf } from '../splits/unit.js';

/** What can be known of a window by somebody who sees no signal. */
export interface WindowFacts {
  /** Keys that nobody else's person, session and trial have. */
  readonly person: string;
  readonly session: string;
  readonly trial: string;
  readonly since_start: Seconds;
  readonly since_onset: Seconds;
  /** Where it lies between the first window of its session, 0, and the last, 1; in its trial likewise. */
  readonly session_share: number;
  readonly trial_share: number;
  /** Place of its file in the session. */
  readonly file: number;
  readonly stimulus: string | null;
  /** Since the trial's onset, in hops. */
  readonly trial_hop: number;
  /** Of the window before it in its session; null: there is none. */
  readonly previous: Label | null;
  /** [M] whether each modality is there. */
  readonly present: readonly boolean[];
  /** What sensors were there, 0 or 1: modalities, channels, features; each pattern over all windows once, without those that never change. */
  readonly masks: Uint8Array;
}

/** Looks at every window once, frames too. */
export function windowFacts(examples: readonly Example[], hop_s: Seconds): WindowFacts[] {
  const presences = examples.map(({ frame }) => {
    const present = frame.map((modality) => modality.present);
    const features = frame.flatMap(({ mask, present: there }) =>
      Array.from(mask, (own) => (there ? own : 0)),
    );
    return { present, bits: Uint8Array.from([...present.map(Number), ...features]) };
  });
  const masks = changingColumns(presences.map(({ bits }) => bits));
  const sessionShare = sharesOf(examples, unitOf.session, ({ since_start }) => since_start);
  const trialShare = sharesOf(examples, unitOf.trial, ({ since_onset }) => since_onset);
  const previous = previousLabels(examples);
  return examples.map((example, i) => ({
    person: unitOf.subject(example),
    session: unitOf.session(example),
    trial: unitOf.trial(example),
    since_start: example.since_start,
    since_onset: example.since_onset,
    session_share: sessionShare[i],
    trial_share: trialShare[i],
    file: example.file,
    stimulus: example.stimulus,
    trial_hop: Math.round(example.since_onset / hop_s),
    previous: previous[i],
    present: presences[i].present,
    masks: masks[i],
  }));
}

/** Columns of `rows` that are not the same throughout, each once. */
function changingColumns(rows: readonly Uint8Array[]): Uint8Array[] {
  const width = rows[0]?.length ?? 0;
  const seen = new Set<string>();
  const kept: number[] = [];
  for (let c = 0; c < width; c++) {
    const column = Uint8Array.from(rows, (row) => row[c]);
    if (column.every((bit) => bit === column[0])) continue;
    const key = createHash('sha1').update(column).digest('base64');
    if (seen.has(key)) continue;
    seen.add(key);
    kept.push(c);
  }
  return rows.map((row) => Uint8Array.from(kept, (c) => row[c]));
}

function sharesOf(
  examples: readonly Example[],
  unit: (example: Example) => string,
  time: (example: Example) => Seconds,
): number[] {
  const ends = new Map(
    [...groupBy(examples, unit)].map(([key, own]) => {
      const times = Float64Array.from(own, time).sort();
      return [key, { first: times[0], last: times[times.length - 1] }] as const;
    }),
  );
  return examples.map((example) => {
    const { first, last } = ends.get(unit(example))!;
    return last > first ? (time(example) - first) / (last - first) : 0;
  });
}

function previousLabels(examples: readonly Example[]): (Label | null)[] {
  const found = examples.map((): Label | null => null);
  for (const rows of groupBy([...examples.keys()], (i) => unitOf.session(examples[i])).values()) {
    rows.sort((a, b) => examples[a].since_start - examples[b].since_start);
    for (const [place, i] of rows.entries()) if (place > 0) found[i] = examples[rows[place - 1]].label;
  }
  return found;
}
