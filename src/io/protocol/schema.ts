import { z } from 'zod';
import { controlSchemas } from './control.js';
import { outputSchemas } from './output.js';
import { HEADER_BYTES } from './sample-frame.js';
import { INGEST_PATH, PROTOCOL_VERSION, STREAM_PATH } from './version.js';

type JsonSchema = Record<string, unknown>;

/** Messages in which direction, and what they are for; the order is that of the documents. */
const messages = {
  subscribe: { path: 'stream', from: 'client', summary: 'Subscribes to streams of one session or of all.' },
  subscribeResponse: {
    path: 'stream',
    from: 'daemon',
    summary: 'What was taken of a `subscribe`, and what not.',
  },
  unsubscribe: { path: 'stream', from: 'client', summary: 'Ends subscriptions.' },
  unsubscribeResponse: { path: 'stream', from: 'daemon', summary: 'What was ended.' },
  affect: { path: 'stream', from: 'daemon', summary: 'A prediction.' },
  quality: { path: 'stream', from: 'daemon', summary: "State of a session's inputs at a closing time." },
  features: { path: 'stream', from: 'daemon', summary: 'Features of one window of one extract node.' },
  indices: {
    path: 'stream',
    from: 'daemon',
    summary: "Indices against this person's own rest, at every closing time.",
  },
  sys: { path: 'stream', from: 'daemon', summary: 'An event.' },
  markers: { path: 'stream', from: 'daemon', summary: 'A marker that a stream of the session told.' },
  session: {
    path: 'stream',
    from: 'daemon',
    summary: "A session's first sample came: where its time begins.",
  },
  truth: {
    path: 'stream',
    from: 'daemon',
    summary: 'Valence and arousal as a stream of type `Annotation` tells them.',
  },
  signals: {
    path: 'stream',
    from: 'daemon',
    summary: 'What devices push over `/v1/ingest`: a stream opens, delivers, closes.',
  },
  dropped: {
    path: 'stream',
    from: 'daemon',
    summary: 'Messages were dropped because the client reads too slowly.',
  },
  alive: {
    path: 'both',
    from: 'daemon',
    summary: 'The daemon is there. It says so every 30 s.',
  },
  open: {
    path: 'ingest',
    from: 'client',
    summary: 'Declares a stream, or takes up one that the same client left.',
  },
  openResponse: { path: 'ingest', from: 'daemon', summary: 'The id of the stream, and where to go on.' },
  push: { path: 'ingest', from: 'client', summary: 'Samples as JSON.' },
  pushResponse: {
    path: 'ingest',
    from: 'daemon',
    summary: 'Beside `ack` or `nack`, when the `push` carried an id.',
  },
  ack: { path: 'ingest', from: 'daemon', summary: 'A frame, JSON or binary, is safe.' },
  nack: { path: 'ingest', from: 'daemon', summary: 'A frame, JSON or binary, is not kept.' },
  skip: { path: 'ingest', from: 'client', summary: 'Frames that do not come any more: a gap that is told.' },
  skipResponse: { path: 'ingest', from: 'daemon', summary: 'They are awaited no more.' },
  close: { path: 'ingest', from: 'client', summary: 'Ends a stream.' },
  closeResponse: { path: 'ingest', from: 'daemon', summary: 'It has ended.' },
  error: {
    path: 'both',
    from: 'daemon',
    summary: 'A request or frame was refused; `error.data.code` says why.',
  },
} as const satisfies Record<
  keyof typeof controlSchemas | keyof typeof outputSchemas,
  { path: 'stream' | 'ingest' | 'both'; from: 'client' | 'daemon'; summary: string }
>;
export type MessageName = keyof typeof messages;
export const protocolMessages: Readonly<
  Record<MessageName, { readonly path: string; readonly from: string; readonly summary: string }>
> = messages;

/** JSON Schema of every message: what clients send as they may send it, what the daemon sends as it does. */
export function messageSchemas(): Record<MessageName, JsonSchema> {
  const schemas: Record<string, z.ZodType> = { ...controlSchemas, ...outputSchemas };
  const entries = Object.entries(messages).map(([name, { from, summary }]) => {
    const { $schema: _dialect, ...schema } = z.toJSONSchema(schemas[name], {
      io: from === 'client' ? 'input' : 'output',
    }) as JsonSchema;
    return [name, { title: name, description: summary, ...schema }];
  });
  return Object.fromEntries(entries) as Record<MessageName, JsonSchema>;
}

/** One JSON Schema document (2020-12) with a definition a message. */
export function protocolJsonSchema(): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `affectd WebSocket protocol v${PROTOCOL_VERSION}`,
    description: 'Every text message of the protocol. Each definition can be referred to as #/$defs/<name>.',
    $defs: messageSchemas(),
    anyOf: Object.keys(messages).map((name) => ({ $ref: `#/$defs/${name}` })),
  };
}

/** The protocol as an AsyncAPI 3.0.0 document, as `/v1/schema` serves it. */
export function asyncApiDocument(): JsonSchema {
  const schemas = messageSchemas();
  const definitions = Object.fromEntries(
    Object.entries(messages).map(([name, { summary }]) => [
      name,
      { name, summary, contentType: 'application/json', payload: schemas[name as MessageName] },
    ]),
  );
  const samples = {
    name: 'samples',
    summary: 'Samples as a binary frame.',
    contentType: 'application/octet-stream',
    description: `Little-endian: u8 version = ${PROTOCOL_VERSION}, u8 kind = 1, u16 stream, u32 seq, u32 n, f64 t0 (${HEADER_BYTES} bytes); n f64 stamps if t0 is NaN; n*C f32, sample by sample.`,
    payload: { type: 'string', format: 'binary' },
  };
  const channel = (path: 'stream' | 'ingest', address: string, description: string) => ({
    address,
    description,
    messages: Object.fromEntries([
      ...namesOf(path).map((name) => [name, { $ref: `#/components/messages/${name}` }]),
      ...(path === 'ingest' ? [['samples', { $ref: '#/components/messages/samples' }]] : []),
    ]),
  });
  const operation = (path: 'stream' | 'ingest', from: 'client' | 'daemon') => ({
    action: from === 'client' ? 'receive' : 'send',
    channel: { $ref: `#/channels/${path}` },
    messages: [
      ...namesOf(path).filter((name) => messages[name].from === from),
      ...(path === 'ingest' && from === 'client' ? ['samples'] : []),
    ].map((name) => ({ $ref: `#/channels/${path}/messages/${name}` })),
  });
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'affectd',
      version: `${PROTOCOL_VERSION}.0.0`,
      description: 'Streams of biosignals in, continuous valence and arousal out. Control is JSON-RPC 2.0.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    servers: { local: { host: '127.0.0.1:8765', protocol: 'ws' } },
    channels: {
      stream: channel(
        'stream',
        STREAM_PATH,
        'Predictions, quality, features, indices, events, and the signals as they came in.',
      ),
      ingest: channel('ingest', INGEST_PATH, 'Streams of devices.'),
    },
    operations: {
      subscribeToStreams: operation('stream', 'client'),
      publishStreams: operation('stream', 'daemon'),
      takeSamples: operation('ingest', 'client'),
      acknowledgeSamples: operation('ingest', 'daemon'),
    },
    components: { messages: { ...definitions, samples } },
  };
}

function namesOf(path: 'stream' | 'ingest'): MessageName[] {
  return (Object.keys(messages) as MessageName[]).filter((name) =>
    [path, 'both'].includes(messages[name].path),
  );
}
