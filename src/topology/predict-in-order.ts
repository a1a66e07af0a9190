import { Observable, type OperatorFunction } from 'rxjs';
import type { Clock, Seconds } from '../core/clock.js';
import type { Prediction } from '../core/prediction.js';
import { predict } from './predict.js';
import type { LiveOutput } from './run-session.js';
import type { GraphOutput } from './session-graph.js';

export type SessionOutput =
  | Exclude<GraphOutput, { kind: 'frame' }>
  | { readonly kind: 'prediction'; readonly prediction: Prediction };

export interface PredictInOrderOptions {
  readonly session: string;
  readonly clock: Clock;
  /** Most outputs that may wait for the model; beyond it the oldest frame is left out. */
  readonly limit: number;
  /** Called for every frame left out. */
  readonly dropped: (time: Seconds) => void;
  /** Called for every prediction, with the time since its window closed, s. */
  readonly predicted: (prediction: Prediction, latency_s: Seconds) => void;
}

/** Replaces frames by their predictions and keeps the order of everything. The queue is bounded, every drop is told. */
export function predictInOrder(options: PredictInOrderOptions): OperatorFunction<LiveOutput, SessionOutput> {
  const { session, clock, limit, dropped, predicted } = options;
  return (outputs$) =>
    new Observable<SessionOutput>((subscriber) => {
      const queue: (LiveOutput & { readonly since: Seconds })[] = [];
      let running = false;
      let completed = false;

      const drain = async (): Promise<void> => {
        if (running) return;
        running = true;
        for (let next = queue.shift(); next && !subscriber.closed; next = queue.shift()) {
          const { output, loaded, since } = next;
          if (output.kind !== 'frame') {
            subscriber.next(output);
            continue;
          }
          const runner = loaded.runners.get(output.model);
          if (!runner) continue;
          const prediction = await predict(output, runner, { session, pipeline: loaded.pipeline.digest });
          predicted(prediction, clock.now() - since);
          subscriber.next({ kind: 'prediction', prediction });
        }
        running = false;
        if (completed) subscriber.complete();
      };

      return outputs$.subscribe({
        next: (live) => {
          queue.push({ ...live, since: clock.now() });
          if (queue.length > limit) {
            const oldest = queue.findIndex(({ output }) => output.kind === 'frame');
            const [removed] = oldest < 0 ? [] : queue.splice(oldest, 1);
            if (removed?.output.kind === 'frame') dropped(removed.output.time);
          }
          void drain();
        },
        error: (error) => subscriber.error(error),
        complete: () => {
          completed = true;
          if (!running) subscriber.complete();
        },
      });
    });
}
