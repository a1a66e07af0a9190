import { z } from 'zod';
import { featureDefinition } from '../../../core/component.js';
import type { Extractor } from '../../../core/processor.js';
import type { Chunk, StreamInfo, Window } from '../../../core/signal.js';
import type { Stateful } from '../../../core/state.js';
import { ofConductance } from '../channels/skin-conductance.js';
import { EegSigns } from './eeg-signs.js';
import { GazeSigns } from './gaze-signs.js';
import { PulseSigns } from './pulse-signs.js';
import type { Signs } from './signs.js';
import { SkinSigns } from './skin-signs.js';

const params = z.strictObject({});
type Params = z.infer<typeof params>;

class Physiological implements Extractor, Stateful {
  readonly descriptors = [{ channel: 'signal', feature: 'physiological', unit: '' }];

  constructor(readonly signs: Signs) {}

  push(chunk: Chunk): void {
    this.signs.push(chunk);
  }

  compute({ end }: Window, out: Float64Array): void {
    out[0] = this.signs.verdict(end);
  }

  snapshot(): unknown {
    return this.signs.snapshot();
  }

  restore(state: unknown): void {
    this.signs.restore(state);
  }
}

function signsOf(info: StreamInfo): Signs {
  if (info.type === 'EEG') return new EegSigns(info);
  if (info.type === 'Gaze') return new GazeSigns(info);
  return info.type === 'EDA' ? new SkinSigns(info) : new PulseSigns(info);
}

export const physiological = featureDefinition<Params>({
  name: 'physiological',
  summary:
    'Whether the signal of the last half minute is one that a body gives: 1, or 0 where it can’t be told from noise; masked while nothing can be said, the first 10 s among others.',
  source: 'docs/explanation/noise.md',
  params,
  streams: ['EEG', 'Gaze', 'PPG', 'ECG', 'EDA'],
  state: 1,
  create: (info) => ofConductance(info, (stream) => new Physiological(signsOf(stream))),
});
