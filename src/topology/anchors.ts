import type { Seconds } from '../core/clock.js';
import type { RankingScores } from '../core/model.js';
import { softmax } from '../engines/inference.js';
import { rankOutcomes } from '../models/definition.js';
import type { AnchorRanking, Prediction } from '../protocol/output.js';
import { round6 } from './predict.js';
import type { SessionOutput } from './session-output.js';

/** Anchor of the first valid window of a session; in a dimension from which that abstained, of the first that tells it. */
export const START_ANCHOR = 'start';

/** A marker's name for an anchor: `anchor:calm` is `calm`, `anchor` alone is named by its place. */
const marking = /^anchor(?::(.+))?$/;

type Scores = Readonly<Record<string, RankingScores>>;

/** All of it, as plain data: a session can be resumed elsewhere. */
export interface AnchorState {
  readonly model: string | null;
  readonly anchors: readonly (readonly [name: string, scores: Scores])[];
  /** Marked, but no window has closed since. */
  readonly waiting: readonly { readonly name: string; readonly time: Seconds }[];
  readonly unnamed: number;
}

/**
 * Ranks each moment of a session against this person's own anchor moments (PRNet: no absolute scale is needed). A marker
 * `anchor:NAME` makes the next window that closes at or after it, and is valid, the anchor NAME, or moves it there; the
 * session's first valid window is the anchor `start`. Another model's scores mean nothing to this one: a reload begins anew.
 */
export class Anchors {
  #model: string | null;
  readonly #anchors: Map<string, Scores>;
  #waiting: { readonly name: string; readonly time: Seconds }[];
  #unnamed: number;

  constructor(state: AnchorState = { model: null, anchors: [], waiting: [], unnamed: 0 }) {
    this.#model = state.model;
    this.#anchors = new Map(state.anchors);
    this.#waiting = [...state.waiting];
    this.#unnamed = state.unnamed;
  }

  snapshot(): AnchorState {
    return {
      model: this.#model,
      anchors: [...this.#anchors],
      waiting: [...this.#waiting],
      unnamed: this.#unnamed,
    };
  }

  /** A session's next output, in order; predictions of models that rank come back with their ranking. */
  follow(output: SessionOutput): SessionOutput {
    if (output.kind === 'marker') {
      const [found, name] = marking.exec(output.marker.value.trim()) ?? [];
      if (found !== undefined)
        this.#waiting.push({ name: name ?? `anchor-${++this.#unnamed}`, time: output.marker.time });
      return output;
    }
    if (output.kind !== 'prediction' || output.scores === null) return output;
    return { ...output, prediction: this.#ranked(output.prediction, output.scores) };
  }

  #ranked(prediction: Prediction, scores: Scores): Prediction {
    const { model, valid, time } = prediction;
    if (this.#model !== model) {
      this.#model = model;
      this.#anchors.clear();
    }
    if (valid) {
      this.#anchors.set(START_ANCHOR, { ...scores, ...this.#anchors.get(START_ANCHOR) });
      for (const { name } of this.#waiting.filter((anchor) => anchor.time <= time))
        this.#anchors.set(name, scores);
      this.#waiting = this.#waiting.filter((anchor) => anchor.time > time);
    }
    const ranking = Object.fromEntries(
      Object.entries(scores).map(([dimension, own]) => [
        dimension,
        Object.fromEntries(
          [...this.#anchors].flatMap(([name, anchor]) =>
            anchor[dimension] ? [[name, compare(own, anchor[dimension])]] : [],
          ),
        ),
      ]),
    );
    return { ...prediction, ranking };
  }
}

/** The moment of `own` against the moment of `anchor`. */
function compare(own: RankingScores, anchor: RankingScores): AnchorRanking {
  const probabilities = softmax(own.first.map((logit, i) => logit + anchor.second[i]));
  const largest = probabilities.indexOf(Math.max(...probabilities));
  return {
    is: rankOutcomes[largest],
    probabilities: Object.fromEntries(
      rankOutcomes.map((outcome, i) => [outcome, round6(probabilities[i])]),
    ) as AnchorRanking['probabilities'],
  };
}
