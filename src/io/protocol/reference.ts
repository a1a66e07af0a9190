import { z } from 'zod';
import { type CallDefinition, callDefinitions } from './calls.js';
import { closeCodes } from './close-code.js';
import { errorCodes } from './error-code.js';
import { defaultIngestLimits, defaultStreamLimits } from './limits.js';
import {
  asyncApiDocument,
  type MessageName,
  messageSchemas,
  protocolJsonSchema,
  protocolMessages,
} from './schema.js';
import { INGEST_PATH, SCHEMA_PATH, STREAM_PATH, SUBPROTOCOL, TOKEN_SUBPROTOCOL_PREFIX } from './version.js';

interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
}

/** Files that are made from the protocol's schemas, by path from the project's root. */
export function protocolFiles(): [path: string, content: string][] {
  return [
    ['schema/protocol.schema.json', `${JSON.stringify(protocolJsonSchema(), null, 2)}\n`],
    ['schema/asyncapi.json', `${JSON.stringify(asyncApiDocument(), null, 2)}\n`],
    ['docs/reference/protocol.md', protocolReference()],
  ];
}

/** docs/reference/protocol.md. */
function protocolReference(): string {
  const schemas = messageSchemas() as Record<MessageName, Schema>;
  const names = Object.keys(protocolMessages) as MessageName[];
  const section = (path: string) =>
    names
      .filter((name) => protocolMessages[name].path === path)
      .map((name) => describeMessage(name, schemas[name]));
  return `${[
    introduction,
    `## ${STREAM_PATH}\n\n${streamRules}`,
    ...section('stream'),
    `## Calls\n\n${callRules}`,
    ...Object.entries(callDefinitions).map(([name, definition]) => describeCall(name, definition)),
    `## ${INGEST_PATH}\n\n${ingestRules}`,
    ...section('ingest'),
    '## Errors',
    ...section('both'),
    `An ingest frame that was refused is not taken; the stream, other streams and other sessions go on. The next frame may carry the refused frame's \`seq\` (it was mended) or the one behind it (it is left out).`,
    table(
      ['`error.data.code`', '`error.code`', 'meaning'],
      Object.entries(errorCodes).map(([code, [number, text]]) => [`\`${code}\``, String(number), text]),
    ),
    '## Close codes',
    table(['code', 'meaning'], Object.entries(closeCodes)),
    '## Limits',
    'Defaults. Those of ingest are answered by `open`.',
    table(
      ['limit', 'value'],
      [
        ...Object.entries(defaultIngestLimits).map(([name, value]) => [`ingest \`${name}\``, String(value)]),
        ...Object.entries(defaultStreamLimits).map(([name, value]) => [`stream \`${name}\``, String(value)]),
      ],
    ),
  ].join('\n\n')}\n`;
}

const introduction = `# The WebSocket protocol, version 1

<!-- Made by \`npm run generate\` from src/io/protocol; edit there. -->

Two paths: \`${STREAM_PATH}\` publishes predictions, \`${INGEST_PATH}\` takes streams of devices. Control messages are
[JSON-RPC 2.0](https://www.jsonrpc.org/specification) text; batches are not taken. A running daemon serves this protocol as
AsyncAPI 3 at \`${SCHEMA_PATH}\` and as JSON Schema at \`${SCHEMA_PATH}/protocol.schema.json\`; both are made from the schemas that
validate messages. Keys that are not listed are ignored.

**Access.** The daemon listens on 127.0.0.1 unless told otherwise. With a token, send it as \`Authorization: Bearer TOKEN\`, as
\`?token=TOKEN\`, or, from a browser, as a subprotocol beside \`${SUBPROTOCOL}\`: \`${TOKEN_SUBPROTOCOL_PREFIX}\` and the token in base64url
without padding. Without it the connection is closed with 1008. Pages of another origin need the token, or their origin
allowed; requests under a host name that is not the daemon's are answered 403.

**Silence.** The daemon pings every connection and says \`alive\` every 30 s: a connection of which nothing was heard for longer is dead (a cable was pulled, a machine sleeps);
the client connects again after 45 to 90 s. A peer that answers no two pings, or reads nothing for 30 s while more waits for it, is cut off.

**Scale.** Valence and arousal lie in -1..1. 0..1 (EmotionML) is \`(x + 1) / 2\`, 1..9 (SAM) is \`4 x + 5\`; the client has both.`;

