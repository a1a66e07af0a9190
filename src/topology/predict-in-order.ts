import { Observable, type OperatorFunction } from 'rxjs';
import type { Clock, Seconds } from '../core/clock.js';
import { owned } from '../core/owned.js';
import type { Prediction } from '../protocol/output.js';
import { type AnchorState, Anchors } from './anchors.js';
import type { GraphOutput } from './graph-output.js';
import { type FrameOutput, predict } from './predict.js';
import type { LiveOutput, LoadedPipeline } from './run-session.js';
import type { SessionOutput } from './session-output.js';

export interface PredictInOrderOptions {
  readonly session: string;
  readonly clock: Clock;
  /** Whether somebody wants a model's predictions to carry their `contribution`; asked for each frame. Default: nobody. */
  readonly explain?: (model: string) => boolean;
  /** Most frames that may wait for the model; beyond it the oldest is left out. */
  readonly limit: number;
  /** Most outputs that may wait, of whatever kind, before `held` says so; default 32,768: more than the windows that wait for a slow model make. */
  readonly mostOutputs?: number;
  /** Told that more may come not before half of them are told, and when that is. Default: nobody asks. */
  readonly held?: (isHeld: boolean) => void;
  /** Told how many frames wait, whenever that changes. */
  readonly waiting: (frames: number) => void;
  /** Called for every frame left out. */
  readonly dropped: (time: Seconds, model: string) => void;
  /** Called for every marked moment that has no room among a model node's anchors. */
  readonly ignored: (anchor: string, model: string) => void;
  /** Called for every output that could not be worked with; the others go on. */
  readonly failed: (fault: unknown) => void;
  /** Where another one was stopped, and what goes on with what waited there. */
  readonly from?: { readonly state: PredictionsState; readonly loaded: LoadedPipeline };
  /** Is given what tells, at any moment, where this one is. */
  readonly snapshots?: (snapshot: () => PredictionsState) => void;
  /** Called for every prediction, with the time since its window closed, s. */
  readonly predicted: (prediction: Prediction, latency_s: Seconds) => void;
}

/** What a session's graph gave and nobody was told of yet, a prediction that was asked for included, as plain data. */
export interface PredictionsState {
  readonly outputs: readonly GraphOutput[];
  readonly anchors: AnchorState;
}

const MOST_OUTPUTS = 32_768;

type Queued = LiveOutput & { readonly since: Seconds };

/** Replaces frames by their predictions and keeps the order of everything. The queue is bounded, every drop is told. */
export function predictInOrder(options: PredictInOrderOptions): OperatorFunction<LiveOutput, SessionOutput> {
  const {
    session,
    clock,
    explain = () => false,
    from,
    snapshots,
    mostOutputs = MOST_OUTPUTS,
    held = () => {},
    limit,
    waiting,
    dropped,
    ignored,
    failed,
    predicted,
  } = options;
  return (outputs$) =>
    new Observable<SessionOutput>((subscriber) => {
      const queue: Queued[] = [];
      let frames = 0;
      let running = false;
      let completed = false;
      let isHeld = false;
      const anchors = new Anchors(from?.state.anchors, ignored);
      /** What is being told: a frame that the model works on, say. */
      let current: Queued | null = null;
      snapshots?.(() => ({
        outputs: [...(current ? [current] : []), ...queue].map(({ output }) => output),
        anchors: anchors.snapshot(),
      }));

      const give = async (output: FrameOutput, { loaded, since }: Queued): Promise<void> => {
        waiting(--frames);
        const runner = loaded.runners.get(output.model);
        if (!runner) return;
        const context = { session, pipeline: loaded.pipeline.digest, explain: explain(output.model) };
        const made = await predict(output, runner, context);
        predicted(made.prediction, clock.now() - since);
        subscriber.next(anchors.follow({ kind: 'prediction', ...made }, loaded.runners.keys()));
      };

      const drain = async (): Promise<void> => {
        if (running) return;
        running = true;
        for (let next = queue.shift(); next && !subscriber.closed; next = queue.shift()) {
          current = next;
          try {
            const { output } = next;
            if (output.kind === 'frame') await give(output, next);
            else subscriber.next(anchors.follow(output, next.loaded.runners.keys()));
          } catch (error) {
            failed(error);
          }
          current = null;
          if (isHeld && queue.length <= mostOutputs / 2) {
            isHeld = false;
            held(false);
          }
        }
        running = false;
        if (completed) subscriber.complete();
      };

      const take = (live: LiveOutput): void => {
        queue.push({ ...live, since: clock.now() });
        if (!isHeld && queue.length > mostOutputs) {
          isHeld = true;
          held(true);
        }
        if (live.output.kind === 'frame') {
          if (++frames > limit) {
            const oldest = queue.findIndex(({ output }) => output.kind === 'frame');
            const [removed] = queue.splice(oldest, 1);
            frames--;
            if (removed.output.kind === 'frame') dropped(removed.output.time, removed.output.model);
          }
          waiting(frames);
        }
        owned(drain(), (error) => subscriber.error(error));
      };
      for (const output of from?.state.outputs ?? []) take({ output, loaded: from!.loaded });

      return outputs$.subscribe({
        next: take,
        error: (error) => subscriber.error(error),
        complete: () => {
          completed = true;
          if (!running) subscriber.complete();
        },
      });
    });
}
