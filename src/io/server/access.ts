import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { SUBPROTOCOL, TOKEN_SUBPROTOCOL_PREFIX } from '../protocol/version.js';

export interface AccessOptions {
  /** Address that the server is bound to. */
  readonly host: string;
  readonly token?: string;
  /** Names, beside addresses and this machine's own, under which clients may ask for the server. */
  readonly allowedHosts?: readonly string[];
  /** Origins (`https://app.example`) whose pages may connect without a token; `*` for all. */
  readonly allowedOrigins?: readonly string[];
}

/**
 * Who may connect. The Host check stops DNS rebinding (a foreign name that was made to point here), the Origin check
 * stops foreign pages from opening WebSockets to this machine, which browsers allow; the token does the rest.
 */
export class Access {
  readonly #options: AccessOptions;
  readonly #names: ReadonlySet<string>;
  readonly #loopback: boolean;

  constructor(options: AccessOptions) {
    this.#options = options;
    this.#loopback = isLoopback(options.host);
    const own = hostname().toLowerCase();
    const names = this.#loopback ? ['localhost'] : ['localhost', own, `${own}.local`];
    this.#names = new Set(
      [...names, options.host, ...(options.allowedHosts ?? [])].map((name) => name.toLowerCase()),
    );
  }

  /** Whether the `Host` that the client asked for is this server. Addresses always are: rebinding needs a name. */
  hostAllowed(request: IncomingMessage): boolean {
    const name = nameOf(`http://${request.headers.host ?? ''}`);
    return name !== null && (isIP(name) !== 0 || this.#names.has(name));
  }

  /** Whether a page of this `Origin` may connect; programs send none. */
  originAllowed(request: IncomingMessage): boolean {
    const { origin } = request.headers;
    if (origin === undefined || this.#isListed(origin)) return true;
    const { token } = this.#options;
    // A page that knows the token was given it: nothing ambient, as a cookie would be, speaks for it.
    if (token !== undefined && this.authorised(request)) return true;
    const name = nameOf(origin);
    if (name === null) return false;
    return isOwn(origin, request) || (this.#loopback && isLoopback(name));
  }

  #isListed(origin: string): boolean {
    const { allowedOrigins = [] } = this.#options;
    return allowedOrigins.includes('*') || allowedOrigins.includes(origin);
  }

  /** Why a request of a page may not read, or null: what it sends isn't secret, but browsers ask before they show it to others. */
  readRefusal(request: IncomingMessage): string | null {
    return this.originAllowed(request)
      ? null
      : `pages of ${request.headers.origin} need the token, or to be allowed`;
  }

  /**
   * Why a request may not change anything, or null. From another machine acting needs the token; pages need it too, unless they are the
   * daemon's own or allowed: a page of another port of this machine is somebody else's.
   */
  actRefusal(request: IncomingMessage): string | null {
    const { token } = this.#options;
    if (token !== undefined) return this.authorised(request) ? null : 'acting needs the token';
    if (!isLoopback(addressOf(request) ?? ''))
      return 'from another machine acting needs a token: start the daemon with --token-file';
    const { origin } = request.headers;
    if (origin === undefined || this.#isListed(origin) || isOwn(origin, request)) return null;
    return `pages of ${origin} may not act here`;
  }

  /** Whether the token is there: `Authorization: Bearer`, `?token=`, or, for browsers, a subprotocol. */
  authorised(request: IncomingMessage): boolean {
    const { token } = this.#options;
    if (token === undefined) return true;
    return tokensOf(request).some((given) => equal(given, token));
  }
}

/** Whether a page of this origin came from where it asks now. */
function isOwn(origin: string, { headers }: IncomingMessage): boolean {
  return URL.canParse(origin) && new URL(origin).host === headers.host?.toLowerCase();
}

/** A client's address, in one way of writing. */
export function addressOf({ socket }: IncomingMessage): string | undefined {
  return socket.remoteAddress?.replace(/^::ffff:/, '');
}

export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'));
}

/** The one subprotocol that is ever chosen; the token's must not be echoed. */
export function chooseSubprotocol(offered: ReadonlySet<string>): string | false {
  return offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false;
}

/** The address asked for; whatever came, this doesn't throw. */
export function requestUrl({ url = '/' }: IncomingMessage): URL {
  return new URL(`http://localhost${url.startsWith('/') ? url : '/'}`);
}

function tokensOf(request: IncomingMessage): string[] {
  const tokens: string[] = [];
  const header = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '');
  if (header) tokens.push(header[1]);
  const query = requestUrl(request).searchParams.get('token');
  if (query !== null) tokens.push(query);
  for (const offered of (request.headers['sec-websocket-protocol'] ?? '').split(',')) {
    const name = offered.trim();
    if (name.startsWith(TOKEN_SUBPROTOCOL_PREFIX))
      tokens.push(Buffer.from(name.slice(TOKEN_SUBPROTOCOL_PREFIX.length), 'base64url').toString());
  }
  return tokens;
}

/** Digests have one length, so that the comparison takes one time. */
function equal(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function nameOf(url: string): string | null {
  if (!URL.canParse(url)) return null;
  return new URL(url).hostname.replace(/^\[|\]$/g, '').toLowerCase() || null;
}
