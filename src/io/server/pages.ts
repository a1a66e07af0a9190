import { existsSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import sirv from 'sirv';
import type { Metrics } from '../../telemetry/metrics.js';
import { asyncApiDocument, protocolJsonSchema } from '../protocol/schema.js';
import { SCHEMA_PATH } from '../protocol/version.js';
import { type Access, requestUrl } from './access.js';
import type { Downloads } from './downloads.js';
import type { HttpCalls } from './http-calls.js';
import { send } from './send.js';

export interface PagesOptions {
  readonly access: Access;
  readonly metrics: Metrics;
  /** Why the daemon can't serve yet, or null. */
  readonly ready: () => string | null;
  readonly calls: HttpCalls;
  readonly downloads: Downloads;
  /** Folder with the dashboard's `index.html`. */
  readonly dashboard: string | null;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const plainPage = `affectd runs. The dashboard is not built; \`npm run build\` does it.
/v1/stream (WebSocket)  predictions, quality, features, events
/v1/ingest (WebSocket)  streams of devices
/v1/schema              both described, AsyncAPI 3
/metrics /healthz /readyz
`;

/** The token may stand in the page's address: it must not travel on in a Referer. */
const securityHeaders = {
  'Content-Security-Policy':
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
} as const;

/** What the server answers to plain HTTP. */
export function pages(options: PagesOptions): Handler {
  const { access, calls, downloads, metrics, ready, dashboard } = options;
  const built = dashboard !== null && existsSync(join(dashboard, 'index.html'));
  const files = built ? sirv(dashboard, { dev: false, etag: true }) : null;
  const schema = JSON.stringify(asyncApiDocument());
  const jsonSchema = JSON.stringify(protocolJsonSchema());
  const routes: Record<string, Handler> = {
    '/healthz': (_request, response) => send(response, 200, { status: 'ok' }),
    '/readyz': (_request, response) => {
      const reason = ready();
      send(
        response,
        reason === null ? 200 : 503,
        reason === null ? { status: 'ready' } : { status: 'not ready', reason },
      );
    },
    [SCHEMA_PATH]: (_request, response) => send(response, 200, schema),
    [`${SCHEMA_PATH}/protocol.schema.json`]: (_request, response) =>
      send(response, 200, jsonSchema, 'application/schema+json'),
    '/metrics': (request, response) => {
      if (!access.authorised(request)) {
        response.setHeader('WWW-Authenticate', 'Bearer');
        send(response, 401, { code: 'unauthorised', message: 'this daemon asks for a bearer token' });
        return;
      }
      metrics.registry.metrics().then(
        (text) => send(response, 200, text, metrics.registry.contentType),
        () => send(response, 500, { code: 'internal-error', message: 'metrics could not be read' }),
      );
    },
  };
  return (request, response) => {
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    const { pathname } = requestUrl(request);
    if (!access.hostAllowed(request)) {
      send(response, 403, {
        code: 'host-forbidden',
        message: `this daemon is not known as '${request.headers.host ?? ''}'; ask for it by address`,
      });
    } else if (calls.take(request, response) || downloads.take(request, response)) {
      // It answers.
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      send(response, 405, { code: 'method-not-allowed', message: 'GET and HEAD only' });
    } else if (Object.hasOwn(routes, pathname)) {
      routes[pathname](request, response);
    } else if (files && pathname === '/docs') {
      // Without the slash the links of its pages would lead elsewhere.
      response.writeHead(308, { Location: 'docs/' }).end();
    } else if (files) {
      files(request, response, () => notFound(response, pathname));
    } else if (pathname === '/') {
      send(response, 200, plainPage, 'text/plain; charset=utf-8');
    } else {
      notFound(response, pathname);
    }
  };
}

function notFound(response: ServerResponse, pathname: string): void {
  send(response, 404, { code: 'not-found', message: `nothing at ${pathname}` });
}
