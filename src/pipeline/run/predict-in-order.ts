import { Observable, type OperatorFunction } from 'rxjs';
import type { Clock, Seconds } from '../../core/clock.js';
import type { ModelRunner } from '../../core/model.js';
import { owned } from '../../core/owned.js';
import type { Prediction } from '../../io/protocol/output.js';
import { type AnchorState, Anchors } from '../session/anchors.js';
import type { GraphOutput } from '../session/graph-output.js';
import { type Answer, askModel, type FrameOutput, isForModel, predictionOf } from '../session/predict.js';
import type { SessionOutput } from '../session/session-output.js';
import type { LiveOutput, LoadedPipeline } from './run-session.js';

export interface PredictInOrderOptions {
  readonly session: string;
  readonly clock: Pick<Clock, 'now'>;
  /** Whether somebody wants a model's predictions to carry their `contribution`; asked whenever it works. Default: nobody. */
  readonly explain?: (model: string) => boolean;
  /** Frames that go to a model together, the last ones apart; default 1. The predictions don't depend on it. */
  readonly batch?: number;
  /** Most frames that may wait for one model; beyond it the oldest is thinned: its line says `overloaded`. Default: none is. */
  readonly limit?: number;
  /** Most outputs that may wait, of whatever kind, before `held` says so; default 32,768: more than the windows that wait for a slow model make. */
  readonly mostOutputs?: number;
  /** Most frames whose lines are not told, with which it does not say so; default: any number. */
  readonly mostFrames?: number;
  /** Told that no more should come before half of the outputs are told, or a model has answered, and when that is. Default: nobody asks. */
  readonly held?: (isHeld: boolean) => void;
  /** Told how many frames wait for the model that is furthest behind, whenever that changes. */
  readonly waiting?: (frames: number) => void;
  /** Whether a frame is thinned in any case, for it was when it was recorded. Default: none is. */
  readonly isThinned?: (frame: FrameOutput, runner: ModelRunner) => boolean;
  /** Called for every frame that `limit` thins. */
  readonly thinned?: (frame: FrameOutput, runner: ModelRunner) => void;
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
  /** Is given, when nobody listens any more, what the model still works on. */
  readonly closing?: (work: Promise<void>) => void;
}

/** What a session's graph gave and nobody was told of yet, a prediction that was asked for included, as plain data. */
export interface PredictionsState {
  readonly outputs: readonly GraphOutput[];
  readonly anchors: AnchorState;
}

const MOST_OUTPUTS = 32_768;

interface Queued {
  output: GraphOutput;
  readonly loaded: LoadedPipeline;
  readonly since: Seconds;
  /** Whether its model is to answer before it can be told. */
  waits: boolean;
  /** Null where its model is not asked. */
  answer: Answer | null;
}

type QueuedFrame = Queued & { output: FrameOutput };

/** The frames that a model has not been asked about yet, and what it works on. */
interface ModelQueue {
  readonly runner: ModelRunner;
  readonly frames: QueuedFrame[];
  work: Promise<void> | null;
}

/**
 * Replaces frames by their predictions and keeps the order of everything, live and in replay. Each model is asked by itself, so
 * that none waits for another's answer but to be told in order. Who can't be asked to wait has frames thinned (`limit`), each of
 * them told; who can is asked to by `held`.
 */
