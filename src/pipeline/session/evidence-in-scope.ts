import type { Evidence, OutOfScope } from '../../core/prediction.js';
import type { StreamInfo } from '../../core/signal.js';
import type { StreamScope, Worth } from '../../core/worth.js';
import { setKey } from '../../model/evidence/judge.js';

/** How far a rate may be from the one that was evaluated. */
const RATE_TOLERANCE = 0.02;

/** What a moment's prediction is worth: the lesser of what the model and its streams are. */
export function evidenceInScope(
  { evidence, scope }: Worth,
  moment: {
    readonly simulated: boolean;
    /** Streams that feed the modalities that are there. */
    readonly streams: readonly StreamInfo[];
    readonly present: readonly string[];
  },
): { readonly evidence: Evidence; readonly evidence_reason?: OutOfScope } {
  if (moment.simulated) return { evidence: 'simulated' };
  if (evidence !== 'validated' || scope === null) return { evidence };
  const outside =
    moment.streams.map((stream) => outOfScope(stream, scope.streams)).find((reason) => reason !== null) ??
    (scope.modalities.some((set) => setKey(set) === setKey(moment.present)) ? null : 'modalities');
  return outside === null ? { evidence } : { evidence: 'none', evidence_reason: outside };
}

const order: readonly OutOfScope[] = ['dialect', 'channels', 'unit', 'rate'];

/** Why a stream is none of those that were evaluated; of several the reason against the one most alike. */
function outOfScope(stream: StreamInfo, scope: readonly StreamScope[]): OutOfScope | null {
  const reasons = scope.filter(({ type }) => type === stream.type).map((known) => difference(stream, known));
  if (reasons.includes(null)) return null;
  return reasons.reduce<OutOfScope>(
    (best, reason) => (order.indexOf(reason!) > order.indexOf(best) ? reason! : best),
    'dialect',
  );
}

function difference({ dialect, channels, sfreq }: StreamInfo, known: StreamScope): OutOfScope | null {
  if (dialect === undefined || dialect !== known.dialect) return 'dialect';
  const unitOf = new Map(channels.map(({ label, unit }) => [label, unit]));
  if (unitOf.size !== known.channels.length || known.channels.some(({ label }) => !unitOf.has(label)))
    return 'channels';
  if (known.channels.some(({ label, unit }) => unitOf.get(label) !== unit)) return 'unit';
  return Math.abs(sfreq - known.sfreq_hz) > RATE_TOLERANCE * known.sfreq_hz ? 'rate' : null;
}
