import { z } from 'zod';
import { notKeptCodes } from '../../core/not-kept-error.js';
import { LONGEST_NAME } from './control.js';
import type { JsonText } from './json-text.js';
import { type OutputStream, outputSchemas } from './output.js';

/** Longest text of a marker that a person sets, characters. */
const LONGEST_MARKER = 1024;
/** Longest uid of an outlet, characters. */
const LONGEST_LSL_NAME = 512;
/** Most lines of history in one answer. */
export const MOST_HISTORY = 2048;

const session = z.string().min(1).max(LONGEST_NAME).describe('The session.');
const sessionTime = z.number().describe('Session time, s.');

/** What the daemon keeps of a session for those who come late. */
export const historyStreams = ['affect', 'indices', 'truth', 'markers', 'sys', 'session'] as const;
export type HistoryStream = (typeof historyStreams)[number];

const streamStatus = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  source_id: z.string(),
  sfreq: z.number().describe('Rate in use, Hz; 0 = irregular.'),
  channels: z.array(z.string()).describe('Labels.'),
  sources: z.array(z.string()).describe('Sources of the pipeline that it feeds.'),
  why: z.string().nullable().describe('Why it feeds no source, in words for people; null: it feeds one.'),
  samples: z.int().nonnegative().describe('Samples, or markers, so far.'),
  last: sessionTime.nullable().describe('Session time of its last sample, s.'),
  stale: z.boolean().describe('Whether it is silent although it feeds a source.'),
  simulated: z.literal(true).optional(),
});

const recordingStatus = z.object({
  file: z
    .string()
    .nullable()
    .describe('Name of its first file in the folder of `--record`; `null`: no sample has come yet.'),
  bytes: z
    .int()
    .nonnegative()
    .describe('On the disk; of one that goes on after a kill, since the daemon was started again.'),
  since_unix: z.number().describe('Since when it is recorded, s since 1970.'),
  disk_free_bytes: z.number().nullable().describe('Free on its disk, looked at every 10 s.'),
  failure: z.enum(notKeptCodes).nullable().describe('Why nothing is kept at present; `null`: it is.'),
});

const shelvedRecording = z.object({
  file: z
    .string()
    .describe('Name of its first file in the folder; any of its parts is the whole of it for every command.'),
  session: z.string().nullable().describe('`null`: it is not of a session.'),
  bytes: z.int().nonnegative().describe('All parts together.'),
  parts: z.int().positive(),
  files: z.array(z.string()).describe('Names of the parts, in order.'),
  begun_unix: z.number().nullable().describe('When it was begun, s since 1970; `null`: it does not say.'),
  duration_s: z
    .number()
    .nullable()
    .describe('How long its samples go on, as the ends of its files tell; `null`: a file has no end yet.'),
  is_recorded: z.boolean().describe('Whether it is being written.'),
});

const sessionStatus = z.object({
  session,
  run: z.string().describe('As in its messages.'),
  zero_unix: z.number().nullable().describe('Wall-clock time of session time 0, s since 1970.'),
  time: sessionTime.nullable().describe('How far it has come.'),
  baseline_since: sessionTime
    .nullable()
    .describe('Session time at which the rest began that is being taken, s; null: none is.'),
  streams: z.array(streamStatus).describe('What is open.'),
  recording: recordingStatus.nullable().describe('`null`: it is not recorded.'),
});

const nodeStatus = z.object({
  node: z.string(),
  section: z.enum(['sources', 'transforms', 'models', 'sinks']),
  type: z.string(),
  inputs: z.array(z.string()),
});

const sessionNodes = z.object({
  session,
  waiting: z.boolean().describe('Whether its senders are asked to wait, because its graph lags behind.'),
  thinned: z.int().nonnegative().describe('Windows that a model was not asked about.'),
  told: z.record(z.string(), z.int().nonnegative()).describe('Messages so far, by node.'),
  sources: z
    .record(z.string(), z.string().nullable())
    .describe('The stream that feeds each source, by its id.'),
});

