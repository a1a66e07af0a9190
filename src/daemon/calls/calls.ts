import type { CallResult, Calls } from '../../io/protocol/calls.js';
import { ProtocolError } from '../../io/protocol/error-code.js';
import type { SessionRecorder } from '../../recorder/session-recorder.js';
import { baselineMarker } from './baseline-marker.js';
import type { CallContext } from './call-context.js';
import { listOutlets } from './list-outlets.js';
import { type LiveSession, sourcesOf } from './live-sessions.js';
import { setMarker } from './set-marker.js';

/** What a running daemon answers. */
export function daemonCalls(context: CallContext): Calls {
  return {
    sessions: () => ({
      sessions: [...context.live.all].map(([session, live]) => sessionOf(context, session, live)),
    }),
    history: ({ session, ...wanted }) => {
      const { history } = context.sink();
      if (!history.has(session) && !context.live.all.has(session)) throw unknownSession(session);
      return history.tell(session, wanted);
    },
    pipeline: () => pipelineOf(context),
    recordings: () => shelved(context),
    record: ({ session, action }) => recordSession(context, session, action),
    marker: ({ session, text, time_unix }) =>
      setMarker(context, liveSession(context, session), { session, text, time_unix }),
    baseline: async ({ session, action }) => {
      const live = liveSession(context, session);
      const { text, nodes } = baselineMarker(context.runtime().loaded.pipeline, session, action, live);
      return { ...(await setMarker(context, live, { session, text })), nodes };
    },
    lsl: () => listOutlets(context),
    inlet: async ({ action, uid, session = null }) => {
      const { lsl } = context;
      const received = action === 'connect' ? await lsl.connect(uid, session) : await lsl.disconnect(uid);
      return { uid: received.info.uid, session: received.session, streams: [...received.streams] };
    },
  };
}

const unknownSession = (session: string): ProtocolError =>
  new ProtocolError('unknown-session', `no session '${session}'; GET /v1/sessions tells which there are`);

/** @throws ProtocolError `unknown-session` */
function liveSession({ live }: CallContext, session: string): LiveSession {
  const found = live.all.get(session);
  if (!found) throw unknownSession(session);
  return found;
}

function sessionOf(
  context: CallContext,
  session: string,
  { streams, bound, zero, time, baseline }: LiveSession,
): CallResult<'sessions'>['sessions'][number] {
  const { clock, runtime, sink } = context;
  const begin = runtime().placeOf(session, 0);
  return {
    session,
    run: sink().runOf(session),
    zero_unix: begin === null ? null : clock.unix() - clock.now() + begin,
    time,
    baseline_since: baseline === null || zero === null ? null : baseline - zero,
    streams: [...streams.values()].map(({ info, samples, last, isStale }) => ({
      ...{ id: info.id, name: info.name, type: info.type, source_id: info.sourceId, sfreq: info.sfreq },
      channels: info.channels.map(({ label }) => label),
      sources: sourcesOf(bound, info.id),
      why: runtime().whyUnbound(session, info.id),
      ...{ samples, last: last === null || zero === null ? null : last - zero, stale: isStale },
      ...(info.simulated && { simulated: true as const }),
    })),
    recording: recordingOf(context, session),
  };
}

function recordingOf({ recorder }: CallContext, session: string): CallResult<'record'>['recording'] {
  const status = recorder()?.status(session);
  if (!status) return null;
  const { file, bytes, since_unix_s: since_unix, failure } = status;
  const disk_free_bytes = recorder()?.free_bytes ?? null;
  return { file, bytes, since_unix, disk_free_bytes, failure: failure?.code ?? null };
}

/** @throws ProtocolError `no-record-folder` */
function recorderOf(context: CallContext): SessionRecorder {
  const recorder = context.recorder();
  if (recorder) return recorder;
  throw new ProtocolError(
    'no-record-folder',
    'this daemon has no folder to record to: start it with --record FOLDER (and --record-on-request)',
  );
}

async function shelved(context: CallContext): Promise<CallResult<'recordings'>> {
  const { shelf, free_bytes: disk_free_bytes, ids } = recorderOf(context);
  const { recordings, more } = await shelf.list();
  return {
    ...{ more, disk_free_bytes },
    recordings: recordings.map(({ file, session, id, bytes, parts, files, begun_unix_s, duration_s }) => ({
      ...{ file, session, bytes, parts, files: [...files], begun_unix: begun_unix_s, duration_s },
      is_recorded: id !== null && ids.has(id),
    })),
  };
}

async function recordSession(
  context: CallContext,
  session: string,
  action: 'start' | 'stop',
): Promise<CallResult<'record'>> {
  const recorder = recorderOf(context);
  if (!context.live.all.has(session)) throw unknownSession(session);
  if (action === 'start') {
    if (!recorder.start(session))
      throw new ProtocolError(
        'already-recorded',
        `session '${session}' is recorded already; stop that first`,
      );
    return { session, recording: recordingOf(context, session), stopped: null };
  }
  const stopped = await recorder.stop(session);
  if (!stopped)
    throw new ProtocolError('not-recorded', `session '${session}' is not recorded; start that first`);
  return { session, recording: recordingOf(context, session), stopped };
}

function pipelineOf({ runtime, live }: CallContext): CallResult<'pipeline'> {
  const { loaded, sessions } = runtime();
  const { pipeline } = loaded;
  return {
    pipeline: pipeline.digest,
    file: pipeline.file,
    nodes: [
      ...[...pipeline.sources.values()].map(({ name, type }) => nodeOf('sources', name, type, [])),
      ...[...pipeline.transforms.values()].map(({ name, definition, input, beside }) =>
        nodeOf('transforms', name, definition.type, [input, ...beside]),
      ),
      ...[...pipeline.models.values()].map(({ name, type, join }) =>
        nodeOf('models', name, type, [...join.inputs.values()].flat()),
      ),
      ...[...pipeline.sinks.values()].map(({ name, type, inputs }) => nodeOf('sinks', name, type, inputs)),
    ],
    sessions: [...live.all].map(([session, { told, bound }]) => ({
      session,
      waiting: runtime().busy(session) !== undefined,
      thinned: sessions.get(session)?.droppedWindows ?? 0,
      told: Object.fromEntries(told),
      sources: Object.fromEntries(
        [...pipeline.sources.keys()].map((name) => [name, bound.get(name) ?? null]),
      ),
    })),
  };
}

type PipelineNode = CallResult<'pipeline'>['nodes'][number];

function nodeOf(
  section: PipelineNode['section'],
  node: string,
  type: string,
  inputs: readonly string[],
): PipelineNode {
  return { node, section, type, inputs: [...inputs] };
}
