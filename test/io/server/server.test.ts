import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { SystemClock, VirtualClock } from '../../../src/core/clock.js';
import { SUBPROTOCOL, TOKEN_SUBPROTOCOL_PREFIX } from '../../../src/io/protocol/version.js';
import { startServer } from '../../../src/io/server/server.js';
import type { OutputMessage } from '../../../src/io/sinks/sink.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';
import { type Daemon, httpRequest, RawClient, startDaemon, until } from './daemon.js';

const daemons: Daemon[] = [];
async function start(...options: Parameters<typeof startDaemon>): Promise<Daemon> {
  const daemon = await startDaemon(...options);
  daemons.push(daemon);
  return daemon;
}
afterEach(async () => {
  await Promise.all(daemons.splice(0).map((daemon) => daemon.stop()));
});

/** HTTP status of a refused handshake. */
async function refusal(
  port: number,
  path: string,
  options: { origin?: string; headers?: Record<string, string> },
) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, options);
  const [, response] = await once(socket, 'unexpected-response');
  socket.on('error', () => {});
  socket.terminate();
  return response.statusCode;
}

async function attempt(options: Partial<Parameters<typeof startServer>[0]>) {
  const metrics = createMetrics();
  try {
    const server = await startServer({
      clock: new SystemClock(),
      events: () => {},
      metrics,
      port: 0,
      ...options,
    });
    await server.close();
    return null;
  } catch (error) {
    return error as { name: string; code: string; message: string; exitCode: number };
  } finally {
    metrics.close();
  }
}

describe('pages', () => {
  it('tell health, readiness, metrics and schemas', async () => {
    let reason: string | null = 'model loads';
    const { port } = await start({ server: { ready: () => reason } });
    expect(await httpRequest(port, '/healthz')).toMatchObject({ status: 200, body: '{"status":"ok"}\n' });
    const waiting = await httpRequest(port, '/readyz');
    expect([waiting.status, JSON.parse(waiting.body)]).toEqual([503, { status: 'not ready', reason }]);
    reason = null;
    expect((await httpRequest(port, '/readyz')).status).toBe(200);
    const metrics = await httpRequest(port, '/metrics');
    for (const name of ['sessions', 'windows_total', 'predictions_total', 'prediction_latency_seconds_bucket',
      'messages_dropped_total', 'subscribers', 'ingest_samples_total', 'ingest_acks_total', 'protocol_errors_total',
      'event_loop_lag_seconds']) // biome-ignore format: a list
      expect(metrics.body).toContain(`affectd_${name}`);
    expect(JSON.parse((await httpRequest(port, '/v1/schema')).body).asyncapi).toBe('3.0.0');
    const schema = await httpRequest(port, '/v1/schema/protocol.schema.json');
    expect(JSON.parse(schema.body).$defs.affect).toBeDefined();
  });

  it('serve the dashboard, and nothing outside its folder', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'index.html'), '<title>page</title>');
    const { port } = await start({ server: { dashboard: folder } });
    const page = await httpRequest(port, '/');
    expect(page).toMatchObject({ status: 200, body: '<title>page</title>' });
    expect(page.head).toMatch(/content-security-policy: default-src 'self'/i);
    expect(page.head).toMatch(/referrer-policy: no-referrer/i);
    for (const path of ['/nothing', '/../package.json', '/%2e%2e/package.json', '//', '/..%5c..'])
      expect((await httpRequest(port, path)).body).not.toContain('"version"');
    expect((await httpRequest(port, '/nothing')).status).toBe(404);
    expect((await httpRequest(port, '/healthz', {}, 'DELETE')).status).toBe(405);
  });

  it('lead from /docs to /docs/, where the links of its pages hold', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'docs'));
    writeFileSync(join(folder, 'index.html'), '<title>page</title>');
    writeFileSync(join(folder, 'docs', 'index.html'), '<title>docs</title>');
    const { port } = await start({ server: { dashboard: folder } });
    const moved = await httpRequest(port, '/docs');
    expect(moved.status).toBe(308);
    // Relative: in front of the daemon there may be a proxy that has it under another path.
    expect(moved.head).toMatch(/^location: docs\/\r?$/im);
    expect(await httpRequest(port, '/docs/')).toMatchObject({ status: 200, body: '<title>docs</title>' });
  });

  it('say what there is when the dashboard is not built', async () => {
    const { port } = await start({ server: { dashboard: join(tmpdir(), 'no-such-folder') } });
    expect((await httpRequest(port, '/')).body).toContain('/v1/stream');
  });

  it('survive addresses that make no sense', async () => {
    const { port } = await start();
    for (const path of ['//', '//[', '/%', '*', 'http://x:y/'])
      expect((await httpRequest(port, path)).status).toBeGreaterThanOrEqual(200);
    const socket = connectTcp(port, '127.0.0.1');
    socket.resume();
    socket.write('GET //[ HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    await once(socket, 'close');
    expect((await httpRequest(port, '/healthz')).status).toBe(200);
  });
});

