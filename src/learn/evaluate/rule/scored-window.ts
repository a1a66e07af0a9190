import type { Seconds } from '../../../core/clock.js';
import type { SplitOutcomes } from '../assemble.js';
import type { WindowFacts } from '../blind/window-facts.js';
import type { EvaluationData, FoldOutcome } from '../fold-task.js';
import type { Outputs } from '../outputs.js';
import type { Quantity } from '../scores.js';
import type { Fold } from '../splits/fold.js';
import { groupBy } from '../splits/group.js';

/** A labelled window and what a model, which has not seen its person, says of one quantity. */
export interface ScoredWindow {
  /** Its place in the data. */
  readonly index: number;
  /** Keys that nobody else's person, session and trial have. */
  readonly person: string;
  readonly session: string;
  readonly trial: string;
  readonly stimulus: string | null;
  readonly file: number;
  /** On the clock of its session. */
  readonly start: Seconds;
  readonly end: Seconds;
  readonly since_onset: Seconds;
  /** A value, or the index of a class. */
  readonly label: number;
  /** A value; or of two classes the second's logit, of more each one's. Mean over seeds. */
  readonly score: readonly number[];
}

/** Probabilities are kept off 0 and 1 by this much, which float32 still tells from them. */
const SMALLEST = 1e-6;

/** Classes that have a score of their own: of two the second says all. */
export function scoredClasses(classes: number): number[] {
  return classes === 2 ? [1] : Array.from({ length: classes }, (_, c) => c);
}

/**
 * Scores of each of a fold's test windows, mean over seeds, in their order.
 *
 * @param outcomes of each seed
 * @param outputsOf what of an outcome counts
 */
function foldScores(
  outcomes: readonly FoldOutcome[],
  count: number,
  quantity: Quantity,
  outputsOf: (outcome: FoldOutcome) => Outputs,
): number[][] {
  const [{ heads, classes }] = outcomes;
  const scored = quantity === 'class' ? scoredClasses(classes.length) : [heads.indexOf(quantity)];
  return Array.from({ length: count }, (_, row) =>
    scored.map((column) => {
      const values = outcomes.map((outcome) => {
        const outputs = outputsOf(outcome);
        return quantity === 'class'
          ? logit(outputs.classes[row * classes.length + column])
          : outputs.heads[row * heads.length + column];
      });
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    }),
  );
}

function logit(probability: number): number {
  const p = Math.min(1 - SMALLEST, Math.max(SMALLEST, probability));
  return Math.log(p / (1 - p));
}

/** What counts of a learner: its predictions, or those of some of its modalities alone. */
export interface Part {
  /** Places of the modalities that it looks at; windows with none of them are left out. Null: it looks at none. */
  readonly modalities: readonly number[] | null;
  readonly outputsOf: (outcome: FoldOutcome) => Outputs;
}

/** Every labelled test window of a split with its score, each session's in order of time. */
export function scoredWindows(
  data: EvaluationData,
  facts: readonly WindowFacts[],
  { folds }: SplitOutcomes['split'],
  outcomes: readonly (readonly FoldOutcome[])[],
  quantity: Quantity,
  part: Part,
): ScoredWindow[] {
  const windows = folds.flatMap((fold, f) =>
    scoredFold(
      data,
      facts,
      fold,
      outcomes.map((own) => own[f]),
      quantity,
      part,
    ),
  );
  return [...groupBy(windows, ({ session }) => session).values()].flatMap((own) =>
    own.sort((a, b) => a.start - b.start),
  );
}

/** {@link scoredWindows} of one fold, in its order. */
export function scoredFold(
  data: EvaluationData,
  facts: readonly WindowFacts[],
  { test }: Fold,
  outcomes: readonly FoldOutcome[],
  quantity: Quantity,
  { modalities, outputsOf }: Part,
): ScoredWindow[] {
  const scores = foldScores(outcomes, test.length, quantity, outputsOf);
  return test.flatMap((index, row) => {
    const { window, label: told } = data.examples[index];
    const { person, session, trial, stimulus, file, since_start, since_onset } = facts[index];
    const label = quantity === 'class' ? told.class : (told.targets[quantity] ?? null);
    if (label === null) return [];
    if (modalities && !modalities.some((m) => facts[index].present[m])) return [];
    return [
      {
        index,
        person,
        session,
        trial,
        stimulus,
        file,
        start: since_start,
        end: since_start + window[1] - window[0],
        since_onset,
        label,
        score: scores[row],
      },
    ];
  });
}
