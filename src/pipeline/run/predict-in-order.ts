import { Observable, type OperatorFunction } from 'rxjs';
import type { Clock, Seconds } from '../../core/clock.js';
import type { Prediction } from '../../io/protocol/output.js';
import { type AnchorState, Anchors } from '../session/anchors.js';
import type { GraphOutput } from '../session/graph-output.js';
import { predictionOf } from '../session/predict.js';
import type { SessionOutput } from '../session/session-output.js';
import type { LeavingModels } from './leaving-models.js';
import { ModelQueues, type ModelQueuesOptions } from './model-queues.js';
import type { LiveOutput, LoadedPipeline } from './run-session.js';
import { type UntoldOptions, type UntoldOutput, UntoldOutputs } from './untold-outputs.js';

export interface PredictInOrderOptions extends UntoldOptions, ModelQueuesOptions {
  readonly session: string;
  readonly clock: Pick<Clock, 'now'>;
  /** Called for every marked moment that has no room among a model node's anchors. */
  readonly ignored: (anchor: string, model: string) => void;
  /** Called for every output that could not be worked with; the others go on. Default: it is an error, and ends all. */
  readonly failed?: (fault: unknown) => void;
  /** Where another one was stopped, and what goes on with what waited there. */
  readonly from?: { readonly state: PredictionsState; readonly loaded: LoadedPipeline } | undefined;
  /** Is given what tells, at any moment, where this one is. */
  readonly snapshots?: (snapshot: () => PredictionsState) => void;
  /** Called for every prediction, with the time since its window closed, s. */
  readonly predicted?: (prediction: Prediction, latency_s: Seconds) => void;
  /** Asks what waits for models that are replaced. Default: none is. */
  readonly leaving?: LeavingModels;
  /** Is given, when nobody listens any more, what the model still works on. */
  readonly closing?: (work: Promise<void>) => void;
}

/** What a session's graph gave and nobody was told of yet, a prediction that was asked for included, as plain data. */
export interface PredictionsState {
  readonly outputs: readonly GraphOutput[];
  readonly anchors: AnchorState;
}

/**
 * Replaces frames by their predictions and keeps the order of everything, live and in replay. Each model is asked by itself, so
 * that none waits for another's answer but to be told in order. Who can't be asked to wait has frames thinned (`shed`), each of
 * them told; who can is asked to by `held`.
 */
export function predictInOrder(options: PredictInOrderOptions): OperatorFunction<LiveOutput, SessionOutput> {
  const { clock, from, snapshots, ignored, leaving, closing } = options;
  return (outputs$) =>
    new Observable<SessionOutput>((subscriber) => {
      const failed = options.failed ?? ((fault: unknown) => subscriber.error(fault));
      const untold = new UntoldOutputs(options);
      const models = new ModelQueues(options, subscriber, () => go());
      const anchors = new Anchors(from?.state.anchors, ignored);
      let isGoing = false;
      let isComplete = false;
      snapshots?.(() => ({ outputs: untold.all.map(({ output }) => output), anchors: anchors.snapshot() }));

      const hasNext = (): boolean => untold.all[0]?.waits === false && !subscriber.closed;
      const tell = (output: UntoldOutput): void => {
        try {
          subscriber.next(lineOf(output, anchors, options));
        } catch (error) {
          failed(error);
        }
      };
      /** Tells what waits for no answer, and asks who has none to give. */
      const go = (): void => {
        if (isGoing || subscriber.closed) return;
        isGoing = true;
        do {
          while (hasNext()) {
            tell(untold.take());
            untold.look();
          }
          untold.look();
          // Who is held has nothing that a batch could wait for.
          models.askWhoIsIdle(() => isComplete || untold.isHeld);
        } while (hasNext());
        isGoing = false;
        if (isComplete && untold.all.length === 0) subscriber.complete();
      };
      const take = ({ output, loaded }: LiveOutput): void => {
        const taken = { loaded, since: clock.now(), waits: false, answer: null };
        if (output.kind === 'frame') {
          const runner = loaded.runners.get(output.model);
          // Of a model that is gone nothing is told.
          if (!runner) return;
          const frame = { ...taken, output };
          untold.add(frame);
          models.add(runner, frame);
        } else untold.add({ ...taken, output });
        if (isGoing) untold.look();
        else go();
      };
      const leave = leaving?.use({
        frames: (runner) => models.unanswered(runner),
        giveUp: (runner) => models.giveUp(runner),
      });
      for (const output of from?.state.outputs ?? []) take({ output, loaded: from!.loaded });

      const subscription = outputs$.subscribe({
        next: take,
        error: (error) => subscriber.error(error),
        complete: () => {
          isComplete = true;
          go();
        },
      });
      return () => {
        subscription.unsubscribe();
        leave?.();
        const { works } = models;
        if (works.length > 0) closing?.(Promise.all(works).then(() => {}));
      };
    });
}

/** The line of an output; of a frame, its prediction. */
function lineOf(
  { output, loaded, since, answer }: UntoldOutput,
  anchors: Anchors,
  { session, clock, predicted }: PredictInOrderOptions,
): SessionOutput {
  const nodes = loaded.runners.keys();
  if (output.kind !== 'frame') return anchors.follow(output, nodes);
  const context = { session, pipeline: loaded.pipeline.digest };
  const made = predictionOf(output, loaded.runners.get(output.model)!, context, answer);
  predicted?.(made.prediction, clock.now() - since);
  return anchors.follow({ kind: 'prediction', ...made }, nodes);
}
