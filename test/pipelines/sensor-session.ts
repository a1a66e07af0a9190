import { join } from 'node:path';
import type { StreamMessage } from '../../src/core/signal.js';
import { blockMessages } from '../../src/learn/datasets/signal-messages.js';
import { wholeSession } from '../../src/learn/datasets/whole-session.js';
import type { ModelInputs } from '../../src/learn/examples/dataset.js';
import { discoverInputs } from '../../src/learn/examples/discover-inputs.js';
import type { Example } from '../../src/learn/examples/example.js';
import { onlyModel } from '../../src/learn/examples/only-model.js';
import { modelDefinitions } from '../../src/model/networks/definitions.js';
import { loadPipeline } from '../../src/pipeline/file/load.js';
import { collectExamples } from '../learn/fit/collect-examples.js';
import { noise } from '../signal/transforms/signals.js';

/** One of a session's streams, as a device or data set declares it. */
export interface Sensor {
  readonly type: string;
  readonly labels: readonly string[];
  readonly unit: string;
  readonly sfreq: number;
  /** The value of channel `c` at `t` seconds; noise by default. */
  readonly value?: (c: number, t: number) => number;
}

/** Messages of sensors that start together. */
export function sensorSession(sensors: readonly Sensor[], seconds: number): Iterable<StreamMessage> {
  return blockMessages(
    sensors.map(({ type, labels, unit, sfreq, value }, s) => {
      const length = Math.round(seconds * sfreq);
      const channels = labels.map((label) => ({ label, unit, type }));
      return {
        declaration: { id: `s${s}`, name: type, type, sourceId: '', sfreq, channels },
        start: 0,
        length,
        channel: (c: number) =>
          value
            ? Float64Array.from({ length }, (_, i) => value(c, i / sfreq))
            : noise(length, 100 * s + c).map((x) => 10 * x),
      };
    }),
  );
}

/** A shipped pipeline's model inputs as found in `complete`, and its frames of `sensors`, by the end of their window. */
export async function framesOf(
  name: string,
  complete: readonly Sensor[],
  sensors: readonly Sensor[],
  seconds: number,
): Promise<{ readonly inputs: ModelInputs; readonly at: ReadonlyMap<number, Example['frame']> }> {
  const pipeline = await loadPipeline(join(import.meta.dirname, '..', '..', 'pipelines', `${name}.yaml`));
  const node = onlyModel(pipeline);
  const inputs = discoverInputs(pipeline, node, [sensorSession(complete, 12)]);
  const label = { targets: { valence: 0, arousal: 0 }, class: null };
  const own = wholeSession('p', sensorSession(sensors, seconds));
  const trials = own.trials.map((trial) => ({ ...trial, label }));
  const examples = collectExamples(pipeline, node, inputs, { ...own, trials }, 1);
  return { inputs, at: new Map(examples.map(({ window, frame }) => [window[1], frame])) };
}

/** What Hi-MoE with EEGNet for the first input, convolutions for the others, has against the inputs. */
export function himoeProblems(inputs: ModelInputs): string[] {
  const definition = modelDefinitions.get('hi-moe')!;
  const bank = { count: 4, hidden: 128 };
  const encoders = [...inputs.keys()].map((name) => [name, { kind: name === 'eeg' ? 'eegnet' : 'conv' }]);
  const settings = definition.settings.parse({
    width: 64,
    encoders: Object.fromEntries(encoders),
    modality_experts: bank,
    emotion_experts: bank,
    head_hidden: 32,
    heads: ['valence', 'arousal'],
    activation: 'gelu',
  });
  const standardisation = { mean: [], sd: [], clip_sd: null };
  return definition.problems(
    settings,
    [...inputs].map(([name, input]) => ({ ...input, name, standardisation, with_mask: false }) as never),
  );
}

/** [channels, rate, samples] of each input. */
export function shapesOf(inputs: ModelInputs): Record<string, readonly number[]> {
  return Object.fromEntries(
    [...inputs].map(([name, input]) => [
      name,
      input.kind === 'window'
        ? [input.channels.length, input.sfreq_hz, input.length]
        : [input.kind === 'features' ? input.features.length : input.channels.length],
    ]),
  );
}

/** Amplitude of a sine of `hz` in `samples`. */
export function amplitudeAt(samples: ArrayLike<number>, sfreq_hz: number, hz: number): number {
  let [re, im] = [0, 0];
  for (let i = 0; i < samples.length; i++) {
    re += samples[i] * Math.cos((2 * Math.PI * hz * i) / sfreq_hz);
    im += samples[i] * Math.sin((2 * Math.PI * hz * i) / sfreq_hz);
  }
  return (2 * Math.hypot(re, im)) / samples.length;
}
