import { expect, it } from 'vitest';
import type { Prediction } from '../../../src/io/protocol/output.js';
import { ReplaySummary } from '../../../src/pipeline/run/replay-summary.js';

const prediction = (node: string, valid: boolean): Prediction => ({
  ...{ stream: 'affect', session: 's', node, seq: 0, time: 4, window: [0, 4] },
  ...{ valence: 0.1, arousal: null, interval: null, modalities: {}, valid, reason: null },
  ...{ evidence: 'none', model: 'same@sha256:0', pipeline: 'sha256:0' },
});

it('sums up two nodes apart, the same model behind both', () => {
  const summary = new ReplaySummary();
  for (const [node, valid] of [['left', true], ['right', false], ['left', true]] as const) // biome-ignore format: one line
    summary.take({ kind: 'prediction', prediction: prediction(node, valid), scores: null });
  expect(summary.line()).toBe(
    'left: 2 windows, 2 valid; evidence none; right: 1 windows, 0 valid; evidence none',
  );
});
