import { describe, expect, it } from 'vitest';
import type { StreamInfo } from '../../../src/core/signal.js';
import { type TruthOutput, TruthOutputs } from '../../../src/pipeline/session/truth-outputs.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';

const annotation = (sfreq: number, labels = ['valence', 'arousal']): StreamInfo =>
  streamInfo({ type: 'Annotation', sfreq, labels, unit: '[-1,1]' });

function outputs(...chunks: ReturnType<typeof chunkOf>[]): TruthOutput[] {
  const [truth, told]: [TruthOutputs, TruthOutput[]] = [new TruthOutputs(), []];
  for (const chunk of chunks) truth.take(chunk, (output) => told.push(output));
  return told;
}

const ramp = (n: number) => Array.from({ length: n }, (_, i) => i / n);

describe('the truth as a session tells it', () => {
  it('is every sample of a slow annotation, whatever the order of its channels', () => {
    const told = outputs(
      chunkOf(
        annotation(10, ['arousal', 'valence']),
        [
          [-0.5, -0.4],
          [0.1, 0.2],
        ],
        3,
      ),
    );
    expect(told).toEqual([
      { kind: 'truth', time: 3, valence: 0.1, arousal: -0.5 },
      { kind: 'truth', time: 3.1, valence: 0.2, arousal: -0.4 },
    ]);
  });

  it('is thinned to 20 samples a second, however a fast one is cut into chunks', () => {
    const fast = annotation(1000);
    const whole = outputs(chunkOf(fast, [ramp(3000), ramp(3000)], 0));
    expect(whole).toHaveLength(60);
    const cut = outputs(
      ...Array.from({ length: 300 }, (_, k) =>
        chunkOf(
          fast,
          [ramp(3000).slice(10 * k, 10 * k + 10), ramp(3000).slice(10 * k, 10 * k + 10)],
          Array.from({ length: 10 }, (__, i) => (10 * k + i) / 1000),
        ),
      ),
    );
    expect(cut).toEqual(whole);
  });

  it('is missing where the sample is, or lies on another scale', () => {
    const [nan, nine] = outputs(
      chunkOf(
        annotation(10),
        [
          [Number.NaN, 9],
          [0, -1],
        ],
        0,
      ),
    );
    expect([nan.valence, nan.arousal, nine.valence, nine.arousal]).toEqual([Number.NaN, 0, Number.NaN, -1]);
  });

  it('comes from the first of two that delivers, and from the other when that has ended', () => {
    const [a, b] = [annotation(10), { ...annotation(10), id: 'other' }];
    const truth = new TruthOutputs();
    const told: number[] = [];
    const take = (info: StreamInfo, value: number, time: number): void =>
      truth.take(chunkOf(info, [[value], [0]], time), ({ valence }) => told.push(valence));
    take(a, 0.1, 0);
    take(b, 0.9, 0.1);
    take(a, 0.2, 0.2);
    truth.close(a.id);
    take(b, 0.8, 0.3);
    expect(told).toEqual([0.1, 0.2, 0.8]);
  });

  it('is nothing where a stream lacks one of the two, or is of another type', () => {
    expect(outputs(chunkOf(annotation(10, ['valence', 'liking']), [[0], [0]], 0))).toEqual([]);
    const affect = streamInfo({ type: 'Affect', sfreq: 0, labels: ['valence', 'arousal'], unit: '' });
    expect(outputs(chunkOf(affect, [[0], [0]], [0]))).toEqual([]);
  });
});
