import type { Seconds } from '../../core/clock.js';
import type { SessionEvent } from '../../core/event.js';
import type { RankingScores } from '../../core/model.js';
import type { AnchorRanking, Prediction } from '../../io/protocol/output.js';
import { softmax } from '../../model/engines/inference.js';
import { rankOutcomes } from '../../model/networks/definition.js';
import { round6 } from './predict.js';
import type { SessionOutput } from './session-output.js';

/** Anchor of the first valid window of a session; in a dimension from which that abstained, of the first that tells it. */
export const START_ANCHOR = 'start';

/** Most anchors of one model node, `start` among them, and as many that wait for its next window. Each is in every line. */
const MAX_ANCHORS = 64;
/** Longest name of an anchor; longer ones are no markers of ours. */
const MAX_NAME_LENGTH = 128;

/** A marker's name for an anchor: `anchor:calm` is `calm`, `anchor` alone is named by its place. */
const marking = /^anchor(?::(.+))?$/;

type Scores = Readonly<Record<string, RankingScores>>;

interface Mark {
  readonly name: string;
  readonly time: Seconds;
}

/** What is known of one model node. */
interface NodeAnchors {
  readonly model: string | null;
  readonly anchors: readonly (readonly [name: string, scores: Scores])[];
  /** Marked, but none of the node's windows has closed since. */
  readonly waiting: readonly Mark[];
}

/** All of it, as plain data: a session can be resumed elsewhere. */
export interface AnchorState {
  readonly nodes: readonly (readonly [node: string, anchors: NodeAnchors])[];
  readonly unnamed: number;
}

interface OwnAnchors {
  model: string | null;
  readonly anchors: Map<string, Scores>;
  waiting: Mark[];
}

/** The event that tells of an anchor that has no room. */
export function anchorIgnored(anchor: string, model: string): SessionEvent {
  return {
    code: 'anchor-ignored',
    level: 'warn',
    message: `the marker anchor:${anchor} is no anchor of ${model}, which has ${MAX_ANCHORS}; use a name again to move an anchor`,
  };
}

/**
 * Ranks each moment of a session against this person's own anchor moments (PRNet: no absolute scale is needed), for each
 * model node by itself. A marker `anchor:NAME` makes the node's next window that closes at or after it, and is valid, the anchor
 * NAME, or moves it there; the first valid window is the anchor `start`. Another model's scores mean nothing to this one: a
 * reload begins anew.
 */
export class Anchors {
  readonly #nodes: Map<string, OwnAnchors>;
  #unnamed: number;

  /** @param ignored told of anchors that have no room. */
  constructor(
    { nodes, unnamed }: AnchorState = { nodes: [], unnamed: 0 },
    readonly ignored: (name: string, node: string) => void = () => {},
  ) {
    this.#nodes = new Map(
      nodes.map(([node, { model, anchors, waiting }]) => [
        node,
        { model, anchors: new Map(anchors), waiting: [...waiting] },
      ]),
    );
    this.#unnamed = unnamed;
  }

  snapshot(): AnchorState {
    return {
      nodes: [...this.#nodes].map(([node, { model, anchors, waiting }]) => [
        node,
        { model, anchors: [...anchors], waiting: [...waiting] },
      ]),
      unnamed: this.#unnamed,
    };
  }

  /**
   * A session's next output, in order; predictions of models that rank come back with their ranking.
   * @param models the nodes that a marker is for
   */
  follow(output: SessionOutput, models: Iterable<string>): SessionOutput {
    if (output.kind === 'marker') {
      const [found, name] = marking.exec(output.marker.value.trim()) ?? [];
      if (found === undefined || (name?.length ?? 0) > MAX_NAME_LENGTH) return output;
      const mark = { name: name ?? `anchor-${++this.#unnamed}`, time: output.marker.time };
      for (const model of models) {
        const own = this.#of(model);
        if (hasRoom(own, mark.name)) own.waiting.push(mark);
        else this.ignored(mark.name, model);
      }
      return output;
    }
    if (output.kind !== 'prediction') return output;
    const { prediction, scores } = output;
    if (scores !== null)
      return { ...output, prediction: ranked(prediction, scores, this.#of(prediction.node)) };
    // It does not rank: what was marked need not wait for it.
    if (prediction.valid) this.#nodes.delete(prediction.node);
    return output;
  }

  #of(node: string): OwnAnchors {
    let own = this.#nodes.get(node);
    if (!own) {
      own = { model: null, anchors: new Map(), waiting: [] };
      this.#nodes.set(node, own);
    }
    return own;
  }
}

function hasRoom({ anchors, waiting }: OwnAnchors, name: string): boolean {
  if (waiting.length >= MAX_ANCHORS) return false;
  const names = new Set([START_ANCHOR, ...anchors.keys(), ...waiting.map((mark) => mark.name)]);
  return names.has(name) || names.size < MAX_ANCHORS;
}

function ranked(prediction: Prediction, scores: Scores, node: OwnAnchors): Prediction {
  const { model, valid, time } = prediction;
  if (node.model !== model) {
    node.model = model;
    node.anchors.clear();
  }
  if (valid) {
    node.anchors.set(START_ANCHOR, { ...scores, ...node.anchors.get(START_ANCHOR) });
    for (const { name } of node.waiting.filter((mark) => mark.time <= time)) node.anchors.set(name, scores);
    node.waiting = node.waiting.filter((mark) => mark.time > time);
  }
  const ranking = Object.fromEntries(
    Object.entries(scores).map(([dimension, own]) => [
      dimension,
      Object.fromEntries(
        [...node.anchors].flatMap(([name, anchor]) =>
          anchor[dimension] ? [[name, compare(own, anchor[dimension])]] : [],
        ),
      ),
    ]),
  );
  return { ...prediction, ranking };
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
