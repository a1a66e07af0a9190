import type { StreamMessage } from '../../core/signal.js';
import type { DatasetRecording, TimedTrial } from './dataset.js';

/** A recording that is one trial from end to end, labelled by its own annotation. */
export function wholeSession(
  person: string,
  messages: Iterable<StreamMessage>,
): Extract<DatasetRecording, { kind: 'signals' }> {
  const trial: TimedTrial = {
    trial: 'session',
    stimulus: null,
    position: 0,
    label: null,
    start: Number.NEGATIVE_INFINITY,
    end: Number.POSITIVE_INFINITY,
  };
  return { kind: 'signals', person, session: 'session', messages, trials: [trial] };
}
