import { ConfigurationError } from '../../core/errors.js';
import { type ModelFrame, type ModelOutput, without } from '../../core/model.js';
import type { Contribution } from '../../core/prediction.js';
import { unfamiliar } from '../familiarity.js';
import { encodeFrames } from '../frames.js';
import {
  boundsOf,
  type Calibration,
  type IntervalDimension,
  intervalDimensions,
  moment,
  onScale,
} from '../intervals.js';
import { type LoadedModel, PROBE_TOLERANCE } from '../manifest.js';
import { setName } from '../modality-sets.js';
import { rankOutcomes } from '../networks/definition.js';
import { toldBy } from '../told.js';
import type { Engine, Executable, ModelArrays } from './engine.js';

/** A model on an engine: frames in, outputs out. */
export interface Inference {
  /** Largest difference between the manifest's probe and what the engine made of it. */
  readonly probe_difference: number;
  /** `explain`: with each present modality's contribution; everything else has the same bits as without. */
  predict(frames: readonly ModelFrame[], explain?: boolean): Promise<ModelOutput[]>;
  dispose(): Promise<void>;
}

function toOutput(
  { manifest, model }: LoadedModel,
  arrays: ModelArrays,
  frame: ModelFrame,
  present: readonly boolean[],
): ModelOutput {
  const { valence = null, arousal = null, ...others } = named(model.heads, arrays.heads);
  const { calibration, skill } = manifest;
  const set = setName(manifest.inputs, present);
  return {
    valence,
    arousal,
    ...others,
    ...(model.binary_heads && {
      high: named(
        model.heads,
        arrays.heads.map((value) => (1 + value) / 2),
      ) as Record<string, number>,
    }),
    ...(model.classes.length > 0 && {
      classes: named(model.classes, softmax(arrays.classes)) as Record<string, number>,
    }),
    ...(model.ranking.length > 0 && { ranking: rankingScores(model.ranking, arrays.ranking) }),
    weights: [...arrays.weights],
    routing: [...arrays.routing],
    interval:
      calibration && intervals(calibration, set, { valence, arousal }, moment(arrays.heads, frame, present)),
    ...(skill && { abstained: toldBy(model).filter((told) => !skill[set]?.includes(told)) }),
  };
}

/** A window's intervals; null where there are none. */
function intervals(
  calibration: Calibration,
  set: string,
  told: Readonly<Record<IntervalDimension, number | null>>,
  of: Float64Array,
): ModelOutput['interval'] {
  const [valence, arousal] = intervalDimensions.map((dimension) => {
    const value = told[dimension];
    return value === null ? null : boundsOf(calibration, dimension, set, value, of);
  });
  return valence === null && arousal === null ? null : { level: calibration.level, valence, arousal };
}

function named<N extends string>(names: readonly N[], values: ArrayLike<number>): Partial<Record<N, number>> {
  return Object.fromEntries(names.map((name, i) => [name, values[i]])) as Partial<Record<N, number>>;
}

/** Probabilities of logits. */
export function softmax(logits: ArrayLike<number>): number[] {
  const largest = Math.max(...Array.from(logits));
  const odds = Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = odds.reduce((total, o) => total + o, 0);
  return odds.map((o) => o / sum);
}

function rankingScores(dimensions: readonly string[], values: Float32Array): ModelOutput['ranking'] {
  const width = rankOutcomes.length;
  return Object.fromEntries(
    dimensions.map((dimension, d) => {
      const own = [...values.subarray(2 * width * d, 2 * width * (d + 1))];
      return [dimension, { first: own.slice(0, width), second: own.slice(width) }];
    }),
  );
}

/**
 * What masking each present modality takes from what the model tells of a window, from one batch: a row with everything,
 * and a row without each. Differences are taken within the batch, whose size moves last bits.
 */
async function contributions(
  { model, manifest }: LoadedModel,
  executable: Executable,
  frame: ModelFrame,
  present: readonly boolean[],
): Promise<Contribution> {
  const { inputs } = manifest;
  const heard = inputs.flatMap((_, m) => (present[m] ? [m] : []));
  const others = (gone: number): ModelFrame =>
    without(
      frame,
      inputs.map((_, m) => m === gone),
    );
  const rows = [frame, ...heard.map(others)];
  const arrays = await executable.run(encodeFrames(inputs, rows));
  const [all, ...masked] = rows.map((_, row) => toldValues(model, arrays, row));
  return Object.fromEntries(
    heard.map((m, i) => [
      inputs[m].name,
      Object.fromEntries(Object.entries(all).map(([told, value]) => [told, value - masked[i][told]])),
    ]),
  );
}

/** What a row of outputs tells: dimensions, within their scale, and probabilities of classes. */
function toldValues(
  { heads, classes }: LoadedModel['model'],
  arrays: ModelArrays,
  row: number,
): Record<string, number> {
  const of = (values: Float32Array, width: number): Float32Array =>
    values.subarray(row * width, (row + 1) * width);
  const clipped = of(arrays.heads, heads.length).map(onScale);
  const probabilities = classes.length > 0 ? softmax(of(arrays.classes, classes.length)) : [];
  const names = [...heads, ...classes.map((name) => `classes.${name}`)];
  return named(names, [...clipped, ...probabilities]) as Record<string, number>;
}

/** The probe's values as a frame; absent where its mask is all 0. */
function probeFrame({ manifest }: LoadedModel): ModelFrame {
  return manifest.probe.frame.map(({ values, mask }) => ({
    values: Float32Array.from(values),
    mask: Uint8Array.from(mask),
    present: mask.some((m) => m === 1),
  }));
}

/** @returns the largest difference */
async function checkProbe(loaded: LoadedModel, engine: Engine, executable: Executable): Promise<number> {
  const { heads, weights } = await executable.run(encodeFrames(loaded.manifest.inputs, [probeFrame(loaded)]));
  const difference = (computed: Float32Array, expected: readonly number[]): number =>
    computed.length === expected.length
      ? expected.reduce((most, value, i) => Math.max(most, Math.abs(value - computed[i])), 0)
      : Number.POSITIVE_INFINITY;
  const { probe } = loaded.manifest;
  const found = Math.max(difference(heads, probe.heads), difference(weights, probe.weights));
  // A NaN is not near anything.
  if (!(found <= PROBE_TOLERANCE))
    throw new ConfigurationError(
      'model-probe-mismatch',
      `${loaded.manifest.name}: engine ${engine.name} does not reproduce the manifest's probe; ` +
        'the model was exported wrongly, or try another --engine',
    );
  return found;
}

/**
 * Loads a model onto an engine and checks the manifest's probe.
 * Every frame is computed alone, as a batch of 1: a batch's size moves the last bits of a product, and an output
 * must not depend on which other sessions' windows happen to arrive with it.
 */
export async function createInference(loaded: LoadedModel, engine: Engine): Promise<Inference> {
  const executable = await engine.load(loaded);
  const probe_difference = await checkProbe(loaded, engine, executable);
  return {
    probe_difference,
    async predict(frames, explain = false) {
      const { familiarity, inputs } = loaded.manifest;
      const outputs: ModelOutput[] = [];
      for (const frame of frames) {
        const batch = encodeFrames(inputs, [frame]);
        const present = Array.from(batch.presence, (p) => p === 1);
        outputs.push({
          ...toOutput(loaded, await executable.run(batch), frame, present),
          ...(familiarity && { unfamiliar: unfamiliar(inputs, familiarity, frame) }),
          ...(explain && {
            contribution: await contributions(loaded, executable, frame, present),
          }),
        });
      }
      return outputs;
    },
    dispose: () => executable.dispose(),
  };
}
