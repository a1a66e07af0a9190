import { z } from 'zod';
import { indexReasons } from '../../core/features.js';
import { abstentionReasons, evidences, invalidReasons, outOfScopeReasons } from '../../core/prediction.js';
import { streamTypes } from '../../core/signal.js';

const time = z.number().describe('Session time, s: zero is the first sample delivered.');
const window = z
  .tuple([z.number(), z.number()])
  .readonly()
  .describe('Session time of the window, [start, end), s.');
const affect = z.number().min(-1).max(1).nullable();
const mark = z.literal(true).optional();
const pair = z.tuple([z.number(), z.number()]).readonly();

const session = z.string();
/** Of what a node of the pipeline makes: one message a node. */
const fromNode = {
  session,
  node: z.string().describe('The node of the pipeline file that made it.'),
  seq: z.int().nonnegative().describe('Rises by one with each message of this session and node, from 0.'),
};

/** Added where a message leaves the process; the lines of `replay` don't have them. */
const atSocket = {
  run: z
    .string()
    .describe(
      'Names what `seq` counts in: another one after the daemon was started anew, and for a session that began anew under its old name.',
    ),
  time_unix: z
    .number()
    .describe(
      'Wall-clock time that `time` stands for, s since 1970; for events without a time, when it was sent.',
    ),
  age_ms: z.number().nonnegative().describe('Age of the data when the message was made, ms.'),
};

/** Also counted there, and never told again: what no node made. */
const countedAtSocket = {
  seq: z
    .int()
    .nonnegative()
    .describe('Rises by one with each message of this stream and session that the daemon publishes, from 0.'),
  ...atSocket,
};

const probability = z.number().min(0).max(1);
const anchorRanking = z.object({
  is: z.enum(['higher', 'similar', 'lower']).describe('The likeliest.'),
  probabilities: z.object({ higher: probability, similar: probability, lower: probability }),
});

const affectLine = z.object({
  stream: z.literal('affect'),
  ...fromNode,
  time,
  window,
  valence: affect.describe('Unpleasant to pleasant; null when nothing could be computed.'),
  arousal: affect.describe('Calm to excited.'),
  dominance: z.number().min(-1).max(1).optional(),
  liking: z.number().min(-1).max(1).optional(),
  high: z
    .record(z.string(), z.number().min(0).max(1))
    .optional()
    .describe(
      'By dimension, of models that tell High from Low: probability that it is above the middle of its scale. `valence` and the like are then twice that, less 1: how sure, not how much.',
    ),
  classes: z
    .record(z.string(), z.number().min(0).max(1))
    .optional()
    .describe('Probability of each class, of models that tell classes apart.'),
  ranking: z
    .record(z.string(), z.record(z.string(), anchorRanking))
    .optional()
    .describe(
      'By dimension, then by anchor: whether this moment is higher or lower than that one. A marker `anchor:NAME` sets an anchor; the first valid window is the anchor `start`.',
    ),
  routing: z.array(z.number()).readonly().optional().describe("Weights of the model's emotion experts."),
  interval: z
    .object({ level: z.number().gt(0).lt(1), valence: pair.nullable(), arousal: pair.nullable() })
    .nullable()
    .describe(
      'Interval that holds the truth with probability `level`; null until calibrated, and of a dimension without a value.',
    ),
  abstained: z
    .record(z.string(), z.enum(abstentionReasons))
    .optional()
    .describe(
      'By dimension without a value, why: `no-skill`, the sensors that are there were not shown to tell it.',
    ),
  contribution: z
    .record(z.string(), z.record(z.string(), z.number()))
    .optional()
    .describe(
      'By present modality, then by what the model tells, a dimension or `classes.NAME`: the value less what it would be with the modality masked. With `explain` only.',
    ),
  modalities: z.record(
    z.string(),
    z.object({
      present: z.boolean(),
      coverage: z.number().min(0).max(1),
      weight: z
        .number()
        .min(0)
        .max(1)
        .nullable()
        .describe(
          "What the model's fusion gave the modality: not what it contributed. null where the model fuses nothing.",
        ),
      reason: z.string().optional().describe('Why it is masked.'),
    }),
  ),
  valid: z.boolean().describe('Whether the input sufficed for this model.'),
  reason: z.enum(invalidReasons).nullable().describe('Why it did not.'),
  simulated: mark.describe('Any stream that feeds the model was made by a simulator. Show it.'),
  evidence: z
    .enum(evidences)
    .describe(
      'The lesser of what the model and its streams are worth: `simulated` was never shown to work on people, `validated` was, `none` is unknown. Show it.',
    ),
  evidence_reason: z
    .enum(outOfScopeReasons)
    .optional()
    .describe(
      'Where the model is validated and `evidence` is `none` all the same: what of the streams was never evaluated.',
    ),
  model: z.string().describe('`name@sha256:...`'),
  pipeline: z.string().describe('Digest of the normalised pipeline file without sources and sinks.'),
});

