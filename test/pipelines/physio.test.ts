import { describe, expect, it } from 'vitest';
import expected from '../../fixtures/pipelines/expected.json' with { type: 'json' };
import { largestError, runPipeline, valuesAt } from './run-pipeline.js';

const { time, values, heart_rate } = expected.physio;

/** Expected values of one source, by `channel.feature`. */
const of = (source: string) =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      name.startsWith(`${source}.`) ? [[name.slice(source.length + 1), value]] : [],
    ),
  );

describe('pipelines/physio.yaml', () => {
  it('gives what scipy gives of the same samples, and beats that a look at the whole record finds', async () => {
    const vectors = await runPipeline('physio', { profile: 'epoc', seed: 'pipelines', duration_s: time });
    expect([...vectors.keys()].sort()).toEqual([
      'heart_ecg',
      'heart_ppg',
      'movement',
      'muscle',
      'skin',
      'warmth',
    ]);
    for (const [node, source] of [
      ['skin', 'eda'],
      ['muscle', 'emg'],
      ['warmth', 'temp'],
      ['movement', 'acc'],
    ])
      expect(largestError(valuesAt(vectors.get(node), time), of(source)), node).toBeLessThan(1e-9);
    for (const node of ['heart_ecg', 'heart_ppg']) {
      const heart = valuesAt(vectors.get(node), time);
      expect(Math.abs(heart['heart.hr_mean']! - heart_rate), node).toBeLessThan(1.5);
      expect(heart['heart.rmssd'], node).not.toBeNull();
      expect(heart['heart.sdnn'], node).not.toBeNull();
    }
    expect(valuesAt(vectors.get('skin'), time)['skin.scr_rate']).not.toBeNull();
  });

  it('masks what is switched off', async () => {
    const faults = 'drop:EDA@10-,nan:TEMP@5-';
    const vectors = await runPipeline('physio', { profile: 'epoc', seed: 1, duration_s: 30, faults });
    for (const node of ['skin', 'warmth'])
      expect(Object.values(valuesAt(vectors.get(node), 28)).every((v) => v === null)).toBe(true);
    expect(valuesAt(vectors.get('heart_ecg'), 28)['heart.hr_mean']).not.toBeNull();
  });
});
