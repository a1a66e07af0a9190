import type { Seconds } from '../../core/clock.js';
import type { StreamMessage } from '../../core/signal.js';
import { type Truth, TruthReader, TruthTrack } from '../../core/truth.js';
import { type Estimate, truthScore } from '../../core/truth-score.js';
import type { Prediction } from '../../io/protocol/output.js';
import type { SessionOutput } from '../session/session-output.js';

const toldDimensions = ['valence', 'arousal'] as const satisfies readonly (keyof Truth)[];

/** What of a prediction is looked at in the end. */
type Kept = Estimate & Pick<Prediction, 'evidence' | 'simulated' | 'node'>;

/**
 * What a replay came to, in one line: how many windows are valid, on what evidence, and, where the recording holds the truth,
 * how the valid windows' estimates agree with it. A window's label is the mean of the truth over it, as in training.
 */
export class ReplaySummary {
  readonly #reader = new TruthReader();
  readonly #track = new TruthTrack();
  readonly #predictions: Kept[] = [];
  #zero: Seconds = 0;
  #hasTruth = false;

  /** Every message of the recording. */
  hear(message: StreamMessage): void {
    if (message.kind !== 'chunk') return;
    this.#reader.read(message.chunk, (...sample) => {
      this.#hasTruth = true;
      this.#track.add(...sample);
    });
  }

  take(output: SessionOutput): void {
    if (output.kind === 'began') this.#zero = output.zero;
    if (output.kind !== 'prediction') return;
    const { window, valence, arousal, interval, valid, evidence, simulated, node } = output.prediction;
    const mark = simulated ? { simulated } : {};
    this.#predictions.push({ window, valence, arousal, interval, valid, evidence, node, ...mark });
  }

  line(): string {
    const nodes = [...new Set(this.#predictions.map(({ node }) => node))];
    if (nodes.length === 0) return 'no prediction';
    return nodes.map((node) => this.#lineOf(node, nodes.length > 1)).join('; ');
  }

  #lineOf(node: string, isNamed: boolean): string {
    const all = this.#predictions.filter((prediction) => prediction.node === node);
    const valid = all.filter((prediction) => prediction.valid);
    const evidence = [...new Set(all.map((prediction) => prediction.evidence))].join(', ');
    const simulated = all.some((prediction) => prediction.simulated) ? ' (simulated streams)' : '';
    const parts = [
      `${isNamed ? `${node}: ` : ''}${all.length} windows, ${valid.length} valid`,
      `evidence ${evidence}${simulated}`,
      ...(this.#hasTruth ? toldDimensions.map((dimension) => this.#scoreOf(valid, dimension)) : []),
    ];
    return parts.join('; ');
  }

  #scoreOf(valid: readonly Kept[], dimension: keyof Truth): string {
    const { windows, ccc, mae, coverage } = truthScore(valid, this.#track, dimension, this.#zero);
    if (windows === 0) return `${dimension}: no window with an estimate and the truth`;
    const held = coverage
      ? `${Math.round(coverage.level * 100)} % intervals hold ${(100 * coverage.share).toFixed(1)} %`
      : 'no intervals';
    const shown = Number.isFinite(ccc) ? ccc.toFixed(3) : '-';
    return `${dimension} against the truth in ${windows} windows: CCC ${shown}, MAE ${mae.toFixed(3)}, ${held}`;
  }
}