export function predictInOrder(options: PredictInOrderOptions): OperatorFunction<LiveOutput, SessionOutput> {
  const {
    session,
    clock,
    explain = () => false,
    batch = 1,
    from,
    snapshots,
    mostOutputs = MOST_OUTPUTS,
    mostFrames = Number.POSITIVE_INFINITY,
    held = () => {},
    limit = Number.POSITIVE_INFINITY,
    waiting = () => {},
    isThinned = () => false,
    thinned = () => {},
    ignored,
    predicted = () => {},
    closing = () => {},
  } = options;
  return (outputs$) =>
    new Observable<SessionOutput>((subscriber) => {
      const failed = options.failed ?? ((fault: unknown) => subscriber.error(fault));
      /** All that is not told yet. */
      const queue: Queued[] = [];
      /** Frames in it. */
      let frames = 0;
      const models = new Map<ModelRunner, ModelQueue>();
      let mostWaiting = 0;
      let isGoing = false;
      let completed = false;
      let isHeld = false;
      const anchors = new Anchors(from?.state.anchors, ignored);
      snapshots?.(() => ({ outputs: queue.map(({ output }) => output), anchors: anchors.snapshot() }));

      const look = (): void => {
        const isFull = queue.length > mostOutputs || frames >= mostFrames;
        const isLow = queue.length <= mostOutputs / 2 && frames < mostFrames;
        if (isHeld ? !isLow : !isFull) return;
        isHeld = !isHeld;
        held(isHeld);
      };
      const tellWaiting = (): void => {
        const most = Math.max(0, ...[...models.values()].map((model) => model.frames.length));
        if (most === mostWaiting) return;
        mostWaiting = most;
        waiting(most);
      };

      const tell = ({ output, loaded, since, answer }: Queued): void => {
        try {
          const nodes = loaded.runners.keys();
          if (output.kind !== 'frame') subscriber.next(anchors.follow(output, nodes));
          else {
            const context = { session, pipeline: loaded.pipeline.digest };
            const made = predictionOf(output, loaded.runners.get(output.model)!, context, answer);
            predicted(made.prediction, clock.now() - since);
            subscriber.next(anchors.follow({ kind: 'prediction', ...made }, nodes));
          }
        } catch (error) {
          failed(error);
        }
      };
      const hasNext = (): boolean => queue.length > 0 && !queue[0].waits && !subscriber.closed;
      const tellNext = (): void => {
        const next = queue.shift()!;
        if (next.output.kind === 'frame') frames--;
        tell(next);
      };

      /** Asks a model about as many frames as go together, all of one pipeline. */
      const ask = async (model: ModelQueue): Promise<void> => {
        const { runner, frames } = model;
        const [{ loaded, output }] = frames;
        let length = 1;
        while (length < batch && frames[length]?.loaded === loaded) length++;
        const asked = frames.splice(0, length);
        tellWaiting();
        const answers = await askModel(
          asked.map((frame) => frame.output),
          runner,
          explain(output.model),
        );
        asked.forEach((frame, i) => {
          frame.answer = answers[i];
          frame.waits = false;
        });
        model.work = null;
        if (frames.length === 0) models.delete(runner);
        go();
      };
      const askWhoIsIdle = (): void => {
        for (const model of models.values()) {
          const { work, frames } = model;
          // Who is held has nothing that a batch could wait for.
          const isDue = frames.length >= batch || (frames.length > 0 && (completed || isHeld));
          if (work !== null || !isDue || subscriber.closed) continue;
          model.work = ask(model);
          owned(model.work, (error) => subscriber.error(error));
        }
      };

      /** Tells what waits for no answer, and asks who has none to give. */
      const go = (): void => {
        if (isGoing || subscriber.closed) return;
        isGoing = true;
        do {
          while (hasNext()) {
            tellNext();
            look();
          }
          look();
          askWhoIsIdle();
        } while (hasNext());
        isGoing = false;
        if (completed && queue.length === 0) subscriber.complete();
      };

      const take = ({ output, loaded }: LiveOutput): void => {
        const queued = { loaded, since: clock.now(), waits: false, answer: null };
        if (output.kind === 'frame') {
          const runner = loaded.runners.get(output.model);
          // Of a model that is gone nothing is told.
          if (!runner) return;
          const frame: QueuedFrame = { ...queued, output };
          if (isThinned(output, runner)) frame.output = overloaded(output);
          queue.push(frame);
          frames++;
          if (isForModel(frame.output)) enqueue(runner, frame);
        } else queue.push({ ...queued, output });
        if (isGoing) look();
        else go();
      };
      const enqueue = (runner: ModelRunner, frame: QueuedFrame): void => {
        const model = models.get(runner) ?? { runner, frames: [], work: null };
        models.set(runner, model);
        frame.waits = true;
        model.frames.push(frame);
        if (model.frames.length > limit) thin(model);
        tellWaiting();
      };
      const thin = ({ runner, frames }: ModelQueue): void => {
        const oldest = frames.shift()!;
        oldest.output = overloaded(oldest.output);
        oldest.waits = false;
        thinned(oldest.output, runner);
      };
      for (const output of from?.state.outputs ?? []) take({ output, loaded: from!.loaded });

      const subscription = outputs$.subscribe({
        next: take,
        error: (error) => subscriber.error(error),
        complete: () => {
          completed = true;
          go();
        },
      });
      return () => {
        subscription.unsubscribe();
        const works = [...models.values()].flatMap(({ work }) => work ?? []);
        if (works.length > 0) closing(Promise.all(works).then(() => {}));
      };
    });
}

function overloaded(frame: FrameOutput): FrameOutput {
  return { ...frame, overloaded: true };
}
