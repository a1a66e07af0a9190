import type { ModelFrame, ModelOutput, ModelRunner } from '../../../src/core/model.js';

/** A model that answers when it is told to. */
export class SlowRunner implements ModelRunner {
  readonly name: string = 'slow';
  readonly id: string = 'slow@sha256:0';
  readonly type = 'hi-moe';
  readonly worth = { evidence: 'none', broken: null, reason: null, scope: null } as const;
  readonly engine = 'none';
  readonly inputs = new Map();
  readonly fuses = true;
  readonly validity = { min_present: 1, required: [] };
  readonly waiting: {
    frames: readonly ModelFrame[];
    answer: (...valences: number[]) => void;
    rank: (ranking: ModelOutput['ranking']) => void;
    fail: () => void;
  }[] = [];
  readonly explained: boolean[] = [];

  predict(frames: readonly ModelFrame[], explain = false): Promise<ModelOutput[]> {
    this.explained.push(explain);
    return new Promise((resolve, reject) => {
      const one = { arousal: 0, weights: [1], routing: [], interval: null };
      this.waiting.push({
        frames,
        answer: (...valences) => resolve(valences.map((valence) => ({ valence, ...one }))),
        rank: (ranking) => resolve([{ valence: 0, ...one, ...(ranking && { ranking }) }]),
        fail: () => reject(new Error('out of order')),
      });
    });
  }
  async close(): Promise<void> {}
}
