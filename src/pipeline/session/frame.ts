import type { Seconds } from '../../core/clock.js';
import { type FeatureSchema, type FeatureVector, featureName } from '../../core/features.js';
import { type ModalityFrame, type ModalityInput, maskLength, valuesPerChannel } from '../../core/model.js';
import type { RawWindow } from '../../core/processor.js';
import { type StreamInfo, TIME_TOLERANCE_S } from '../../core/signal.js';
import type { ModelNode } from '../file/pipeline.js';
import type { GraphOutput, ModalityStatus } from './graph-output.js';
import type { NodeSequence } from './node-sequence.js';

/** What a session knows of the streams behind its nodes. */
export interface StreamLookup {
  /** The stream that a node's chain is bound to, or was. */
  streamOf(node: string): StreamInfo | null;
  /** Whether simulated data ever reached a node or model: where the stream is gone, baselines remember it. */
  wasSimulated(name: string): boolean;
}

const nobody: StreamLookup = { streamOf: () => null, wasSimulated: () => false };

type FrameOutput = Extract<GraphOutput, { kind: 'frame' }>;

/**
 * Puts the latest outputs of a model's input nodes into the model's own order. What the model asks for and the
 * session lacks (a region, a unit, a whole modality) is masked and zeroed; a NaN never gets through.
 */
export class FrameBuilder {
  readonly #order = new WeakMap<FeatureSchema, Int32Array>();

  /** `sequence`: numbers the frames; it goes on when a graph is replaced. */
  constructor(
    readonly model: ModelNode,
    readonly inputs: ReadonlyMap<string, ModalityInput>,
    readonly sequence: NodeSequence,
  ) {}

  build(
    time: Seconds,
    latest: ReadonlyMap<string, FeatureVector | RawWindow>,
    streams: StreamLookup = nobody,
  ): FrameOutput {
    const { join } = this.model;
    const frame: ModalityFrame[] = [];
    const modalities = new Map<string, ModalityStatus>();
    const feeding = new Set<StreamInfo>();
    for (const [modality, input] of this.inputs) {
      const served = (join.inputs.get(modality) ?? []).flatMap((node) => {
        const output = latest.get(node);
        const limit_s = (join.hops_s.get(node) ?? join.hop_s) - TIME_TOLERANCE_S;
        return output && time - output.time < limit_s
          ? [{ node, output, frame: this.#frameOf(output, input) }]
          : [];
      });
      const best = served.find((candidate) => candidate.frame.present) ?? served[0];
      frame.push(best?.frame ?? emptyFrame(input));
      const stream = best?.frame.present ? streams.streamOf(best.node) : null;
      if (stream) feeding.add(stream);
      modalities.set(modality, statusOf(best?.output, best?.frame));
    }
    return {
      kind: 'frame',
      model: this.model.name,
      seq: this.sequence.next(this.model.name),
      time,
      window: [time - join.window_s, time],
      frame,
      modalities,
      simulated: streams.wasSimulated(this.model.name),
      streams: [...feeding],
    };
  }

  #frameOf(output: FeatureVector | RawWindow, input: ModalityInput): ModalityFrame {
    if ('schema' in output)
      return input.kind === 'features' ? this.#featureFrame(output, input) : emptyFrame(input);
    return input.kind === 'window' ? windowFrame(output, input) : emptyFrame(input);
  }

  #featureFrame(vector: FeatureVector, input: ModalityInput & { kind: 'features' }): ModalityFrame {
    let order = this.#order.get(vector.schema);
    if (!order) {
      const index = new Map(vector.schema.features.map((f, i) => [`${featureName(f)} ${f.unit}`, i]));
      order = Int32Array.from(input.features, (f) => index.get(`${featureName(f)} ${f.unit}`) ?? -1);
      this.#order.set(vector.schema, order);
    }
    const values = new Float32Array(order.length);
    const mask = new Uint8Array(order.length);
    for (let i = 0; i < order.length; i++) {
      const from = order[i];
      if (from < 0 || vector.present[from] === 0 || !Number.isFinite(vector.values[from])) continue;
      values[i] = vector.values[from];
      mask[i] = 1;
    }
    return { values, mask, present: mask.includes(1) };
  }
}

function windowFrame(window: RawWindow, input: ModalityInput & { kind: 'window' }): ModalityFrame {
  const values = new Float32Array(input.channels.length * input.length);
  const mask = new Uint8Array(input.channels.length);
  const fits = !window.gap && window.length === input.length && window.info.sfreq === input.sfreq_hz;
  input.channels.forEach((label, i) => {
    const c = window.info.channels.findIndex((channel) => channel.label === label);
    if (!fits || c < 0 || window.coverage[c] < 1) return;
    values.set(window.data.subarray(c * window.length, (c + 1) * window.length), i * input.length);
    mask[i] = 1;
  });
  return { values, mask, present: mask.includes(1) };
}

/** A modality of which nothing is there. */
export function emptyFrame(input: ModalityInput): ModalityFrame {
  const groups = maskLength(input);
  const length = groups * valuesPerChannel(input);
  return { values: new Float32Array(length), mask: new Uint8Array(groups), present: false };
}

function statusOf(
  output: FeatureVector | RawWindow | undefined,
  frame: ModalityFrame | undefined,
): ModalityStatus {
  if (!output || !frame) return { present: false, coverage: 0, reason: 'absent' };
  const coverage =
    'schema' in output
      ? output.coverage
      : output.coverage.reduce((sum, c) => sum + c, 0) / Math.max(1, output.coverage.length);
  if (frame.present) return { present: true, coverage, reason: null };
  if ('schema' in output) {
    const measured = output.present.includes(1);
    return { present: false, coverage, reason: output.reason ?? (measured ? 'unmapped-channels' : 'nan') };
  }
  return { present: false, coverage, reason: output.reason ?? (output.gap ? 'gap' : 'low-coverage') };
}
