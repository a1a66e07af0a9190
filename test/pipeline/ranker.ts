import type { ModelFrame, ModelOutput, ModelRunner } from '../../src/core/model.js';

/** A model that ranks, and says what one feature says: `sign` tells two of them apart. */
export class Ranker implements ModelRunner {
  readonly name = 'ranker';
  readonly type = 'prnet';
  readonly worth = { evidence: 'none', broken: null, reason: null, scope: null } as const;
  readonly engine = 'none';
  readonly fuses = false;
  readonly validity = { min_present: 1, required: [] };
  readonly inputs = new Map([
    [
      'eeg',
      { kind: 'features', features: [{ channel: 'Cz', feature: 'de_alpha', unit: 'nat' }], upstream: '' },
    ] as const,
  ]);
  constructor(
    readonly id: string,
    readonly sign: number,
  ) {}

  async predict(frames: readonly ModelFrame[]): Promise<ModelOutput[]> {
    return frames.map(([{ values }]) => {
      const s = this.sign * values[0];
      const ranking = { arousal: { first: [s, 0.1, -s], second: [-s, 0, s] } };
      return { valence: Math.tanh(s), arousal: null, weights: [], routing: [], interval: null, ranking };
    });
  }
  async close(): Promise<void> {}
}
