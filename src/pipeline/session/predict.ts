import { isAnswer, type ModelOutput, type ModelRunner, type RankingScores } from '../../core/model.js';
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
}

export interface Predicted {
  readonly prediction: Prediction;
  /** What the moment brings to a comparison with others; null where the model does not rank. */
  readonly scores: Readonly<Record<string, RankingScores>> | null;
}

/** What a model said of a frame; `failed`: it gave an error, or what is no number. */
export type Answer = Withheld | 'failed';

/** Whether a model is to be asked about a frame: one without any present modality isn't shown to it, nor one that it has no time for. */
export function isForModel({ frame, overloaded }: FrameOutput): boolean {
  return overloaded !== true && frame.some((modality) => modality.present);
}

/** Runs frames through their model in one go: each gets the bits that it would get alone, runners see to that. */
export async function askModel(
  frames: readonly FrameOutput[],
  runner: ModelRunner,
  explain: boolean,
): Promise<readonly Answer[]> {
  try {
    const outputs = await runner.predict(
      frames.map(({ frame }) => frame),
      explain,
    );
    return frames.map((_, i) => (isAnswer(outputs[i]) ? withhold(outputs[i]) : 'failed'));
  } catch {
    return frames.map(() => 'failed');
  }
}

/** The line of a frame; `answer`: null where its model was not asked. */
export function predictionOf(
  output: FrameOutput,
  runner: ModelRunner,
  context: PredictionContext,
  answer: Answer | null,
): Predicted {
  const withheld = answer === 'failed' ? null : answer;
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
  const invalid =
    withoutAnswer(output, answer) ?? invalidReason(output.modalities, runner.validity) ?? unsaid(withheld);
  const prediction: Prediction = {
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
  return { prediction, scores: result?.ranking ?? null };
}

/** Why nothing came of a frame that its model might have answered. */
function withoutAnswer(output: FrameOutput, answer: Answer | null): InvalidReason | null {
  if (output.failed) return 'failed';
  if (output.overloaded) return 'overloaded';
  return answer === 'failed' ? 'model-failed' : null;
}

/** Why what a model said does not hold. */
function unsaid(withheld: Withheld | null): InvalidReason | null {
  if (withheld?.output.unfamiliar?.length) return 'out-of-distribution';
  return withheld?.everything ? 'no-skill' : null;
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
