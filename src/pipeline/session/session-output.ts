import type { GraphOutput } from './graph-output.js';
import type { Predicted } from './predict.js';

/** What a session gives, in order: its graph's outputs, frames replaced by their predictions. */
export type SessionOutput =
  | Exclude<GraphOutput, { kind: 'frame' }>
  | ({ readonly kind: 'prediction' } & Predicted);
