import { describe, expect, it } from 'vitest';
import reference from '../../../fixtures/features/arrhythmia.json' with { type: 'json' };
import { PulseDetector } from '../../../src/signal/detectors/pulse-detector.js';
import { QrsDetector } from '../../../src/signal/detectors/qrs-detector.js';
import {
  type EcgLead,
  type HeartRhythm,
  type HeartSceneOptions,
  simulateHeartScene,
} from '../../../src/simulation/heart-scene.js';
import { beatF1 } from './beat-matching.js';

type Scene = Pick<HeartSceneOptions, 'rhythm' | 'lead' | 'sfreq' | 'rate_per_min'>;

function scene(condition: string, of: Partial<Scene>) {
  const options = reference.conditions[condition as keyof typeof reference.conditions];
  return simulateHeartScene({ ...options, seed: reference.seed, ...of } as HeartSceneOptions);
}

function beatsIn(Detector: typeof QrsDetector | typeof PulseDetector, x: Float64Array, sfreq: number) {
  const beats: number[] = [];
  const detector = new Detector(sfreq, (time) => beats.push(time));
  for (let i = 0; i < x.length; i++) detector.push(x[i], i / sfreq);
  detector.finish();
  return beats;
}

interface Cell {
  readonly name: string;
  readonly f1: number;
  readonly published: Readonly<Record<string, number>>;
}

const best = ({ published }: Cell) => Math.max(...Object.values(published));
const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;

function ecgCells(condition: string): Cell[] {
  return reference.ecg
    .filter((cell) => cell.condition === condition)
    .map(({ rhythm, lead, f1 }) => {
      const { ecg, truth, sfreq } = scene(condition, {
        rhythm: rhythm as HeartRhythm,
        lead: lead as EcgLead,
      });
      const times = truth.map(({ time }) => time);
      const found = beatsIn(QrsDetector, ecg, sfreq);
      return { name: `${rhythm}, ${lead}`, f1: beatF1(times, found, 0.5, 119.5), published: f1 };
    });
}

/** From the R peak to the finger's systolic peak, s. */
const TRANSIT_S = 0.35;

function pulseCells(): Cell[] {
  return reference.ppg.map(({ condition, rhythm, rate_per_min, f1 }) => {
    const of = { rhythm: rhythm as HeartRhythm, lead: 'normal', sfreq: 64, rate_per_min } as const;
    const { ppg, truth } = scene(condition, of);
    const times = truth.map(({ time }) => time + TRANSIT_S);
    const found = beatsIn(PulseDetector, ppg, 64);
    return {
      name: `${condition}, ${rhythm}, ${rate_per_min}`,
      f1: beatF1(times, found, 0.5, 119),
      published: f1,
    };
  });
}

/** Better on average than every one of them, though each sees the whole record; `short` below the best of them at most. */
function expectAtLeast(cells: readonly Cell[], short: (name: string) => number): void {
  for (const method of Object.keys(cells[0].published))
    expect(mean(cells.map(({ f1 }) => f1)), method).toBeGreaterThan(
      mean(cells.map(({ published }) => published[method])),
    );
  for (const cell of cells)
    expect(cell.f1, cell.name).toBeGreaterThanOrEqual(Math.min(0.99, best(cell)) - short(cell.name));
}

describe('beats of arrhythmia records against published detectors', () => {
  for (const condition of Object.keys(reference.conditions))
    it(`holds in ECG, ${condition}`, () => {
      const cells = ecgCells(condition);
      const possible = cells.filter((cell) => best(cell) >= 0.99);
      expect(possible.filter(({ f1 }) => f1 >= 0.99).length / possible.length).toBeGreaterThan(0.55);
      // Waves of a fluttering atrium between beats that are hardly larger mislead the threshold.
      expectAtLeast(cells, (name) => (name.startsWith('flutter') ? 0.08 : 0.02));
    });

  it('holds in PPG', () => {
    // In a pause of six seconds, noise is looked at more closely than it deserves.
    expectAtLeast(pulseCells(), (name) => (/block, 50|flutter, 50/.test(name) ? 0.09 : 0.03));
  });
});
