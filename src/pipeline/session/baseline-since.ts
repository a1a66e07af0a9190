import type { Seconds } from '../../core/clock.js';
import { baselineNodes } from '../file/baseline-nodes.js';
import type { Pipeline } from '../file/pipeline.js';
import type { GraphState } from './graph-state.js';

/** Session time at which the rest began that a session's nodes are learning, s; null: they learn none that a marker began. */
export function baselineSince(pipeline: Pipeline, { nodes }: Pick<GraphState, 'nodes'>): Seconds | null {
  for (const { name, definition } of baselineNodes(pipeline)) {
    const stored = nodes[name];
    const since = stored ? definition.baselineSince(stored.state) : null;
    if (since !== null) return since;
  }
  return null;
}
