import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterAll, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { startDaemon, until } from '../io/server/daemon.js';
import { runAffectd } from './run-affectd.js';
import { runningClock } from './running-clock.js';

const { clock, stop } = runningClock();
const daemon = await startDaemon({ clock });
afterAll(async () => {
  await daemon.stop();
  stop();
});

/** A simulation that is interrupted once it has sent `chunks` chunks. */
async function interrupted(chunks: number) {
  const abort = new AbortController();
  const before = daemon.chunks().length;
  const result = runAffectd(['simulate', '--via', 'websocket', '--url', daemon.url, '--only', 'eeg,eda'], {
    clock,
    signal: abort.signal,
  });
  await until(() => daemon.chunks().length >= before + chunks);
  abort.abort('SIGINT');
  return result;
}

it('simulate --via websocket ends its streams when it is interrupted, and goes on cleanly when it is started again', async () => {
  for (const life of [1, 2]) {
    expect(await interrupted(20)).toMatchObject({ code: 130 });
    const kinds = daemon.kinds();
    expect(kinds.filter((kind) => kind === 'open')).toHaveLength(3 * life);
    expect(kinds.filter((kind) => kind === 'close')).toHaveLength(3 * life);
  }
  const told = daemon.events.map(({ code }) => code);
  expect(
    told.filter((code) => ['clock-reset', 'stamp-outlier', 'stamp-not-monotonic'].includes(code)),
  ).toEqual([]);
});

/** The daemon by a way that is cut for good: to it, a program that is killed looks like that. */
async function wayToDaemon() {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const onward = connect(daemon.port, '127.0.0.1');
    for (const end of [socket, onward]) sockets.add(end.on('error', () => {}));
    socket.pipe(onward).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const cut = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { url: `ws://127.0.0.1:${port}`, cut };
}

it('one that was killed is no clock that went back to the one that is started within the grace: each stream is another one, placed behind it', async () => {
  const way = await wayToDaemon();
  const [killed, next] = [new AbortController(), new AbortController()];
  const simulate = (url: string, signal: AbortSignal) =>
    runAffectd(['simulate', '--via', 'websocket', '--url', url, '--only', 'eeg,eda'], { clock, signal });
  const [chunks, told] = [daemon.chunks().length, daemon.events.length];
  const first = simulate(way.url, killed.signal);
  // So long that what comes of the next one would be late by seconds.
  await until(() => daemon.chunks().length >= chunks + 200);
  way.cut();
  const newest_s = Math.max(...daemon.chunks().map(({ times }) => times.at(-1) ?? 0));
  const before = daemon.chunks().length;
  const second = simulate(daemon.url, next.signal);
  await until(() => daemon.chunks().length >= before + 100);
  for (const abort of [killed, next]) abort.abort('SIGINT');
  await Promise.all([first, second]);

  const codes = daemon.events.slice(told).map(({ code }) => code);
  const broken = ['clock-reset', 'stamp-outlier', 'stamp-not-monotonic', 'backlog-masked'];
  expect(codes.filter((code) => broken.includes(code))).toEqual([]);
  const came = daemon.chunks().slice(before);
  const since = came.map(({ times }) => times[0] - newest_s);
  expect(Math.min(...since)).toBeGreaterThan(0);
  expect(Math.max(...since)).toBeLessThan(60);
});

it('ends all the same where the daemon answers no more', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  let frames = 0;
  let streams = 0;
  server.on('connection', (socket) =>
    socket.on('message', (data, isBinary) => {
      if (isBinary) frames++;
      const { id, method } = isBinary ? {} : JSON.parse(String(data));
      if (method !== 'open') return;
      const limits = { max_samples: 65_536, max_json_values: 65_536, max_markers: 1024, max_channels: 1024 };
      const result = { stream: streams++, session: 's', last_seq: null, resumed: false, limits };
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, result }));
    }),
  );
  const abort = new AbortController();
  const args = ['simulate', '--via', 'websocket', '--url', `http://127.0.0.1:${port}`, '--only', 'eda'];
  const ended = runAffectd(args, { clock, signal: abort.signal });
  await until(() => frames > 2);
  abort.abort('SIGINT');
  expect((await ended).code).toBe(130);
  server.close();
});
