import type { ServerResponse } from 'node:http';
import type { ErrorCode, ProtocolError } from '../protocol/error-code.js';

const statuses: Partial<Record<ErrorCode, number>> = {
  unauthorised: 401,
  'acting-forbidden': 403,
  'unknown-session': 404,
  'unknown-lsl-stream': 404,
  'lsl-connected': 409,
  'lsl-not-connected': 409,
  'lsl-unusable': 409,
  'baseline-running': 409,
  'baseline-not-running': 409,
  'no-baseline': 409,
  'no-record-folder': 409,
  'already-recorded': 409,
  'not-recorded': 409,
  'body-too-long': 413,
  'not-json': 415,
  'unknown-recording': 404,
  'too-many-downloads': 503,
  'not-ready': 503,
  'internal-error': 500,
};

/** Answers with a text, or with a value as a line of JSON, which nobody keeps. */
export function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  type = 'application/json',
): void {
  const text = typeof body === 'string' ? body : `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
  });
  response.end(text);
}

/** Answers with why a request isn't served. */
export function sendRefusal(response: ServerResponse, { code, message }: ProtocolError): void {
  if (code === 'unauthorised') response.setHeader('WWW-Authenticate', 'Bearer');
  // What is left of a body is not read.
  if (code === 'body-too-long') response.setHeader('Connection', 'close');
  send(response, statuses[code] ?? 400, { code, message });
}