const outletStatus = z.object({
  uid: z.string().describe("The outlet's; another one after its device was restarted."),
  name: z.string(),
  type: z.string().describe('As its outlet says it.'),
  source_id: z.string(),
  host: z.string(),
  channels: z.int().nonnegative().describe('How many.'),
  sfreq: z.number().describe('Nominal rate, Hz; 0 = irregular.'),
  state: z
    .enum(['connected', 'lost', 'free'])
    .describe('`lost`: it was connected, does not answer, and is looked for. `free`: it is in no session.'),
  asked: z.boolean().describe('Whether the call `inlet` connected it.'),
  received: z
    .array(
      z.object({
        session,
        streams: z.array(z.string()).describe("The session's streams that it gives, by id."),
        sources: z.array(z.string()).describe('Sources of the pipeline that they feed.'),
      }),
    )
    .describe('Where it is connected.'),
  why: z
    .string()
    .nullable()
    .describe('Why it is in no session, or feeds no source, in words for people; null: it feeds one.'),
});

const markerSet = z.object({
  session,
  time: sessionTime.describe('Session time of the marker, s.'),
  recorded: z
    .boolean()
    .describe(
      'Whether it is on the disk; `false`: its session is not recorded, or the disk does not take it, or not within 2 s.',
    ),
});

export interface CallDefinition<P extends z.ZodType = z.ZodType, R extends z.ZodType = z.ZodType> {
  /** `POST` changes something: {@link https://www.rfc-editor.org/rfc/rfc9110#name-safe-methods}. */
  readonly method: 'GET' | 'POST';
  /** `{session}` stands for one segment of the path, percent-encoded, and is the parameter of that name. */
  readonly path: string;
  readonly summary: string;
  readonly params: P;
  readonly result: R;
}

const call = <P extends z.ZodType, R extends z.ZodType>(
  method: 'GET' | 'POST',
  path: string,
  summary: string,
  params: P,
  result: R,
): CallDefinition<P, R> => ({ method, path, summary, params, result });

/** Numbers in an address are text. */
const numeric = z.union([
  z.number(),
  z
    .string()
    .max(32)
    .regex(/^-?\d+(\.\d+)?$/)
    .transform(Number),
]);
/** So are lists. */
const listed = <T extends string>(names: readonly [T, ...T[]]) =>
  z.preprocess(
    (value) => (typeof value === 'string' ? value.slice(0, 256).split(',') : value),
    z.array(z.enum(names)).min(1).max(names.length),
  );