const streamRules = `Subscribe, then read: every message with a \`stream\` key is one of a subscription, every other one is JSON-RPC. With policy
\`latest\` a late subscriber gets each session's current message of each node at once. One slow reader never delays another: what it
doesn't read is dropped by its policy, and \`dropped\` tells how much before the next message. \`seq\` shows the same.

**Who made it.** \`affect\`, \`features\` and \`indices\` come from a \`node\` of the pipeline file, one message a node; every model, extract
and rest-index node is published, and whatever other node of features a sink names. \`seq\` counts what the node made in this session: what others
subscribe to, or are too slow to read, makes no hole in it. The other streams are counted where they leave the daemon, and are told once.
\`nodes\` leaves out what other nodes made. A subscription to one session goes before one to \`*\`.

**Going on after a cut.** The daemon keeps what the nodes of each session made in the last 60 s. \`subscribe\` to one session with \`after\`, the \`run\` and
each node's \`seq\` that were heard last, and what came after them is sent first, in its order, whatever the policy; of a node that \`after\` does not name, all that is kept.
Where \`run\` is not the session's any more, nothing that is kept was heard, and all of it is sent: of a session that
goes on after its daemon was killed, where \`seq\` goes on in another \`run\`, only what was not heard, and what may be another line now: its samples were not on the disk yet. A hole in \`seq\` behind that is what is no longer kept.
The client does this by itself for subscriptions that name a session.

\`signals\` hands out what devices push over \`/v1/ingest\`, in canonical channels and units, on the session's clock, every bit of
it: for recorders, which subscribe with policy \`buffer\`. Whoever comes late first gets \`open\` for every stream that is open.`;

const ingestRules = `\`open\` a stream, then send frames, as binary or as \`push\`. Each frame is answered by \`ack\` once it is safe (in the recording,
if one runs, and on the disk as \`--sync\` says).

**Binary frame**, little-endian:

| offset | type | field |
|---|---|---|
| 0 | u8 | version = 1 |
| 1 | u8 | kind = 1 (samples) |
| 2 | u16 | stream id |
| 4 | u32 | seq |
| 8 | u32 | n, number of samples |
| 12 | f64 | t0, stamp of the first sample, s; NaN: n f64 stamps follow |
| 20 | f64[n] | stamps, only where t0 is NaN |
| then | f32[n * C] | values, sample by sample; NaN = missing |

**Sequence.** \`seq\` starts at 0 for each stream and rises by one, modulo 2^32. A frame that came before is acknowledged again and
dropped. After a gap the frame is refused with \`seq-gap\`, which names the frame \`expected\`.

**Not kept.** Where the recording's disk takes nothing, frames are answered by \`nack\` instead; what is predicted from them goes on. The
daemon holds what it can, and writes it when the disk is there again: send the first such frame again from time to time, until \`ack\`
tells up to where all is kept. What it could not hold (\`held: false\`) is a gap in the recording, and no \`ack\` passes it until the client
gives it up by \`skip\`. \`skip\` also tells of frames that were never sent: the samples behind them come after a gap.

**Resuming.** A client that gives \`open\` a \`client\` name may lose its connection: its streams stay open for \`grace_s\`, and \`open\` with
the same \`client\`, session, stream name and layout answers \`last_seq\`; send again from the next. \`resume: false\` starts anew; a program whose stamps begin anew with it has a name of its own each time, and its clock is \`device\`. Another
client that opens a stream of the same name replaces one that waits. A session ends with its last stream. What is sent again may come
stream by stream: the session puts it in order of time, and waits for it until all of the client's streams are of the present, or none
comes nearer to it for 1 s; 30 s at most. A daemon that records and was killed knows the streams of clients that have a name for 30 s after
it is started again: \`last_seq\` is the last frame that reads back whole then, and a client that no longer holds the next gives it up by \`skip\`.

**Time.** The first stream of a session that delivers defines its clock; streams of the same clock kind share it. The first
sample of a stream with another clock is taken to be as new as the session's newest data, the stream is marked
\`aligned: "assumed"\`, and the event \`stream-assumed-aligned\` says so. Clients that name no clock share one where their stamps lie
within 5 s of each other. Stamps may not go back. Where stamps of a regular stream lie more than 1.5 sample periods apart,
samples are missing: filters start anew there. So stamp by counting samples, \`start + sent / sfreq\`, not by the time of sending.
An irregular stream (\`sfreq: 0\`) needs a stamp for each sample, and its silences are no gaps.

**Too fast** a sender is read more slowly; nothing is lost.`;

