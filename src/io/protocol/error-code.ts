/**
 * Every error code of the wire, with its JSON-RPC number and what to do about it. The strings, in `error.data.code`,
 * are stable; the numbers are JSON-RPC 2.0's own where it defines one, else from its server range.
 */
export const errorCodes = {
  'parse-error': [-32700, 'The text is not JSON.'],
  'invalid-request': [
    -32600,
    'Not a JSON-RPC 2.0 request: `jsonrpc: "2.0"` and a `method` are needed; batches are not taken.',
  ],
  'unknown-method': [-32601, 'No such method at this path.'],
  'invalid-params': [-32602, 'The parameters do not fit the schema; the message names the place.'],
  'internal-error': [-32603, 'A fault of the daemon; its log says more.'],
  'unknown-stream': [-32001, 'No stream of this id is open on this connection: `open` it first.'],
  'binary-unexpected': [-32002, 'This path takes no binary frames.'],
  'binary-malformed': [-32003, "The frame's length does not fit its header and the stream's channels."],
  'binary-version': [-32004, 'The first byte of a frame is the protocol version, 1.'],
  'binary-kind': [-32005, 'The second byte of a frame is its kind; 1 (samples) is the only one.'],
  'channel-count': [-32006, 'A sample has another number of values than the stream has channels.'],
  'sample-count': [-32007, 'There are not as many times as samples.'],
  'value-type': [-32008, 'Text in a stream of numbers, or numbers in a stream of markers.'],
  'times-not-finite': [-32009, 'A stamp is NaN or infinite.'],
  'seq-gap': [-32012, 'Frames are missing before this one; it was not taken. Send again from `expected`.'],
  'too-many-samples': [-32013, 'A frame holds more than `max_samples`, or `max_markers`. Split it.'],
  'too-many-channels': [-32014, 'A stream has more than `max_channels` channels.'],
  'too-many-streams': [
    -32015,
    'This connection has `max_streams` streams open, its session `max_session_streams`, or the daemon `max_daemon_streams`; the message says which. Close one.',
  ],
  'too-many-subscriptions': [-32016, 'This connection has as many subscriptions as it may.'],
  'too-many-errors': [-32017, 'Too many malformed messages in a row; the connection is closed with 1008.'],
  'too-many-connections': [
    -32018,
    'The daemon serves as many connections as it may; the connection is closed with 1008.',
  ],
  'unknown-stream-name': [
    -32019,
    'There is no such stream to subscribe to; the message names those that there are.',
  ],
  'not-subscribed': [-32020, 'There is no such subscription to end.'],
  'not-ready': [-32021, 'No pipeline takes data at the moment; nothing was taken. Send again later.'],
  'too-many-values': [
    -32023,
    'A `push` holds more than `max_json_values` values and stamps. Split it, or send binary frames.',
  ],
  'too-many-gaps': [
    -32024,
    'Of the steps between the stamps of a frame, more than `max_gaps` are longer than one and a half of their median. Send fewer samples in a frame.',
  ],
  'stream-taken': [
    -32026,
    'Another client of this session has the stream, and answers. Give yours another name, source id or session.',
  ],
  'too-many-sessions': [-32025, 'The daemon has `max_sessions` sessions. Close a stream of one.'],
  'unknown-session': [-32027, 'No session of this name is open, or is remembered.'],
  'session-not-begun': [-32029, 'The session has no sample yet, and so no time.'],
  'acting-forbidden': [
    -32030,
    'Acting needs the token where it comes from another machine, or from a page of another origin.',
  ],
  'no-record-folder': [
    -32041,
    'The daemon records nothing, as it has no folder for it: start it with `--record FOLDER`, and with `--record-on-request` where sessions are not to be recorded from their beginning.',
  ],
  'already-recorded': [-32042, 'The session is recorded already: `stop` that first.'],
  'unknown-recording': [
    -32044,
    'No recording of this name is in the folder; `recordings` tells which there are.',
  ],
  'too-many-downloads': [-32045, 'The daemon sends as many recordings as it may. Ask again.'],
  'not-recorded': [-32043, 'The session is not recorded: there is nothing to `stop`.'],
  'not-json': [-32031, 'Over HTTP: the body is not `application/json`.'],
  'body-too-long': [-32032, 'Over HTTP: a body may have 65,536 bytes.'],
  'too-long-ago': [-32033, 'A marker may be set for the last minute, and not for what is to come.'],
  'baseline-running': [-32034, 'A rest is being taken already: stop it first.'],
  'baseline-not-running': [-32035, 'No rest is being taken: start one first.'],
  'no-baseline': [
    -32036,
    'Nothing in the pipeline takes a rest; the message names the shipped pipelines that do.',
  ],
  'unknown-lsl-stream': [-32037, 'No outlet of this uid answers on the network.'],
  'lsl-connected': [-32038, 'The LSL stream is in a session already: disconnect it first.'],
  'lsl-not-connected': [-32039, 'The LSL stream is in no session; the message says why.'],
  'lsl-unusable': [-32040, 'The LSL stream, or the network, cannot be used; the message says why.'],
  unauthorised: [-32022, 'No token, or not the right one; the connection is closed with 1008.'],
} as const satisfies Readonly<Record<string, readonly [rpc: number, description: string]>>;

export type ErrorCode = keyof typeof errorCodes;

/** A coded error on its way to a client. `place` adds what tells the client where (`stream`, `seq`, `expected`). */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly place: Readonly<Record<string, string | number>> = {},
  ) {
    super(message);
  }
}
