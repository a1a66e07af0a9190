import { describe, expect, it } from 'vitest';
import { confusionMatrix } from '../../../../src/learn/evaluate/figures/confusion-matrix.js';
import {
  cosineCurves,
  mutualInformationCurves,
} from '../../../../src/learn/evaluate/figures/information-curves.js';
import { lossCurves } from '../../../../src/learn/evaluate/figures/loss-curves.js';
import { reliabilityDiagram } from '../../../../src/learn/evaluate/figures/reliability-diagram.js';
import { riskCoverageCurves } from '../../../../src/learn/evaluate/figures/risk-coverage-curves.js';
import { missingRateCurves, sweepCurves } from '../../../../src/learn/evaluate/figures/sweep-curves.js';
import { trajectories } from '../../../../src/learn/evaluate/figures/trajectories.js';
import { attentionMap, routingMap } from '../../../../src/learn/evaluate/figures/weight-map.js';
import { riskCoverage } from '../../../../src/learn/metrics/risk-coverage.js';
import { spread } from '../../../../src/learn/metrics/spread.js';
import { parseFigure } from './parse-figure.js';

const sweep = [
  {
    name: 'hi-moe',
    points: [0, 0.2, 0.4].map((at) => ({ at, spread: spread([0.9 - at, 0.8 - at]) })),
  },
  { name: 'one seed', points: [{ at: 0, spread: spread([0.5]) }] },
];
const weights = [
  [spread([0.6, 0.8]), spread([0.4, 0.2])],
  [spread([1]), spread([])],
];
const map = {
  title: 'Weights',
  rowLabel: 'emotion',
  rows: ['sad', 'happy'],
  columns: ['eeg', 'eye'],
  weights,
};
const epochs = [{ name: 'eeg', train: [0.1, 0.5], test: [0.1, 0.3] }];

const figures: Record<string, (label: string | null) => string> = {
  'loss curves': (label) =>
    lossCurves(
      'Loss',
      [
        { name: 'training', loss: [2, 1, null, 0.5] },
        { name: 'validation', loss: [2, 1.5] },
      ],
      label,
    ),
  'missing-rate curves': (label) => missingRateCurves('Missing modalities', 'CCC of valence', sweep, label),
  'shift curves': (label) => sweepCurves('Shifts', { label: 'shift (s)' }, { label: 'CCC' }, sweep, label),
  trajectories: (label) =>
    trajectories(
      'p1',
      'valence',
      { times: [4, 6, 8], label: [0, 0.5, 1], predicted: [0.1, 0.4, 0.8], half: [0.2, 0.2, 0.3] },
      label,
    ),
  'routing weights': (label) => routingMap({ ...map, label }),
  'attention weights': (label) => attentionMap({ ...map, label }),
  'mutual information': (label) => mutualInformationCurves(epochs, label),
  cosine: (label) => cosineCurves(epochs, label),
  reliability: (label) =>
    reliabilityDiagram(
      'Calibration',
      [{ name: 'm', bins: [{ count: 3, confidence: 0.8, accuracy: 0.7 }] }],
      label,
    ),
  'risk and coverage': (label) =>
    riskCoverageCurves(
      'Risk',
      'absolute error',
      [{ name: 'm', curve: riskCoverage([1, 2, 3], [0, 1, 2]) }],
      label,
    ),
  'confusion matrix': (label) =>
    confusionMatrix(
      'Classes',
      ['sad', 'happy'],
      {
        counts: [
          [3, 1],
          [0, 0],
        ],
      },
      label,
    ),
};

describe.each(Object.entries(figures))('%s', (_, draw) => {
  it('is a figure, the same bytes each time', () => {
    parseFigure(draw(null));
    expect(draw(null)).toBe(draw(null));
    expect(draw(null)).not.toContain('LEAKY');
  });

  it('says LEAKY when it is', () => {
    expect(parseFigure(draw('LEAKY')).texts).toContain('LEAKY');
  });
});

it('names axes with their units', () => {
  expect(parseFigure(figures.trajectories(null)).texts).toEqual(
    expect.arrayContaining(['time (s)', 'valence (-1 to 1)', 'label', 'prediction and its interval']),
  );
  expect(parseFigure(figures['mutual information'](null)).texts).toEqual(
    expect.arrayContaining(['epoch', 'mutual information (nat)', 'eeg, training', 'eeg, test']),
  );
});

it('writes weights and counts into their cells', () => {
  expect(parseFigure(figures['attention weights'](null)).texts).toEqual(
    expect.arrayContaining(['0.70 ± 0.14', '1.00', '-', 'modality']),
  );
  expect(parseFigure(figures['confusion matrix'](null)).texts).toEqual(
    expect.arrayContaining(['75 % (3)', '25 % (1)', '-']),
  );
});

it('thins long curves, and keeps their end', () => {
  const n = 5000;
  const uncertainty = Array.from({ length: n }, (_, i) => i);
  const svg = riskCoverageCurves(
    'r',
    'error',
    [{ name: 'm', curve: riskCoverage(uncertainty, uncertainty) }],
    null,
  );
  expect(svg.length).toBeLessThan(10_000);
  expect(parseFigure(svg).paths.some((path) => /L624 [\d.]+$/.test(path))).toBe(true);
});