/** Calls, over HTTP and as methods of `/v1/stream`, by the method's name. */
export const callDefinitions = {
  sessions: call(
    'GET',
    '/v1/sessions',
    'Sessions, and the streams that are open in each.',
    z.object({}),
    z.object({ sessions: z.array(sessionStatus) }),
  ),
  history: call(
    'GET',
    '/v1/sessions/{session}/history',
    'What a session told in the last hour, oldest first.',
    z.object({
      session,
      from: numeric.optional().describe('Session time from which on lines are wanted, s.'),
      streams: listed(historyStreams).default([...historyStreams]),
      limit: z
        .union([
          z.int(),
          z
            .string()
            .regex(/^\d{1,5}$/)
            .transform(Number),
        ])
        .pipe(z.int().min(1).max(MOST_HISTORY))
        .default(MOST_HISTORY)
        .describe('The newest so many of them.'),
    }),
    z.object({
      session,
      more: z.boolean().describe('Whether there were more than `limit`.'),
      messages: z.array(z.discriminatedUnion('stream', pick(historyStreams))),
    }),
  ),
  pipeline: call(
    'GET',
    '/v1/pipeline',
    'The pipeline as a graph, and how each session fares in it.',
    z.object({}),
    z.object({
      pipeline: z.string().describe('Its digest, as in predictions.'),
      file: z.string(),
      nodes: z.array(nodeStatus),
      sessions: z.array(sessionNodes),
    }),
  ),
  record: call(
    'POST',
    '/v1/sessions/{session}/record',
    'Records a session from here on, to files of its own, or ends that; answered to `stop` once all is on the disk. Needs a daemon with `--record`.',
    z.object({ session, action: z.enum(['start', 'stop']) }),
    z.object({
      session,
      recording: recordingStatus.nullable().describe('What is recorded now.'),
      stopped: z
        .object({ file: recordingStatus.shape.file, bytes: recordingStatus.shape.bytes })
        .nullable()
        .describe('What was stopped.'),
    }),
  ),
  recordings: call(
    'GET',
    '/v1/recordings',
    'Recordings in the folder of `--record`, those that were written to last first, at most 200. Parts of one are told as one.',
    z.object({}),
    z.object({
      recordings: z.array(shelvedRecording),
      more: z.boolean().describe('Whether there are others.'),
      disk_free_bytes: recordingStatus.shape.disk_free_bytes,
    }),
  ),
  marker: call(
    'POST',
    '/v1/sessions/{session}/marker',
    'Sets a marker in a session, as a stream of its own would.',
    z.object({
      session,
      text: z.string().min(1).max(LONGEST_MARKER),
      time_unix: z
        .number()
        .optional()
        .describe(
          'When it happened, s since 1970 by the clock of this machine; at most a minute ago. Default: now.',
        ),
    }),
    markerSet,
  ),
  baseline: call(
    'POST',
    '/v1/sessions/{session}/baseline',
    "Begins or ends a rest, to which the pipeline's rest-index nodes relate what follows: what they learnt before is forgotten at the start. Set as the markers `baseline:start` and `baseline:end`, recorded and replayed as any.",
    z.object({ session, action: z.enum(['start', 'stop']) }),
    markerSet.extend({
      nodes: z.array(z.string()).describe('The nodes that take it.'),
    }),
  ),
  lsl: call(
    'GET',
    '/v1/lsl',
    'Outlets of the Lab Streaming Layer that answer on the network, whichever the pipeline asks for, connected ones first. The first answer takes a second; the network is asked for a minute after it.',
    z.object({}),
    z.object({
      outlets: z.array(outletStatus),
      more: z.boolean().describe('Whether there are more than are listed: 256.'),
    }),
  ),
  inlet: call(
    'POST',
    '/v1/lsl',
    'Connects an outlet into a session, whatever the pipeline asks for, or disconnects it, so that nothing takes it again. Both hold for what its device starts in its place, if it has a source id, until the daemon ends.',
    z.object({
      action: z.enum(['connect', 'disconnect']),
      uid: z.string().min(1).max(LONGEST_LSL_NAME),
      session: z
        .string()
        .min(1)
        .max(LONGEST_NAME)
        .optional()
        .describe(
          'The session to connect it into, which begins where there is none. Default: the one that a source of the pipeline would take it into, or `default`.',
        ),
    }),
    z.object({
      uid: z.string(),
      session,
      streams: z.array(z.string()).describe("The session's streams that it gives, or gave, by id."),
    }),
  ),
} as const satisfies Readonly<Record<string, CallDefinition>>;

export type CallName = keyof typeof callDefinitions;
export type CallParams<N extends CallName> = z.output<(typeof callDefinitions)[N]['params']>;
export type CallInput<N extends CallName> = z.input<(typeof callDefinitions)[N]['params']>;
export type CallResult<N extends CallName> = z.infer<(typeof callDefinitions)[N]['result']>;

/** What serves each call; a daemon that has none of a name doesn't know it. */
export type Calls = {
  readonly [N in CallName]?: (
    params: CallParams<N>,
  ) => CallResult<N> | JsonText | Promise<CallResult<N> | JsonText>;
};

function pick<const S extends readonly OutputStream[]>(
  streams: S,
): { -readonly [K in keyof S]: (typeof outputSchemas)[S[K]] } {
  return streams.map((stream) => outputSchemas[stream]) as never;
}