const truthLine = z.object({
  stream: z.literal('truth'),
  session,
  time,
  valence: affect.describe('What a stream of type `Annotation` told; null = missing.'),
  arousal: affect,
});

const featuresLine = z.object({
  stream: z.literal('features'),
  ...fromNode,
  time,
  window,
  input: z.string().describe('The source that feeds the node.'),
  features: z
    .array(
      z.object({
        channel: z.string(),
        feature: z.string(),
        unit: z.string(),
        unreliable: z
          .literal(true)
          .optional()
          .describe("Measured too coarsely at the stream's rate to be relied on: saccades below 60 Hz."),
      }),
    )
    .readonly()
    .describe('What each value is.'),
  values: z.array(z.number().nullable()).readonly().describe('null = masked.'),
  simulated: mark.describe('Any stream that they were computed from was made by a simulator.'),
});

const share = z.number().min(0).max(1).nullable();

const qualityLine = z.object({
  stream: z.literal('quality'),
  session,
  time,
  inputs: z.record(
    z.string(),
    z.object({
      name: z.string(),
      type: z.string(),
      sfreq: z.number().describe('Nominal rate, Hz; 0 = irregular.'),
      present: z.boolean(),
      reason: z.string().nullable(),
      simulated: mark.describe('The stream was made by a simulator. Show it.'),
      channels: z
        .array(
          z.object({
            label: z.string(),
            coverage: z.number().min(0).max(1),
            state: z.string().describe('`ok`, or why it is masked.'),
            quality: z
              .object({
                flat: share.describe('Share of the last 2 s without any change.'),
                railed: share.describe('Share of the last 2 s at the largest or smallest value.'),
                line_50: share.describe('Share of the power above 1 Hz within 1 Hz of 50 Hz.'),
                line_60: share.describe('Share of the power above 1 Hz within 1 Hz of 60 Hz.'),
                high_frequency: share.describe('Share of the power above 1 Hz above 30 Hz, mains left out.'),
                amplitude: z
                  .number()
                  .nullable()
                  .describe("Root mean square above 1 Hz, in the channel's unit."),
              })
              .optional()
              .describe('Of EEG, ECG, EMG and EOG of a regular rate; null where it cannot be told.'),
            contact: z
              .number()
              .min(0)
              .max(1)
              .optional()
              .describe(
                "The electrode's contact, 0 none to 1 good, where the headset tells it (Emotiv's Contact-Quality and EEG-Quality, Muse's horseshoe or isgood): the least that it told last.",
              ),
            interpolated: z
              .number()
              .min(0)
              .max(1)
              .optional()
              .describe(
                'Share of the samples since the previous message that `interpolate` filled in from other channels.',
              ),
          }),
        )
        .readonly(),
    }),
  ),
});

const indicesLine = z.object({
  stream: z.literal('indices'),
  ...fromNode,
  time,
  window,
  indices: z
    .array(
      z.object({
        channel: z.string(),
        feature: z.string(),
        value: z
          .number()
          .nullable()
          .describe(
            "Deviation from this person's rest, in standard deviations of the rest; null where `reason` says why.",
          ),
        reason: z
          .enum(indexReasons)
          .nullable()
          .describe(
            '`resting`: the rest is not over; `rest-unknown`: too little was measured in it, or nothing varied; else as for features.',
          ),
      }),
    )
    .readonly(),
  simulated: mark.describe('Any stream that they were computed from was made by a simulator.'),
});

const markersLine = z.object({
  stream: z.literal('markers'),
  session,
  time,
  source: z.string().describe('Name of the stream that told it.'),
  text: z.string(),
});

const sessionLine = z.object({
  stream: z.literal('session'),
  session,
  zero: z.number().describe("The session's own stamp, or the recording's, that is 0 in session time, s."),
  zero_unix: z
    .number()
    .nullable()
    .describe('Wall-clock time that session time 0 stands for, s since 1970; null where nobody knows.'),
  recording: z.array(z.string()).readonly().describe('The files that are replayed; live: none.'),
});

const sysLine = z.object({
  stream: z.literal('sys'),
  session,
  time: time.nullable(),
  event: z.object({
    code: z.string().describe('One of docs/reference/codes.md.'),
    level: z.enum(['debug', 'info', 'warn', 'error']),
    message: z.string(),
    session: z.string().optional(),
    stream: z.string().optional(),
    time: z.number().optional(),
    count: z
      .int()
      .positive()
      .optional()
      .describe(
        'How many events of this kind (code, session, stream) the last second had, of which this is the last; left out: this one.',
      ),
    details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
  }),
});

const extremes = z.array(z.array(z.number().nullable()).readonly().nullable()).readonly();

