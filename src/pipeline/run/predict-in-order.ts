import { Observable, type OperatorFunction } from 'rxjs';
import type { Clock, Seconds } from '../../core/clock.js';
import { owned } from '../../core/owned.js';
import type { Prediction } from '../../io/protocol/output.js';
import { type AnchorState, Anchors } from '../session/anchors.js';
import type { GraphOutput } from '../session/graph-output.js';
import { type FrameOutput, type Predicted, predictAll } from '../session/predict.js';
import type { SessionOutput } from '../session/session-output.js';
import type { LiveOutput, LoadedPipeline } from './run-session.js';

export interface PredictInOrderOptions {
  readonly session: string;
  readonly clock: Pick<Clock, 'now'>;
  /** Whether somebody wants a model's predictions to carry their `contribution`; asked whenever it works. Default: nobody. */
  readonly explain?: (model: string) => boolean;
  /** Frames that go to the model together, the last ones apart; default 1. The predictions don't depend on it. */
  readonly batch?: number;
  /** Most frames that may wait for the model; beyond it the oldest is left out. Default: none is. */
  readonly limit?: number;
  /** Most outputs that may wait, of whatever kind, before `held` says so; default 32,768: more than the windows that wait for a slow model make. */
  readonly mostOutputs?: number;
  /** Most frames, those that the model works on among them, with which it does not say so; default: any number. */
  readonly mostFrames?: number;
  /** Told that no more should come before half of the outputs are told, or the model has answered, and when that is. Default: nobody asks. */
  readonly held?: (isHeld: boolean) => void;
  /** Told how many frames wait, whenever that changes. */
  readonly waiting?: (frames: number) => void;
  /** Called for every frame left out. */
  readonly dropped?: (time: Seconds, model: string) => void;
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

type Queued = LiveOutput & { readonly since: Seconds };

/**
 * Replaces frames by their predictions and keeps the order of everything, live and in replay. Who can't be asked to wait has
 * frames left out (`limit`), each of them told; who can is asked to by `held`.
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
    dropped = () => {},
    ignored,
    predicted = () => {},
    closing = () => {},
  } = options;
  return (outputs$) =>
    new Observable<SessionOutput>((subscriber) => {
      const failed = options.failed ?? ((fault: unknown) => subscriber.error(fault));
      const queue: Queued[] = [];
      /** What the model works on, and what was given among it. */
      let asked: Queued[] = [];
      /** Frames in the queue, and in what was asked. */
      let frames = 0;
      let askedFrames = 0;
      let running = false;
      let completed = false;
      let working: Promise<void> | null = null;
      let isHeld = false;
      const anchors = new Anchors(from?.state.anchors, ignored);
      snapshots?.(() => ({
        outputs: [...asked, ...queue].map(({ output }) => output),
        anchors: anchors.snapshot(),
      }));

      const look = (): void => {
        const isFull = queue.length > mostOutputs || frames + askedFrames >= mostFrames;
        const isLow = queue.length <= mostOutputs / 2 && frames + askedFrames < mostFrames;
        if (isHeld ? !isLow : !isFull) return;
        isHeld = !isHeld;
        held(isHeld);
      };

      const tell = ({ output, loaded, since }: Queued, made?: Predicted): void => {
        try {
          const models = loaded.runners.keys();
          if (output.kind !== 'frame') subscriber.next(anchors.follow(output, models));
          else if (made) {
            predicted(made.prediction, clock.now() - since);
            subscriber.next(anchors.follow({ kind: 'prediction', ...made }, models));
          }
        } catch (error) {
          failed(error);
        }
      };

      /** As many frames as go together, all of one pipeline, with what is among them. */
      const takeBatch = (): void => {
        const [{ loaded }] = queue;
        let length = 0;
        for (const { output, loaded: own } of queue) {
          if (own !== loaded || askedFrames === batch) break;
          length++;
          if (output.kind === 'frame') askedFrames++;
        }
        asked = queue.splice(0, length);
        frames -= askedFrames;
        waiting(frames);
      };

      const answer = async (): Promise<void> => {
        takeBatch();
        const [{ loaded }] = asked;
        let made: ReadonlyMap<GraphOutput, Predicted> | null = null;
        try {
          const context = { session, pipeline: loaded.pipeline.digest };
          made = await predictAll(asked.flatMap(framesOf), loaded.runners, (model) => ({
            ...context,
            explain: explain(model),
          }));
        } catch (error) {
          failed(error);
        }
        for (let next = asked.shift(); next && !subscriber.closed; next = asked.shift())
          tell(next, made?.get(next.output));
        asked = [];
        askedFrames = 0;
      };

      /** Tells what waits for no frame; whether the model is to be asked now. */
      const tellUntilFrame = (): boolean => {
        while (queue.length > 0 && !subscriber.closed) {
          // Who is held has nothing that a batch could wait for.
          if (queue[0].output.kind === 'frame') return frames >= batch || completed || isHeld;
          tell(queue.shift()!);
          look();
        }
        return false;
      };

      const work = async (): Promise<void> => {
        do {
          await answer();
          look();
        } while (tellUntilFrame());
        stop();
      };
      const stop = (): void => {
        running = false;
        if (completed) subscriber.complete();
      };

      const go = (): void => {
        if (running) return;
        running = true;
        if (tellUntilFrame()) {
          working = work();
          owned(working, (error) => subscriber.error(error));
        } else stop();
      };

      const take = ({ output, loaded }: LiveOutput): void => {
        const isFrame = output.kind === 'frame';
        // Of a model that is gone nothing is told.
        if (isFrame && !loaded.runners.has(output.model)) return;
        queue.push({ output, loaded, since: clock.now() });
        if (isFrame) {
          if (++frames > limit) leaveOutOldest();
          waiting(frames);
        }
        look();
        go();
      };
      const leaveOutOldest = (): void => {
        const oldest = queue.findIndex(({ output }) => output.kind === 'frame');
        const [{ output }] = queue.splice(oldest, 1);
        frames--;
        if (output.kind === 'frame') dropped(output.time, output.model);
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
        if (running && working) closing(working);
      };
    });
}

function framesOf({ output }: Queued): FrameOutput[] {
  return output.kind === 'frame' ? [output] : [];
}
