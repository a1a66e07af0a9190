import type { ModalityInput, ModelFrame, ModelOutput, ModelRunner } from '../../src/core/model.js';
import { Random } from '../../src/core/random.js';
import { settle } from './counted-recording.js';

/** Ranks, and tells each value of a frame; its answers take a few turns of the event loop. */
export class Scribe implements ModelRunner {
  readonly name = 'scribe';
  readonly id = 'scribe@sha256:0';
  readonly type = 'hi-moe';
  readonly worth = { evidence: 'none', reason: 'a test', broken: null } as unknown as ModelRunner['worth'];
  readonly engine = 'none';
  readonly fuses = true;
  readonly validity = { min_present: 1, required: [] };
  asked = 0;
  readonly #random = new Random('scribe');

  constructor(readonly inputs: ReadonlyMap<string, ModalityInput>) {}

  async predict(frames: readonly ModelFrame[]): Promise<ModelOutput[]> {
    this.asked += frames.length;
    for (let turn = Math.floor(4 * this.#random.uniform()); turn > 0; turn--) await settle();
    return frames.map((frame) => {
      const sum = frame.reduce((all, { values }) => values.reduce((s, x) => s + Math.sin(x), all), 0);
      const scores = { first: [sum, 0, 1], second: [1, -sum, 0] };
      return {
        valence: Math.sin(sum),
        arousal: Math.cos(sum),
        weights: frame.map(({ present }) => Number(present)),
        ranking: { valence: scores },
        routing: [],
        interval: null,
      };
    });
  }

  async close(): Promise<void> {}
}