describe('access', () => {
  it('answers only to its own names: a foreign name may have been made to point here', async () => {
    const { port } = await start({ server: { allowedHosts: ['lab.example'] } });
    const status = async (Host: string) => (await httpRequest(port, '/metrics', { Host })).status;
    expect(await status('evil.example')).toBe(403);
    expect(await status(`evil.example:${port}`)).toBe(403);
    expect(await status('')).toBe(403);
    for (const host of ['localhost', `LOCALHOST:${port}`, '127.0.0.1', '[::1]:80', 'lab.example'])
      expect(await status(host)).toBe(200);
    expect(await refusal(port, '/v1/stream', { headers: { Host: 'evil.example' } })).toBe(403);
  });

  it('lets pages of its own and of this machine connect, no others', async () => {
    const { port } = await start({ server: { allowedOrigins: ['https://app.example'] } });
    for (const origin of [`http://127.0.0.1:${port}`, 'http://localhost:5173', 'https://app.example'])
      await (await RawClient.connect({ port }, '/v1/ingest', { origin })).close();
    for (const origin of ['https://evil.example', 'null', 'https://localhost.evil.example'])
      for (const path of ['/v1/ingest', '/v1/stream'])
        expect(await refusal(port, path, { origin })).toBe(403);
  });

  it('asks for the token, wherever it may stand', async () => {
    const token = 'geheim: ü/+';
    const { port, metrics } = await start({ server: { token } });
    const bearer = TOKEN_SUBPROTOCOL_PREFIX + Buffer.from(token).toString('base64url');
    const good = [
      { path: `/v1/stream?token=${encodeURIComponent(token)}` },
      { path: '/v1/stream', protocols: [SUBPROTOCOL, bearer] },
      { path: '/v1/ingest', protocols: [SUBPROTOCOL, bearer], origin: 'https://elsewhere.example' },
    ];
    for (const { path, ...options } of good) {
      const client = await RawClient.connect({ port }, path, options);
      expect((await client.request('nonsense', {})).error?.data.code).toBe('unknown-method');
      expect(client.socket.protocol).toBe('protocols' in options ? SUBPROTOCOL : '');
      await client.close();
    }
    for (const path of ['/v1/stream', '/v1/ingest', '/v1/stream?token=', '/v1/stream?token=geheim']) {
      const client = await RawClient.connect({ port }, path);
      expect(await client.closed).toEqual({ code: 1008, reason: 'unauthorised' });
    }
    expect((await httpRequest(port, '/metrics')).status).toBe(401);
    expect((await httpRequest(port, '/healthz')).status).toBe(200);
    expect(await metrics.registry.metrics()).toContain(
      'affectd_connections_refused_total{code="unauthorised"} 4',
    );
  });

  it('takes the token as a header', async () => {
    const { port } = await start({ server: { token: 'abc' } });
    const headers = { Authorization: 'Bearer abc' };
    expect((await httpRequest(port, '/metrics', headers)).status).toBe(200);
    expect((await httpRequest(port, '/metrics', { Authorization: 'Bearer abd' })).status).toBe(401);
    await (await RawClient.connect({ port }, '/v1/stream', { headers })).close();
  });

  it('limits connections, at once and in time', async () => {
    const few = await start({ server: { max_connections: 2 } });
    const kept = [await RawClient.connect(few, '/v1/stream'), await RawClient.connect(few, '/v1/ingest')];
    const third = await RawClient.connect(few, '/v1/stream');
    expect(await third.closed).toEqual({ code: 1008, reason: 'too-many-connections' });
    await Promise.all(kept.map((client) => client.close()));
    await (await RawClient.connect(few, '/v1/stream')).close();

    const slow = await start({ server: { connections_per_s: 1 } });
    await (await RawClient.connect(slow, '/v1/stream')).close();
    expect((await (await RawClient.connect(slow, '/v1/stream')).closed).code).toBe(1008);
  });

  it('knows no other path', async () => {
    const { port } = await start();
    expect(await refusal(port, '/v2/stream', {})).toBe(404);
  });
});

