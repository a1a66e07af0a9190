import { afterEach, describe, expect, it } from 'vitest';
import { type CallName, type Calls, callDefinitions } from '../../../src/io/protocol/calls.js';
import { ProtocolError } from '../../../src/io/protocol/error-code.js';
import { JsonText } from '../../../src/io/protocol/json-text.js';
import type { ServerOptions } from '../../../src/io/server/server.js';
import { type Daemon, RawClient, startDaemon } from './daemon.js';

const daemons: Daemon[] = [];
afterEach(async () => {
  for (const daemon of daemons.splice(0)) await daemon.stop();
});

const asked: unknown[] = [];
const calls: Calls = {
  sessions: () => ({ sessions: [] }),
  history: (params) => {
    asked.push(params);
    if (params.session === 'none') throw new ProtocolError('unknown-session', 'no session none');
    return new JsonText('{"session":"a","more":false,"messages":[]}');
  },
  marker: async (params) => {
    asked.push(params);
    if (params.text === 'fault') throw new Error('secret');
    return { session: params.session, time: 1.5, recorded: true };
  },
};

async function start(server: Partial<ServerOptions> = {}): Promise<Daemon> {
  const daemon = await startDaemon({ server: { calls, ...server }, calls });
  daemons.push(daemon);
  return daemon;
}

