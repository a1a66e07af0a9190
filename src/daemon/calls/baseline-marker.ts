import { BASELINE_END, BASELINE_START } from '../../core/baseline.js';
import { ProtocolError } from '../../io/protocol/error-code.js';
import { baselineNodes, shippedWithBaseline } from '../../pipeline/file/baseline-nodes.js';
import type { Pipeline } from '../../pipeline/file/pipeline.js';
import type { LiveSession } from './live-sessions.js';

/** The marker that begins or ends a rest, and the nodes that take it. @throws ProtocolError `no-baseline`, `baseline-running`, `baseline-not-running` */
export function baselineMarker(
  pipeline: Pipeline,
  session: string,
  action: 'start' | 'stop',
  live: LiveSession,
): { readonly text: string; readonly nodes: string[] } {
  const nodes = baselineNodes(pipeline).map(({ name }) => name);
  if (nodes.length === 0)
    throw new ProtocolError(
      'no-baseline',
      `no node of ${pipeline.file} takes a rest; of the shipped pipelines ${shippedWithBaseline().join(', ')} do: add a node of type rest-index`,
    );
  const isRunning = live.baseline !== null;
  if (action === 'start' && isRunning)
    throw new ProtocolError(
      'baseline-running',
      `session '${session}' takes a rest already; stop it, and start again`,
    );
  if (action === 'stop' && !isRunning)
    throw new ProtocolError('baseline-not-running', `session '${session}' takes no rest; start one first`);
  return { text: action === 'start' ? BASELINE_START : BASELINE_END, nodes };
}