describe('start', () => {
  it('does not open the daemon to others without a token', async () => {
    expect(await attempt({ host: '0.0.0.0' })).toMatchObject({
      name: 'ConfigurationError',
      exitCode: 2,
      code: 'token-missing',
      message: expect.stringMatching(/0\.0\.0\.0.*--token-file/),
    });
    expect(await attempt({ token: '' })).toMatchObject({ code: 'token-missing' });
    expect(await attempt({ host: '0.0.0.0', token: 'abc' })).toBeNull();
    expect(await attempt({ host: '0.0.0.0', allowWithoutToken: true })).toBeNull();
  });

  it('knows this machine by name when others can reach it', async () => {
    const { port } = await start({ server: { host: '0.0.0.0', token: 'abc' } });
    const headers = { Host: hostname(), Authorization: 'Bearer abc' };
    expect((await httpRequest(port, '/metrics', headers)).status).toBe(200);
  });

  it('names the mend when the port is taken', async () => {
    const { port } = await start();
    expect(await attempt({ port })).toMatchObject({
      exitCode: 2,
      code: 'port-taken',
      message: expect.stringMatching(new RegExp(`port ${port} .*--port`)),
    });
  });

  it('names the mend when the host is none of this machine', async () => {
    expect(await attempt({ host: '203.0.113.7', token: 'a' })).toMatchObject({
      exitCode: 2,
      code: 'host-unusable',
    });
  });

  it('refuses a certificate that is none', async () => {
    expect(await attempt({ tls: { cert: 'no', key: 'no' } })).toMatchObject({
      exitCode: 2,
      code: 'tls-unusable',
    });
  });

  it('serves TLS', async () => {
    const { cert, key } = JSON.parse(
      readFileSync(new URL('../../../fixtures/tls/localhost.json', import.meta.url), 'utf8'),
    );
    const { port, url } = await start({ server: { tls: { cert, key } } });
    expect(url).toMatch(/^https:/);
    const request = httpsRequest({
      port,
      host: '127.0.0.1',
      path: '/healthz',
      ca: cert,
      servername: 'localhost',
    });
    request.end();
    const [response] = await once(request, 'response');
    response.resume();
    expect(response.statusCode).toBe(200);
    const socket = new WebSocket(`wss://127.0.0.1:${port}/v1/stream`, { ca: cert });
    await once(socket, 'open');
    socket.close();
    await once(socket, 'close');
  });
});

describe('stop', () => {
  it('closes every connection with 1001 and frees the port', async () => {
    const daemon = await startDaemon();
    const stream = await RawClient.connect(daemon, '/v1/stream');
    const ingest = await RawClient.connect(daemon, '/v1/ingest');
    await ingest.open();
    const idle = connectTcp(daemon.port, '127.0.0.1');
    await once(idle, 'connect');
    await daemon.stop();
    expect((await stream.closed).code).toBe(1001);
    expect((await ingest.closed).code).toBe(1001);
    expect(await attempt({ port: daemon.port })).toBeNull();
    idle.destroy();
  });

  it('cuts off peers that do not answer, within 5 s', async () => {
    const daemon = await startDaemon();
    const mute = await RawClient.connect(daemon, '/v1/stream');
    mute.socket.pause();
    const before = process.hrtime.bigint();
    await daemon.stop();
    expect(Number(process.hrtime.bigint() - before) / 1e9).toBeLessThan(5);
    mute.socket.terminate();
  });
});

describe('a client that sends, and', () => {
  let seq = 0;
  const heavy = () =>
    ({
      stream: 'affect',
      session: 's',
      node: 'a',
      seq: seq++,
      time: seq,
      model: 'x'.repeat(100_000),
    }) as unknown as OutputMessage;

  /** Subscribes, stops reading, and is sent more than its system takes. */
  async function stalled(daemon: Daemon) {
    const client = await RawClient.connect(daemon.server, '/v1/stream');
    await client.request('subscribe', { streams: ['affect'], policy: 'latest' });
    client.socket.pause();
    const dropped = (): number => daemon.metricsOf('affectd_messages_dropped_total');
    while (dropped() < 20) {
      daemon.sink.publish(heavy());
      await new Promise((resolve) => setImmediate(resolve));
    }
    return client;
  }

  /** 30 s pass, in which it says something that the daemon hears. */
  async function halfAMinute(daemon: Daemon, clock: VirtualClock, client: RawClient): Promise<void> {
    const heard = daemon.metricsOf('affectd_protocol_errors_total');
    client.socket.send('hello');
    await until(() => daemon.metricsOf('affectd_protocol_errors_total') > heard);
    clock.advance(30);
  }

  it('reads nothing is cut off, and told of', async () => {
    const clock = new VirtualClock();
    const daemon = await start({ clock });
    const client = await stalled(daemon);
    await halfAMinute(daemon, clock, client);
    expect(daemon.sink.subscribers).toBe(1);
    await halfAMinute(daemon, clock, client);
    await until(() => daemon.sink.subscribers === 0);
    expect(daemon.events.filter(({ code }) => code === 'client-cut')).toHaveLength(1);
    client.socket.terminate();
  });

  it('reads slowly is not', async () => {
    const clock = new VirtualClock();
    const daemon = await start({ clock });
    const client = await stalled(daemon);
    for (let k = 0; k < 4; k++) {
      await halfAMinute(daemon, clock, client);
      client.socket.resume();
      // More than its system keeps for it: less would be no news to ours.
      for (let message = 0; message < 30; message++) await client.next();
      client.socket.pause();
      const dropped = daemon.metricsOf('affectd_messages_dropped_total');
      while (daemon.metricsOf('affectd_messages_dropped_total') < dropped + 20) {
        daemon.sink.publish(heavy());
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    expect(daemon.sink.subscribers).toBe(1);
    client.socket.terminate();
  });
});