const JSON_TYPE = { 'Content-Type': 'application/json' };
const post = (daemon: Daemon, path: string, body: unknown, headers: Record<string, string> = JSON_TYPE) =>
  fetch(new URL(path, daemon.url), {
    ...{ method: 'POST', headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const get = (daemon: Daemon, path: string, headers: Record<string, string> = {}) =>
  fetch(new URL(path, daemon.url), { headers });
const codeOf = async (answer: Promise<Response>) => {
  const response = await answer;
  return [response.status, ((await response.json()) as { code?: string }).code];
};

describe('a call over HTTP', () => {
  it('takes parameters from path, query and body, and answers JSON', async () => {
    const daemon = await start();
    const sessions = await get(daemon, '/v1/sessions');
    expect([sessions.status, await sessions.json()]).toEqual([200, { sessions: [] }]);
    expect(sessions.headers.get('cache-control')).toBe('no-store');
    asked.length = 0;
    await get(daemon, '/v1/sessions/a%2Fb%20c/history?from=-1.5&streams=affect,sys&limit=7');
    const marked = await post(daemon, '/v1/sessions/a/marker', { text: 'film "A"', session: 'other' });
    expect(await marked.json()).toEqual({ session: 'a', time: 1.5, recorded: true });
    expect(asked).toEqual([
      { session: 'a/b c', from: -1.5, streams: ['affect', 'sys'], limit: 7 },
      { session: 'a', text: 'film "A"' },
    ]);
  });

  it('is refused with a stable code, whatever comes', async () => {
    const daemon = await start();
    const path = '/v1/sessions/a/marker';
    expect(await codeOf(post(daemon, path, { text: '' }))).toEqual([400, 'invalid-params']);
    expect(await codeOf(post(daemon, path, { text: 'x'.repeat(1025) }))).toEqual([400, 'invalid-params']);
    for (const body of ['[]', '1', 'null'])
      expect(await codeOf(post(daemon, path, body))).toEqual([400, 'invalid-params']);
    expect(await codeOf(post(daemon, path, '{'))).toEqual([400, 'parse-error']);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json5'])
      expect(await codeOf(post(daemon, path, '{}', { 'Content-Type': type }))).toEqual([415, 'not-json']);
    expect(await codeOf(post(daemon, path, `{"text":"${'x'.repeat(70_000)}"}`))).toEqual([
      413,
      'body-too-long',
    ]);
    expect(await codeOf(get(daemon, '/v1/sessions/none/history'))).toEqual([404, 'unknown-session']);
    for (const query of ['from=nan', 'from=1e9999999', 'limit=0', 'limit=5000', 'streams=mood', 'streams='])
      expect(await codeOf(get(daemon, `/v1/sessions/a/history?${query}`)), query).toEqual([
        400,
        'invalid-params',
      ]);
    expect(await codeOf(get(daemon, '/v1/sessions/%zz/history'))).toEqual([404, 'not-found']);
    // Of a fault of ours nothing is told outside.
    const fault = await post(daemon, path, { text: 'fault' });
    expect([fault.status, await fault.text()]).toEqual([500, expect.not.stringContaining('secret')]);
    expect(daemon.events.map(({ message }) => message)).toContain('fault while serving a call: secret');
  });

  it('knows its method, and says so', async () => {
    const daemon = await start();
    const wrong = await get(daemon, '/v1/sessions/a/marker');
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST']);
    expect(await codeOf(post(daemon, '/v1/sessions', {}))).toEqual([405, 'method-not-allowed']);
    // What this daemon doesn't serve is no path of it.
    expect(await codeOf(get(daemon, '/v1/pipeline'))).toEqual([404, 'not-found']);
  });

  it('is for its own pages and for programs of this machine, where there is no token', async () => {
    const daemon = await start({ allowedOrigins: ['https://app.example'] });
    const path = '/v1/sessions/a/marker';
    const from = (Origin: string) =>
      post(daemon, path, { text: 'x' }, { ...JSON_TYPE, Origin }).then(({ status }) => status);
    expect(await from(daemon.url.slice(0, -1))).toBe(200);
    expect(await from('https://app.example')).toBe(200);
    for (const origin of ['http://localhost:5173', 'http://127.0.0.1:1', 'https://evil.example', 'null'])
      expect(await from(origin), origin).toBe(403);
    expect((await get(daemon, '/v1/sessions', { Origin: 'https://evil.example' })).status).toBe(403);
  });

  it('needs the token, where there is one, to read and to act', async () => {
    const daemon = await start({ token: 'geheim' });
    const path = '/v1/sessions/a/marker';
    expect(await codeOf(get(daemon, '/v1/sessions'))).toEqual([401, 'unauthorised']);
    expect(await codeOf(post(daemon, path, { text: 'x' }))).toEqual([401, 'unauthorised']);
    const authorised = { ...JSON_TYPE, Authorization: 'Bearer geheim', Origin: 'https://elsewhere.example' };
    expect((await post(daemon, path, { text: 'x' }, authorised)).status).toBe(200);
  });
});

describe('the same call as a method of /v1/stream', () => {
  it('answers the same', async () => {
    const daemon = await start();
    const client = await RawClient.connect(daemon, '/v1/stream');
    expect((await client.request('marker', { session: 'a', text: 'x' })).result).toEqual({
      ...{ session: 'a', time: 1.5, recorded: true },
    });
    expect((await client.request('history', { session: 'a' })).result).toEqual({
      ...{ session: 'a', more: false, messages: [] },
    });
    expect((await client.request('history', { session: 'none' })).error?.data.code).toBe('unknown-session');
    expect((await client.request('marker', { session: 'a' })).error?.data.code).toBe('invalid-params');
    expect((await client.request('pipeline', {})).error?.data.code).toBe('unknown-method');
    await client.close();
  });

  it('does not act for a page of another origin', async () => {
    const daemon = await start();
    const client = await RawClient.connect(daemon, '/v1/stream', { origin: 'http://localhost:5173' });
    expect((await client.request('sessions', {})).result).toEqual({ sessions: [] });
    expect((await client.request('marker', { session: 'a', text: 'x' })).error?.data.code).toBe(
      'acting-forbidden',
    );
    await client.close();
  });
});

describe('every call', () => {
  it('has a path of its own, and acts only by POST', () => {
    const paths = Object.values(callDefinitions).map(({ method, path }) => `${method} ${path}`);
    expect(new Set(paths).size).toBe(paths.length);
    for (const name of Object.keys(callDefinitions) as CallName[])
      expect(callDefinitions[name].path, name).toMatch(/^\/v1(\/[a-z]+|\/\{session\})+$/);
  });
});
