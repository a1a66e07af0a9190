import type { CallResult } from '../../io/protocol/calls.js';
import type { ListedOutlet } from '../../io/sources/lsl/asked-streams.js';
import type { CallContext } from './call-context.js';
import { sourcesOf } from './live-sessions.js';

type OutletStatus = CallResult<'lsl'>['outlets'][number];

/** What is on the LSL network, and which of it feeds what. @throws ProtocolError `lsl-unusable` */
export async function listOutlets(
  context: Pick<CallContext, 'lsl' | 'live' | 'runtime'>,
): Promise<CallResult<'lsl'>> {
  const { outlets, more } = await context.lsl.list();
  return { outlets: outlets.map((outlet) => statusOf(outlet, context)), more };
}

function statusOf(
  { info, received, isAsked, why }: ListedOutlet,
  { live, runtime }: Pick<CallContext, 'live' | 'runtime'>,
): OutletStatus {
  const fed = received.map(({ session, streams }) => {
    const bound = live.all.get(session)?.bound ?? new Map<string, string>();
    return { session, streams: [...streams], sources: streams.flatMap((id) => sourcesOf(bound, id)) };
  });
  const isLost = received.length > 0 && received.every(({ state }) => state === 'lost');
  const reasons = fed.flatMap(({ session, streams, sources }) =>
    sources.length > 0 ? [] : streams.map((id) => runtime().whyUnbound(session, id)),
  );
  return {
    ...{ uid: info.uid, name: info.name, type: info.type, source_id: info.sourceId, host: info.hostname },
    ...{ channels: info.channelCount, sfreq: info.nominalRate_hz },
    state: received.length === 0 ? 'free' : isLost ? 'lost' : 'connected',
    asked: isAsked,
    received: fed,
    why:
      fed.length === 0
        ? why
        : fed.some(({ sources }) => sources.length > 0)
          ? null
          : [...new Set(reasons)].filter((reason) => reason !== null).join('; ') ||
            'it has sent no sample yet',
  };
}
