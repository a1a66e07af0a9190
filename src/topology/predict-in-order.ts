import { Observable, type OperatorFunction } from 'rxjs';
import type { ModelRunner } from '../core/model.js';
import type { Prediction } from '../core/prediction.js';
import { predict } from './predict.js';
import type { GraphOutput } from './session-graph.js';

export type SessionOutput =
  | Exclude<GraphOutput, { kind: 'frame' }>
  | { readonly kind: 'prediction'; readonly prediction: Prediction };

export interface PredictInOrderOptions {
  readonly session: string;
  /** Digest of the pipeline that runs, asked for at each frame. */
  readonly pipeline: () => string;
  readonly runner: (model: string) => ModelRunner | undefined;
  /** Most outputs that may wait for the model; beyond it the oldest frame is left out. */
  readonly limit: number;
  /** Called for every frame left out. */
  readonly dropped: (time: number) => void;
}

/** Replaces frames by their predictions and keeps the order of everything. The queue is bounded, every drop is told. */
export function predictInOrder(options: PredictInOrderOptions): OperatorFunction<GraphOutput, SessionOutput> {
  return (outputs$) =>
    new Observable<SessionOutput>((subscriber) => {
      const queue: GraphOutput[] = [];
      let running = false;
      let completed = false;

      const drain = async (): Promise<void> => {
        if (running) return;
        running = true;
        for (let output = queue.shift(); output && !subscriber.closed; output = queue.shift()) {
          if (output.kind !== 'frame') {
            subscriber.next(output);
            continue;
          }
          const runner = options.runner(output.model);
          if (!runner) continue;
          const prediction = await predict(output, runner, {
            session: options.session,
            pipeline: options.pipeline(),
          });
          subscriber.next({ kind: 'prediction', prediction });
        }
        running = false;
        if (completed) subscriber.complete();
      };

      return outputs$.subscribe({
        next: (output) => {
          queue.push(output);
          if (queue.length > options.limit) {
            const oldest = queue.findIndex((waiting) => waiting.kind === 'frame');
            const [frame] = oldest < 0 ? [] : queue.splice(oldest, 1);
            if (frame?.kind === 'frame') options.dropped(frame.time);
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
