import { defer, from, type OperatorFunction, tap } from 'rxjs';
import type { Seconds } from '../../core/clock.js';
import { InputError } from '../../core/errors.js';
import type { ModalityInput, ModelFrame } from '../../core/model.js';
import type { StreamMessage } from '../../core/signal.js';
import { type Truth, TruthReader, TruthTrack, truthChannels } from '../../core/truth.js';
import type { ModelNode, Pipeline } from '../../pipeline/file/pipeline.js';
import { Gate } from '../../pipeline/run/gate.js';
import { runAtOnce } from '../../pipeline/run/run-at-once.js';
import { runHosted } from '../../pipeline/run/run-hosted.js';
import { InlineHost } from '../../pipeline/run/session-host.js';
import type { GraphOutput } from '../../pipeline/session/graph-output.js';
import type { DatasetRecording, Label, TimedTrial, Trial } from '../datasets/dataset.js';
import type { Example, Origin } from './example.js';
import { onlyPlace, type SessionPlace } from './session-places.js';

export type ModelInputs = ReadonlyMap<string, ModalityInput>;

interface RunGraphOptions {
  readonly monitor?: boolean;
  /** Whether messages come as they came live; default: in order of their stamps. */
  readonly inArrivalOrder?: boolean | undefined;
}

/** Runs recorded or simulated messages through the pipeline up to the model's input: what serving does, too. */
export function runGraph(
  pipeline: Pipeline,
  models: ReadonlyMap<string, ModelInputs>,
  { monitor = false, inArrivalOrder = false }: RunGraphOptions = {},
): OperatorFunction<StreamMessage, GraphOutput> {
  return (messages$) =>
    defer(() => {
      const setup = { session: 'training', pipeline, models, ordered: !inArrivalOrder, monitor };
      const host = new InlineHost(setup, null);
      return messages$.pipe(runHosted({ host, gate: new Gate(), events: () => {} }));
    });
}

export type SignalRecording = Extract<DatasetRecording, { kind: 'signals' }>;

/** Room for rounding where a window ends with its trial, s. */
const SLACK_S = 1e-6;

/** A labelled window and what was kept of its frame. */
export interface LabelledWindow<Kept> extends Omit<Example, 'frame'> {
  readonly kept: Kept;
}

/**
 * The labelled windows of one recording: those wholly inside a trial. A window's label is its trial's, or, where the
 * recording carries an `Annotation` stream, the mean of the annotation over that window: no later and no earlier
 * samples, so no lag is assumed between body and annotation.
 *
 * @param step_s at least this long from one example's window to the next of its trial, s
 * @param shift_s how much later than the body raters answer: a window gets the annotation of that much later
 * @param keep called with each window's frame as it closes, before its label is known, so that not all are in memory
 * @param place of the recording in its session
 */
export function labelledWindows<Kept>(
  pipeline: Pipeline,
  node: ModelNode,
  inputs: ModelInputs,
  recording: SignalRecording,
  step_s: Seconds,
  shift_s: Seconds,
  keep: (frame: ModelFrame) => Kept,
  place: SessionPlace = onlyPlace,
): LabelledWindow<Kept>[] {
  const windows: {
    start: Seconds;
    end: Seconds;
    trial: TimedTrial;
    window: Example['window'];
    since_onset: Seconds;
    kept: Kept;
  }[] = [];
  const next = new Map<TimedTrial, Seconds>();
  const [truth, track] = [new TruthReader(), new TruthTrack()];
  const note = (message: StreamMessage): void => {
    if (message.kind !== 'chunk') return;
    const { info } = message.chunk;
    if (info.type === 'Annotation' && !truthChannels(info))
      throw new InputError(
        'annotation-channel-missing',
        `stream ${info.name}: an Annotation stream needs channels named valence and arousal`,
      );
    truth.read(message.chunk, (...sample) => track.add(...sample));
  };
  let zero = 0;
  const take = (output: GraphOutput): void => {
    if (output.kind === 'began') zero = output.zero;
    if (output.kind !== 'frame' || output.model !== node.name) return;
    if (!output.frame.some(({ present }) => present)) return;
    const [start, end] = output.window.map((time) => time + zero);
    const trial = recording.trials.find((t) => t.start <= start + SLACK_S && end <= t.end + SLACK_S);
    if (!trial || start < (next.get(trial) ?? Number.NEGATIVE_INFINITY) - SLACK_S) return;
    next.set(trial, start + step_s);
    const [since_zero] = output.window;
    const since_onset = Number.isFinite(trial.start) ? start - trial.start : since_zero;
    windows.push({ start, end, trial, window: output.window, since_onset, kept: keep(output.frame) });
  };
  const { messages, inArrivalOrder } = recording;
  const graph = runGraph(pipeline, new Map([[node.name, inputs]]), { inArrivalOrder });
  runAtOnce(from(messages).pipe(tap(note), graph, tap(take)));
  return windows.flatMap(({ start, end, trial, window, since_onset, kept }) => {
    const label = trial.label ?? annotated(track.mean(start + shift_s, end + shift_s));
    if (!label) return [];
    const since_start = place.before + window[0];
    return [{ ...originOf(recording, trial, place), window, since_start, since_onset, label, kept }];
  });
}

function annotated(targets: Truth | null): Label | null {
  return targets && { targets: { ...targets }, class: null };
}

export function originOf(
  { person, session }: Pick<DatasetRecording, 'person' | 'session'>,
  { trial, stimulus, position, file }: Trial,
  place: SessionPlace,
): Origin {
  return { person, session, trial, stimulus, position, file: file ?? place.file };
}
