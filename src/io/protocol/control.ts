import { z } from 'zod';
import { type NotKeptCode, notKeptCodes } from '../../core/not-kept-error.js';
import { type ErrorCode, errorCodes } from './error-code.js';
import { ingestLimitsSchema } from './limits.js';
import { type OutputStream, outputSchemas } from './output.js';

/** Longest name of a session, a node, a run and a label, characters. */
export const LONGEST_NAME = 128;
/** Longest id of a request, characters: every answer says it again. */
const LONGEST_ID = 4096;
/** Channels of a stream, whatever a daemon's limits say. */
const MOST_CHANNELS = 65_536;
/** Longest text of a marker, characters. */
const LONGEST_TEXT = 65_536;
/** Most nodes that a subscriber names. */
const MOST_NODES = 256;

const id = z
  .union([z.string().max(LONGEST_ID), z.number()])
  .describe('Chosen by the client; the response carries it.');
const name = z
  .string()
  .min(1)
  .max(LONGEST_NAME)
  .regex(/^[^\p{Cc}*]+$/u, 'no control characters and no *');
const streamId = z.int().min(0).max(0xffff).describe('Id of the stream that `open` answered.');
const seq = z
  .int()
  .min(0)
  .max(0xffffffff)
  .describe('Rises by one with each frame of the stream, from 0, modulo 2^32.');

export const outputStreams = Object.keys(outputSchemas) as [OutputStream, ...OutputStream[]];
export const outputStreamSchema = z.enum(outputStreams);

export const policies = ['latest', 'drop-oldest', 'buffer'] as const;
export const policySchema = z
  .enum(policies)
  .describe(
    'What happens to messages that a slow client does not read: `latest` keeps the newest of each session and node, `drop-oldest` a short queue, `buffer` everything until the connection is closed with 1013.',
  );
export type Policy = z.infer<typeof policySchema>;

const sessionFilter = z.union([z.literal('*'), name]).describe('A session, or `*` for all, later ones too.');
const streamNames = z.array(z.string().max(64)).min(1).max(64);

const nodeNames = z
  .array(z.string().max(LONGEST_NAME))
  .min(1)
  .max(MOST_NODES)
  .describe(
    'Nodes of the pipeline whose messages are wanted; left out: all. Streams that no node makes come whole.',
  );

/** Where a subscriber was. TypeScript has no type of objects all of whose keys but one hold numbers. */
export interface LastHeard {
  readonly run: string;
  readonly [node: string]: string | number;
}
export const lastHeardSchema: z.ZodType<LastHeard, LastHeard> = z
  .object({ run: z.string().max(LONGEST_NAME).describe('`run` of the message heard last.') })
  .catchall(z.int().nonnegative())
  .refine((after) => Object.keys(after).length <= MOST_NODES + 1, `names more than ${MOST_NODES} nodes`)
  .refine(
    (after) => Object.keys(after).every((node) => node.length <= LONGEST_NAME),
    `names a node by more than ${LONGEST_NAME} characters`,
  )
  .meta({ maxProperties: MOST_NODES + 1, propertyNames: { maxLength: LONGEST_NAME } })
  .describe(
    'What was heard last of one session: `run`, and by node its last `seq`. What the nodes made after that, and no longer than 60 s ago, comes first.',
  );

/** Rates at which signals are told, bins a second: few, as each is computed once for all who watch at it; 1 to 20 divide the rate of what is kept. */
export const pointRates = [1, 2, 5, 10, 20, 50, 100, 200, 500] as const;

export const subscribeParamsSchema = z
  .object({
    streams: streamNames.describe(`Any of ${outputStreams.map((stream) => `\`${stream}\``).join(', ')}.`),
    session: sessionFilter.default('*'),
    policy: policySchema.default('drop-oldest'),
    explain: z.boolean().default(false).describe('Whether each message of `affect` carries `contribution`.'),
    nodes: nodeNames.optional(),
    after: lastHeardSchema.optional(),
    max_points_per_s: z
      .number()
      .min(1)
      .max(1e6)
      .optional()
      .describe(
        `\`signals\` of all the session's streams to be drawn, and, of one session, the last minute first: streams with more samples a second come as their least and greatest in bins, ${pointRates.join(', ')} a second, the most that this allows. Without it the signals that are pushed to the daemon come as they are.`,
      ),
  })
  .refine(({ max_points_per_s, streams }) => max_points_per_s === undefined || streams.includes('signals'), {
    path: ['max_points_per_s'],
    message: 'holds for signals: name it in `streams`',
  })
  .refine(({ after, session }) => after === undefined || session !== '*', {
    path: ['after'],
    message: 'holds for one session: name it in `session`',
  });
export type SubscribeParams = z.input<typeof subscribeParamsSchema>;

