import { hostname } from 'node:os';
import type { Channel } from '../../../core/signal.js';
import type { Prediction } from '../../protocol/output.js';

const labels = ['valence', 'arousal', 'valence_low', 'valence_high', 'arousal_low', 'arousal_high'] as const;

/** What the source id of every outlet of predictions begins with. */
export const AFFECT_SOURCE = 'affectd-';

/** Channels of a stream of type `Affect`: see {@link affectSample}. */
export const affectChannels: readonly Channel[] = [
  ...labels.map((label) => ({ label, unit: '[-1,1]', type: 'Affect' })),
  { label: 'valid', unit: 'bool', type: 'Affect' },
];

/** Source id of the outlet of a model's predictions in a session; those from simulated streams have an outlet of their own. */
export function affectSourceId(
  { session, node }: Pick<Prediction, 'session' | 'node'>,
  simulated: boolean,
): string {
  return `${AFFECT_SOURCE}${hostname()}-${node}-${session}${simulated ? '-simulated' : ''}`;
}

/** [7] A prediction as one sample of a stream of {@link affectChannels}; what is missing is NaN. */
export function affectSample({
  valence,
  arousal,
  interval,
  valid,
}: Pick<Prediction, 'valence' | 'arousal' | 'interval' | 'valid'>): Float64Array {
  const unknown = [null, null];
  const bounds = [...(interval?.valence ?? unknown), ...(interval?.arousal ?? unknown)];
  return Float64Array.from([valence, arousal, ...bounds, valid ? 1 : 0], (value) => value ?? Number.NaN);
}