const callRules = `What is asked once: over HTTP, and by the same name as a method of \`${STREAM_PATH}\`, with the same parameters and the same answer. \`GET\`
takes them from path and query (lists with commas), \`POST\` from a body of \`application/json\`. An error is \`{"code", "message"}\` with one of the codes below.

\`POST\` changes something. Where the daemon has a token, every call needs it (\`Authorization: Bearer\`). Where it has none, programs of this machine and the daemon's
own page may act, and pages of another origin only if they are allowed: \`acting-forbidden\`.

\`GET /v1/recordings/FILE\` sends a file that \`recordings\` names, as it is on the disk; one that is being written, as far as it goes. It is for those who may act; four are sent at once, and who takes nothing for 30 s is cut off.`;

function describeCall(name: string, { method, path, summary, params, result }: CallDefinition): string {
  const asked = rows(z.toJSONSchema(params, { io: 'input', unrepresentable: 'any' }) as Schema, '');
  const answered = rows(z.toJSONSchema(result) as Schema, '').map(([field, ...more]) => [
    `answer ${field}`,
    ...more,
  ]);
  return [
    `### \`${name}\``,
    `\`${method} ${path}\`. ${summary}`,
    table(['field', 'type', 'meaning'], [...asked, ...answered]),
  ].join('\n\n');
}

function describeMessage(name: MessageName, schema: Schema): string {
  const { from, summary } = protocolMessages[name];
  const parts = [`### \`${name}\``, `From the ${from}. ${summary}`];
  const fields = rows(schema, '', true);
  if (fields.length > 0) parts.push(table(['field', 'type', 'meaning'], fields));
  return parts.join('\n\n');
}

function rows(schema: Schema, prefix: string, top = false): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    if (top && key === 'jsonrpc') return [];
    const path = `${prefix}${key}`;
    const optional = schema.required?.includes(key) ? '' : '?';
    const nested = nestedOf(property);
    const container = nested && (key === 'params' || key === 'result') && top;
    const own = container ? [] : [[`\`${path}${optional}\``, typeName(property), meaning(property)]];
    return [...own, ...(nested ? rows(nested.schema, container ? '' : `${path}${nested.suffix}.`) : [])];
  });
}

function nestedOf(schema: Schema): { schema: Schema; suffix: string } | null {
  if (schema.properties) return { schema, suffix: '' };
  if (schema.items) {
    const inner = nestedOf(schema.items);
    return inner && { schema: inner.schema, suffix: `[]${inner.suffix}` };
  }
  if (typeof schema.additionalProperties === 'object') {
    const inner = nestedOf(schema.additionalProperties);
    return inner && { schema: inner.schema, suffix: `.<name>${inner.suffix}` };
  }
  for (const option of schema.anyOf ?? []) {
    const inner = nestedOf(option);
    if (inner) return inner;
  }
  return null;
}

function typeName(schema: Schema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum)
    return schema.enum.length > 12 ? 'string' : schema.enum.map((value) => `\`${value}\``).join(', ');
  if (schema.anyOf) return schema.anyOf.map(typeName).join(' or ');
  if (schema.prefixItems) return `[${schema.prefixItems.map(typeName).join(', ')}]`;
  if (schema.items) return `array of ${typeName(schema.items)}`;
  if (schema.additionalProperties && schema.additionalProperties !== true && !schema.properties)
    return 'object by name';
  return [schema.type ?? 'any'].flat().join(' or ');
}

function meaning({ description = '', default: fallback }: Schema): string {
  const told = fallback === undefined ? [] : [`Default: \`${JSON.stringify(fallback)}\`.`];
  return [...(description ? [description] : []), ...told].join(' ');
}

function table(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...body.map(line)].join('\n');
}