export const unsubscribeParamsSchema = z.object({
  streams: streamNames,
  session: sessionFilter.default('*'),
});
export type UnsubscribeParams = z.input<typeof unsubscribeParamsSchema>;

const errorCodeSchema = z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]);
const subscriptionFailure = z.object({ stream: z.string(), code: errorCodeSchema, message: z.string() });

export const subscribeResultSchema = z.object({
  success: z.array(
    z.object({
      stream: outputStreamSchema,
      session: sessionFilter,
      policy: policySchema,
      nodes: nodeNames.optional(),
      points_per_s: z
        .int()
        .positive()
        .optional()
        .describe('Of `signals` with `max_points_per_s`: bins a second of streams that are faster.'),
    }),
  ),
  failure: z.array(subscriptionFailure),
});
export type SubscribeResult = z.infer<typeof subscribeResultSchema>;

export const unsubscribeResultSchema = z.object({
  success: z.array(z.object({ stream: outputStreamSchema, session: sessionFilter })),
  failure: z.array(subscriptionFailure),
});
export type UnsubscribeResult = z.infer<typeof unsubscribeResultSchema>;

export const clockKinds = ['session', 'lsl', 'unix', 'device'] as const;
export const clockKindSchema = z
  .enum(clockKinds)
  .describe(
    "What the stamps count from: `session` the zero that this session's senders agreed on, `lsl` the LSL clock, `unix` 1970, `device` something of the device's own. Left out: `unix` where the first stamp is above 1e9, else `session`.",
  );
export type ClockKind = z.infer<typeof clockKindSchema>;

export const screenSchema = z.object({
  width_px: z.number().positive(),
  height_px: z.number().positive(),
  width_m: z.number().positive(),
  height_m: z.number().positive(),
  distance_m: z.number().positive().describe('From the eyes to the screen.'),
  origin: z.enum(['top-left', 'bottom-left', 'center']).default('top-left'),
});

export const channelSchema = z.union([
  z.string().max(LONGEST_NAME).describe('The label.'),
  z.object({
    label: z
      .string()
      .max(LONGEST_NAME)
      .default('')
      .describe('`Fp1`, `left_pupil` ...; empty when the device has none.'),
    unit: z.string().max(32).optional().describe('`uV`, `mm`, `uS` ...'),
    type: z.string().max(64).optional().describe('As the field names it: `EEG`, `gaze`, `pupil` ...'),
  }),
]);

/** What may be told of a stream beside its layout. */
const metadata = {
  unit: z.string().max(32).optional().describe('Unit of the channels that name none.'),
  clock: clockKindSchema.optional(),
  screen: screenSchema
    .optional()
    .describe('Geometry that gaze in pixels or normalised coordinates refers to.'),
  line_frequency_hz: z
    .union([z.literal(50), z.literal(60)])
    .optional()
    .describe('Mains frequency, Hz.'),
  reference: z.string().max(LONGEST_NAME).optional().describe('Reference electrode, or `average`.'),
  device: z
    .string()
    .min(1)
    .max(LONGEST_NAME)
    .optional()
    .describe(
      'What sends: `Empatica E4`. A model’s evidence holds for the devices that it was evaluated with.',
    ),
  simulated: z
    .boolean()
    .optional()
    .describe('Whether a simulator makes the data: what is recorded and predicted from them says so, then.'),
};

export const streamDeclarationSchema = z.object({
  name,
  type: z
    .string()
    .min(1)
    .max(64)
    .describe(
      '`EEG`, `Gaze`, `ECG`, `PPG`, `EDA`, `TEMP`, `ACC`, `Markers` ..., or a device dialect of them.',
    ),
  sfreq: z.number().nonnegative().max(1e6).describe('Nominal rate, Hz; 0 = irregular.'),
  channels: z.array(channelSchema).min(1).max(MOST_CHANNELS),
  source_id: z.string().max(256).optional().describe('Serial number or other name of the device.'),
  ...metadata,
});
/** A stream as a client declares it. */
export type StreamDeclaration = z.input<typeof streamDeclarationSchema>;
/** The same with defaults filled in. */
export type DeclaredStream = z.output<typeof streamDeclarationSchema>;

export const openParamsSchema = z
  .object({
    session: name.default('default'),
    client: name
      .optional()
      .describe(
        'Name of the sender, the same after a reconnect; without it a dropped connection ends its streams.',
      ),
    resume: z
      .boolean()
      .default(true)
      .describe('Whether a stream that this client left open goes on; `false` ends it and starts anew.'),
    stream: streamDeclarationSchema,
    ...metadata,
  })
  .describe('What is said beside `stream` holds where `stream` itself does not say it.');
export type OpenParams = z.input<typeof openParamsSchema>;

