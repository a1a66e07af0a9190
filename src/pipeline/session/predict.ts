import type { ModelOutput, ModelRunner, RankingScores } from '../../core/model.js';
import type { AbstentionReason, InvalidReason } from '../../core/prediction.js';
import type { Interval, ModalityState, Prediction } from '../../io/protocol/output.js';
import { onScale } from '../../model/intervals.js';
import { evidenceInScope } from './evidence-in-scope.js';
import type { GraphOutput, ModalityStatus } from './graph-output.js';
import { type Withheld, withhold } from './withhold.js';

export type FrameOutput = Extract<GraphOutput, { kind: 'frame' }>;

export interface PredictionContext {
  readonly session: string;
  /** Digest of the pipeline. */
  readonly pipeline: string;
  /** Whether predictions carry their `contribution`; default no. */
  readonly explain?: boolean;
}

export interface Predicted {
  readonly prediction: Prediction;
  /** What the moment brings to a comparison with others; null where the model does not rank. */
  readonly scores: Readonly<Record<string, RankingScores>> | null;
}

/**
 * Runs frames through their models, each model's in one go: each gets the bits that it would get alone, runners see to that.
 * A frame without any present modality isn't shown to its model; of a model that has no runner nothing is told.
 */
export async function predictAll(
  outputs: readonly FrameOutput[],
  runners: ReadonlyMap<string, ModelRunner>,
  contextOf: (model: string) => PredictionContext,
): Promise<ReadonlyMap<FrameOutput, Predicted>> {
  const predictions = new Map<FrameOutput, Predicted>();
  for (const [model, runner] of runners) {
    const own = outputs.filter((output) => output.model === model);
    if (own.length === 0) continue;
    const made = await predictOwn(own, runner, contextOf(model));
    own.forEach((output, i) => {
      predictions.set(output, made[i]);
    });
  }
  return predictions;
}

async function predictOwn(
  outputs: readonly FrameOutput[],
  runner: ModelRunner,
  context: PredictionContext,
): Promise<Predicted[]> {
  const shown = outputs.filter(({ frame }) => frame.some((modality) => modality.present));
  const results = new Map<FrameOutput, Withheld>();
  let failed = false;
  if (shown.length > 0) {
    try {
      const predicted = await runner.predict(
        shown.map(({ frame }) => frame),
        context.explain ?? false,
      );
      shown.forEach((output, i) => {
        results.set(output, withhold(predicted[i]));
      });
    } catch {
      failed = true;
    }
  }
  return outputs.map((output) => {
    const result = results.get(output) ?? null;
    return {
      prediction: predictionOf(output, result, failed && shown.includes(output), runner, context),
      scores: result?.output.ranking ?? null,
    };
  });
}

function predictionOf(
  output: FrameOutput,
  withheld: Withheld | null,
  failed: boolean,
  runner: ModelRunner,
  context: PredictionContext,
): Prediction {
  const result = withheld?.output ?? null;
  const modalities: Record<string, ModalityState> = {};
  let index = 0;
  for (const [name, status] of output.modalities) {
    modalities[name] = {
      present: status.present,
      coverage: round6(status.coverage),
      weight: runner.fuses ? round6(result?.weights[index] ?? 0) : null,
      ...reasonOf(status.reason, result?.unfamiliar?.includes(name)),
    };
    index++;
  }
  const present = Object.keys(modalities).filter((name) => modalities[name].present);
  const invalid = output.failed
    ? 'failed'
    : failed
      ? 'model-failed'
      : (invalidReason(output.modalities, runner.validity) ??
        (result?.unfamiliar?.length ? 'out-of-distribution' : null) ??
        (withheld?.everything ? 'no-skill' : null));
  return {
    stream: 'affect',
    session: context.session,
    node: output.model,
    seq: output.seq,
    time: round6(output.time),
    window: [round6(output.window[0]), round6(output.window[1])],
    valence: scaled(result?.valence),
    arousal: scaled(result?.arousal),
    ...(result?.dominance === undefined ? {} : { dominance: toScale(result.dominance) }),
    ...(result?.liking === undefined ? {} : { liking: toScale(result.liking) }),
    interval: intervalOf(result),
    ...(result?.high && { high: mapped(result.high, round6) }),
    ...(result?.classes && { classes: mapped(result.classes, round6) }),
    ...(result && result.routing.length > 0 ? { routing: result.routing.map(round6) } : {}),
    ...(withheld && withheld.abstained.length > 0 && { abstained: abstentions(withheld.abstained) }),
    ...(result?.contribution && {
      contribution: Object.fromEntries(
        Object.entries(result.contribution).map(([name, changes]) => [name, mapped(changes, round6)]),
      ),
    }),
    modalities,
    valid: invalid === null,
    reason: invalid,
    ...(output.simulated && { simulated: true }),
    ...evidenceInScope(runner.worth, { simulated: output.simulated, streams: output.streams, present }),
    model: runner.id,
    pipeline: context.pipeline,
  };
}

function reasonOf(masked: string | null, unfamiliar: boolean | undefined): { reason?: string } {
  if (masked !== null) return { reason: masked };
  return unfamiliar ? { reason: 'out-of-distribution' } : {};
}

function mapped(
  record: Readonly<Record<string, number>>,
  f: (value: number) => number,
): Record<string, number> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, f(value)]));
}

function scaled(value: number | null | undefined): number | null {
  return value === null || value === undefined ? null : toScale(value);
}

function intervalOf(result: ModelOutput | null): Interval | null {
  if (!result?.interval) return null;
  const { level, valence, arousal } = result.interval;
  return valence || arousal ? { level, valence: rounded(valence), arousal: rounded(arousal) } : null;
}

function abstentions(names: readonly string[]): Record<string, AbstentionReason> {
  return Object.fromEntries(names.map((name) => [name, 'no-skill']));
}

function invalidReason(
  modalities: ReadonlyMap<string, ModalityStatus>,
  validity: ModelRunner['validity'],
): InvalidReason | null {
  const states = [...modalities.values()];
  const present = states.filter((state) => state.present).length;
  if (present === 0) {
    const seen = states.filter((state) => state.reason !== 'absent');
    if (seen.length > 0 && seen.every((state) => state.reason === 'warming-up')) return 'warming-up';
    if (seen.some((state) => state.reason === 'not-physiological')) return 'not-physiological';
    if (seen.some((state) => state.reason === 'unlabelled' || state.reason === 'unmapped-channels'))
      return 'unmapped-channels';
    return 'no-input';
  }
  if (validity.required.some((name) => !modalities.get(name)?.present)) return 'required-modality-missing';
  return present < validity.min_present ? 'too-few-modalities' : null;
}

function toScale(value: number): number {
  return round6(onScale(value));
}

function rounded(bounds: readonly [number, number] | null): [number, number] | null {
  return bounds && [toScale(bounds[0]), toScale(bounds[1])];
}

/** Six decimals, the resolution of the wire; never `-0`. */
export function round6(value: number): number {
  return Math.round(value * 1e6) / 1e6 + 0;
}