const signalsLine = z.object({
  stream: z.literal('signals'),
  session,
  time: time.nullable().describe('Session time of the first sample, s; null where there is none.'),
  zero: z
    .number()
    .nullable()
    .describe(
      "Stamp that is 0 in session time: a prediction at `time` belongs to stamp `zero + time`. null before the session's first sample.",
    ),
  kind: z
    .enum(['open', 'samples', 'bins', 'close'])
    .describe(
      'A subscriber gets `open` for each stream that is open already. `bins`: with `max_points_per_s` only, of streams that are faster.',
    ),
  id: z.string().describe('The stream, unique in its session.'),
  info: z
    .object({
      name: z.string(),
      type: z.enum(streamTypes),
      source_id: z.string(),
      sfreq: z.number().nonnegative().describe('Nominal rate, Hz; 0 = irregular.'),
      channels: z.array(z.object({ label: z.string(), unit: z.string(), type: z.string() })).readonly(),
      aligned: z.enum(['clock', 'assumed']).optional(),
      dialect: z.string().optional().describe('The device, where it is known.'),
      simulated: mark.describe('A simulator made it: keep that beside what you record.'),
    })
    .optional()
    .describe('`open`: the stream in canonical type, labels and units.'),
  times: z
    .array(z.number())
    .readonly()
    .optional()
    .describe("`samples`: [n] stamps on the session's clock, as its senders agreed on it, s."),
  data: z
    .array(z.array(z.union([z.number(), z.null(), z.string()])).readonly())
    .readonly()
    .optional()
    .describe('`samples`: [n][C] values, every bit of them; null = missing; text in a stream of markers.'),
  gap_before: z.boolean().optional().describe('`samples`: samples are missing before these.'),
  bins: z
    .object({
      per_s: z
        .int()
        .positive()
        .describe('Bins a second: bin `k` holds the samples of session time [k / per_s, (k + 1) / per_s).'),
      first: z
        .int()
        .describe('Number of the first of these bins; what lies between those of two messages is empty.'),
      least: extremes.describe(
        '[n][C] least sample of each channel, missing ones not counted; null: the bin, or the channel in it, has none.',
      ),
      greatest: extremes.describe('[n][C] greatest, likewise.'),
      gaps: z.array(z.int().nonnegative()).readonly().describe('Which have samples missing before theirs.'),
    })
    .optional()
    .describe('`bins`: told once they are over, 20 times a second at most, and when the stream closes.'),
  past: z
    .literal(true)
    .optional()
    .describe(
      '`bins`: what came before the subscription, the last minute at 20 bins a second or less, in single precision. Its last bin is as far as it had come; the rest of it is in the first that follows.',
    ),
});

/** What a pipeline publishes, as `replay` writes it, by the name of its stream. */
export const lineSchemas = {
  affect: affectLine,
  quality: qualityLine,
  features: featuresLine,
  indices: indicesLine,
  sys: sysLine,
  markers: markersLine,
  session: sessionLine,
  truth: truthLine,
  signals: signalsLine,
} as const;

/** The same as messages of `/v1/stream`. */
export const outputSchemas = {
  affect: affectLine.extend(atSocket),
  quality: qualityLine.extend(countedAtSocket),
  features: featuresLine.extend(atSocket),
  indices: indicesLine.extend(atSocket),
  sys: sysLine.extend(countedAtSocket),
  markers: markersLine.extend(countedAtSocket),
  session: sessionLine.extend(countedAtSocket),
  truth: truthLine.extend(countedAtSocket),
  signals: signalsLine.extend(countedAtSocket),
} as const;

export type OutputStream = keyof typeof outputSchemas;
export type SocketFields = Readonly<z.infer<z.ZodObject<typeof atSocket>>>;

type Inferred<Schemas extends Readonly<Record<string, z.ZodType>>> = {
  readonly [Stream in keyof Schemas]: Readonly<z.infer<Schemas[Stream]>>;
};
/** Lines by the name of their stream. */
export type OutputLines = Inferred<typeof lineSchemas>;
/** Messages of `/v1/stream` by the name of their stream. */
export type WireMessages = Inferred<typeof outputSchemas>;
export type WireMessage = WireMessages[OutputStream];
/** What a node of the pipeline made. */
export type NodeMessage = Extract<WireMessage, { readonly node: string }>;

/** One line of `replay`. */
export type Prediction = OutputLines['affect'];
export type ModalityState = Readonly<Prediction['modalities'][string]>;
export type Interval = Readonly<NonNullable<Prediction['interval']>>;
/** How a moment compares with an anchor moment of the same person. */
export type AnchorRanking = Readonly<z.infer<typeof anchorRanking>>;
export type FeaturesLine = OutputLines['features'];
export type QualityLine = OutputLines['quality'];
export type IndicesLine = OutputLines['indices'];
export type SysLine = OutputLines['sys'];
export type MarkersLine = OutputLines['markers'];
export type TruthLine = OutputLines['truth'];
export type SignalsLine = OutputLines['signals'];

export type AffectMessage = WireMessages['affect'];
export type FeaturesMessage = WireMessages['features'];
export type QualityMessage = WireMessages['quality'];
export type IndicesMessage = WireMessages['indices'];
export type SysMessage = WireMessages['sys'];
export type MarkersMessage = WireMessages['markers'];
export type TruthMessage = WireMessages['truth'];
export type SignalsMessage = WireMessages['signals'];
