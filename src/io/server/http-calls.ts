import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Seconds } from '../../core/clock.js';
import type { EventSink } from '../../core/event.js';
import { errorOf } from '../../core/owned.js';
import { type CallName, type Calls, callDefinitions } from '../protocol/calls.js';
import { ProtocolError } from '../protocol/error-code.js';
import { JsonText } from '../protocol/json-text.js';
import { describeIssue } from '../protocol/rpc-socket.js';
import { type Access, requestUrl } from './access.js';
import { send, sendRefusal } from './send.js';

/** Longest body, bytes. */
const MOST_BODY_BYTES = 64 * 1024;
/** How long a body may take to come, s. */
const BODY_WITHIN_S: Seconds = 10;

export interface HttpCallsOptions {
  readonly access: Access;
  readonly calls: Calls;
  readonly clock: Clock;
  readonly events: EventSink;
}

type Call = (params: unknown) => unknown;

interface Route {
  readonly name: CallName;
  readonly method: 'GET' | 'POST';
  readonly segments: readonly string[];
}

/** Calls over HTTP: `GET` reads, `POST` with a body of JSON acts. An answer and an error are JSON; an error has a stable `code`. */
export class HttpCalls {
  readonly #options: HttpCallsOptions;
  readonly #routes: readonly Route[];

  constructor(options: HttpCallsOptions) {
    this.#options = options;
    this.#routes = Object.entries(callDefinitions)
      .filter(([name]) => options.calls[name as CallName] !== undefined)
      .map(([name, { method, path }]) => ({
        ...{ name: name as CallName, method },
        segments: path.split('/'),
      }));
  }

  /** Serves the request if its path is a call's; else false. */
  take(request: IncomingMessage, response: ServerResponse): boolean {
    const url = requestUrl(request);
    const found = this.#routes.flatMap((route) => {
      const params = paramsOf(route.segments, url.pathname.split('/'));
      return params ? [{ route, params }] : [];
    });
    if (found.length === 0) return false;
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const match = found.find(({ route }) => route.method === method);
    if (!match) {
      const allowed = found.map(({ route }) => route.method).join(', ');
      response.setHeader('Allow', allowed);
      send(response, 405, { code: 'method-not-allowed', message: `${allowed} only` });
      return true;
    }
    this.#serve(match.route, match.params, url, request).then(
      (result) => send(response, 200, result instanceof JsonText ? `${result.text}\n` : result),
      (error: unknown) => this.#refuse(response, error),
    );
    return true;
  }

  async #serve(
    { name, method }: Route,
    inPath: Readonly<Record<string, string>>,
    url: URL,
    request: IncomingMessage,
  ): Promise<unknown> {
    const { access, calls, clock } = this.#options;
    if (!access.authorised(request))
      throw new ProtocolError('unauthorised', 'this daemon asks for a bearer token');
    const refusal = method === 'GET' ? access.readRefusal(request) : access.actRefusal(request);
    if (refusal !== null) throw new ProtocolError('acting-forbidden', refusal);
    const given = method === 'GET' ? queryOf(url) : await bodyOf(request, clock);
    const params = callDefinitions[name].params.safeParse({ ...given, ...inPath });
    if (!params.success) throw new ProtocolError('invalid-params', describeIssue(params.error));
    return (calls[name] as Call)(params.data);
  }

  #refuse(response: ServerResponse, error: unknown): void {
    if (!(error instanceof ProtocolError)) {
      const message = `fault while serving a call: ${errorOf(error).message}`;
      this.#options.events({ code: 'connection-failed', level: 'error', message });
      send(response, 500, { code: 'internal-error', message: 'a fault of the daemon; its log says more' });
      return;
    }
    sendRefusal(response, error);
  }
}

/** The parameters that a path holds, where it fits; else null. */
function paramsOf(route: readonly string[], path: readonly string[]): Record<string, string> | null {
  if (route.length !== path.length) return null;
  const params: Record<string, string> = {};
  for (const [i, segment] of route.entries()) {
    if (!segment.startsWith('{')) {
      if (segment !== path[i]) return null;
      continue;
    }
    const value = decoded(path[i]);
    if (value === null || value === '') return null;
    params[segment.slice(1, -1)] = value;
  }
  return params;
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function queryOf(url: URL): Record<string, string> {
  return Object.fromEntries([...url.searchParams].filter(([name]) => name !== 'token').slice(0, 16));
}

async function bodyOf(request: IncomingMessage, clock: Clock): Promise<Record<string, unknown>> {
  const type = (request.headers['content-type'] ?? '').split(';')[0].trim().toLowerCase();
  if (type !== 'application/json')
    throw new ProtocolError('not-json', 'send a body of JSON: Content-Type: application/json');
  const text = await textOf(request, clock);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    throw new ProtocolError('parse-error', 'the body is not JSON');
  }
  throw new ProtocolError('invalid-params', 'the body is not a JSON object');
}

function textOf(request: IncomingMessage, clock: Clock): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    const late = clock.after(BODY_WITHIN_S, () => request.destroy());
    const end = (error: ProtocolError | null): void => {
      late.cancel();
      if (error) reject(error);
      else resolve(Buffer.concat(parts).toString());
    };
    request.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes > MOST_BODY_BYTES) {
        request.pause();
        end(new ProtocolError('body-too-long', `a body may have ${MOST_BODY_BYTES} bytes`));
      } else parts.push(part);
    });
    request.once('end', () => end(null));
    request.once('close', () => end(new ProtocolError('parse-error', 'the body ended before its end')));
  });
}