export const openResultSchema = z.object({
  stream: streamId,
  session: name,
  last_seq: seq.nullable().describe('Last frame acknowledged; send from the next one. null: start at 0.'),
  next_seq: seq
    .optional()
    .describe(
      'First frame that the daemon has not taken. A program that started anew has none of those between: it gives them up by `skip`, where they are not kept, and numbers its own from here.',
    ),
  resumed: z.boolean(),
  limits: ingestLimitsSchema,
});
export type OpenResult = z.infer<typeof openResultSchema>;

export const closeParamsSchema = z.object({ stream: streamId });
export const closeResultSchema = z.object({ stream: streamId });

export const pushParamsSchema = z
  .object({
    stream: streamId,
    seq,
    t0: z
      .number()
      .optional()
      .describe('Stamp of the first sample, s; the others follow at the nominal rate.'),
    times: z.array(z.number()).optional().describe('[n] stamps, s.'),
    data: z
      .array(z.array(z.union([z.number(), z.null(), z.string().max(LONGEST_TEXT)])))
      .min(1)
      .describe('[n][C] values; null = missing; text in a stream of markers.'),
  })
  .refine((push) => (push.t0 === undefined) !== (push.times === undefined), {
    message: 'give either t0 or times',
  });
export type PushParams = z.infer<typeof pushParamsSchema>;

export const ackParamsSchema = z.object({
  stream: streamId,
  seq: seq.describe('The frame that is safe, and with it all before it.'),
});
export type AckParams = z.infer<typeof ackParamsSchema>;

export type NackCode = NotKeptCode;

export const nackParamsSchema = z.object({
  stream: streamId,
  seq: seq.describe('The frame that is not kept.'),
  code: z
    .enum(notKeptCodes)
    .describe(
      'Why: the disk is full, takes no writes, fails, or the daemon may open no more files. What it takes part in goes on.',
    ),
  held: z
    .boolean()
    .describe(
      '`true`: the daemon holds it, and keeps it once it can; send it again to learn of that. `false`: it does not; `skip` it.',
    ),
});
export type NackParams = z.infer<typeof nackParamsSchema>;

export const skipParamsSchema = z.object({
  stream: streamId,
  from: seq.describe('First frame that does not come any more.'),
  to: seq.describe('Last one.'),
});
export type SkipParams = z.infer<typeof skipParamsSchema>;
export const skipResultSchema = z.object({ stream: streamId, to: seq });

export const droppedParamsSchema = z.object({
  stream: outputStreamSchema,
  session: name,
  count: z
    .int()
    .positive()
    .describe('Messages dropped since the last one sent, because the client reads too slowly.'),
  total: z
    .int()
    .positive()
    .describe('Messages of this stream and session dropped on this connection so far.'),
});
export type DroppedParams = z.infer<typeof droppedParamsSchema>;

const request = <M extends string, P extends z.ZodType>(method: M, params: P) =>
  z.object({ jsonrpc: z.literal('2.0'), id: id.optional(), method: z.literal(method), params });
const response = <R extends z.ZodType>(result: R) => z.object({ jsonrpc: z.literal('2.0'), id, result });
const notification = <M extends string, P extends z.ZodType>(method: M, params: P) =>
  z.object({ jsonrpc: z.literal('2.0'), method: z.literal(method), params });

/** The frame of any request, before its method is known. */
export const requestFrameSchema = z.object({
  jsonrpc: z.literal('2.0'),
  id: id.nullish(),
  method: z.string().max(64),
  params: z.unknown().optional(),
});
export type RequestId = z.infer<typeof id>;

export const errorMessageSchema = z.object({
  jsonrpc: z.literal('2.0'),
  id: id.nullable().describe('null where the request carried none, as binary frames do.'),
  error: z.object({
    code: z.int(),
    message: z.string(),
    data: z.looseObject({
      code: errorCodeSchema,
      stream: streamId.optional(),
      seq: seq.optional(),
      expected: seq.optional().describe('`seq-gap`: the frame to send next.'),
    }),
  }),
});

export type RpcError = z.infer<typeof errorMessageSchema>['error'];

export const controlSchemas = {
  subscribe: request('subscribe', subscribeParamsSchema),
  subscribeResponse: response(subscribeResultSchema),
  unsubscribe: request('unsubscribe', unsubscribeParamsSchema),
  unsubscribeResponse: response(unsubscribeResultSchema),
  dropped: notification('dropped', droppedParamsSchema),
  alive: z.object({ jsonrpc: z.literal('2.0'), method: z.literal('alive') }),
  open: request('open', openParamsSchema),
  openResponse: response(openResultSchema),
  close: request('close', closeParamsSchema),
  closeResponse: response(closeResultSchema),
  push: request('push', pushParamsSchema),
  pushResponse: response(z.union([ackParamsSchema, nackParamsSchema])),
  ack: notification('ack', ackParamsSchema),
  nack: notification('nack', nackParamsSchema),
  skip: request('skip', skipParamsSchema),
  skipResponse: response(skipResultSchema),
  error: errorMessageSchema,
} as const;
