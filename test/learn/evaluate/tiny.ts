import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { VirtualClock } from '../../../src/core/clock.js';
import type { EvaluateOptions } from '../../../src/learn/evaluate/evaluate.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';

/** A small evaluation that uses everything an evaluation can. */
export const tiny = {
  name: 'tiny',
  summary: 'Everything at once.',
  notes: ['Simulated.'],
  data: {
    dataset: {
      kind: 'simulated-features',
      name: 'tiny',
      seed: 'tiny',
      people: 4,
      trials: 6,
      windows: 6,
      window_s: 4,
      hop_s: 2,
      labels: { kind: 'dimensions', dimensions: ['valence', 'arousal'], wander_sd: 0.2 },
      modalities: {
        eeg: { features: 4, effect: { valence: 3, arousal: 3 } },
        eye: { features: 3, effect: { valence: 2 } },
      },
    },
  },
  splits: [{ kind: 'subject', folds: 2 } as Record<string, unknown>],
  seeds: [1, 2],
  main: { model: 'atam', against: 'no MI', quantity: 'overall', metric: 'ccc', level: 'window' } as
    | Record<string, unknown>
    | undefined,
  models: [
    {
      name: 'atam',
      type: 'atam',
      settings: { transforms: { eeg: [8], eye: [8] }, width: 4, heads: ['valence', 'arousal'] },
      fit: {
        epochs: 30,
        batch_size: 16,
        learning_rate: 0.02,
        loss: {
          mse: 1,
          mutual_information: { weight: 0.1, hidden: [8] },
          cosine: { weight: 0.02, form: 'squared' },
        },
      },
    } as Record<string, unknown>,
  ],
  ablations: [{ name: 'no MI', of: 'atam', fit: { loss: { mutual_information: null } } }] as Record<
    string,
    unknown
  >[],
  sweeps: { missing: { rates: [0, 0.4], burst_windows: 3 }, asynchrony: { shifts_s: [-2, 0, 2] } } as Record<
    string,
    unknown
  >,
  interval_level: 0.6,
  paper: [
    { source: 'Table 1', model: 'atam', quantity: 'overall', metric: 'ccc', value: 0.9, sd: 0.01 },
    { source: 'Table 1, another model', quantity: 'valence', metric: 'ccc', value: 0.8 },
    { source: 'Table 2', model: 'atam', quantity: 'overall', metric: 'ccc', value: 0.7, missing: 0.4 },
  ] as Record<string, unknown>[],
};

/** Writes a configuration and gives its path; beside it is room for a report. */
export function configFile(config: unknown): { readonly path: string; readonly out: string } {
  const directory = temporaryFolder();
  const path = join(directory, 'evaluation.yaml');
  writeFileSync(path, typeof config === 'string' ? config : stringify(config));
  return { path, out: join(directory, 'report') };
}

/**
 * A second passes whenever it is asked for the time: latency, which is measured for half a minute, is measured a few
 * times only.
 */
export class HastyClock extends VirtualClock {
  override now(): number {
    this.advance(1);
    return super.now();
  }
}

export function options(out: string, more: Partial<EvaluateOptions> = {}): EvaluateOptions {
  return {
    out,
    leaky: false,
    workers: 1,
    version: 'test',
    clock: new HastyClock(),
    signal: new AbortController().signal,
    ...more,
  };
}
