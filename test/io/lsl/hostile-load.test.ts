import { createServer, connect as netConnect, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/core/clock.js';
import { fetchFullInfo } from '../../../src/io/lsl/connect.js';
import { Inlet } from '../../../src/io/lsl/inlet.js';
import { bindDatagrams, close, send } from '../../../src/io/lsl/network.js';
import { Outlet } from '../../../src/io/lsl/outlet.js';
import { Resolver } from '../../../src/io/lsl/resolver.js';
import { createStreamInfo, formatInfo, type LslStreamInfo } from '../../../src/io/lsl/stream-info.js';
import { formatFeedResponse } from '../../../src/io/lsl/wire/feed-header.js';
import { encodeSamples, testPattern } from '../../../src/io/lsl/wire/sample-encoder.js';
import { testNetwork } from './liblsl-oracle.js';
import { ownPorts } from './own-ports.js';

/** Hostile connections of each kind; `LSL_HOSTILE=2000` for the long run. */
const ROUNDS = Number(process.env.LSL_HOSTILE ?? 40);
const AT_ONCE = 20;
const MB = 1 << 20;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const network = testNetwork(await ownPorts());
// Half-open connections end when the clock says so.
const clock = new VirtualClock(1000);
const context = { ...network.context, clock };
const cleanups: (() => unknown)[] = [];
afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

const plain = { bigEndian: false, dataVersion: 110, suppressSubnormals: false };
const pattern = (offset: number): Buffer =>
  encodeSamples({ ...testPattern('float32', 2, offset), deduced: false }, false);
const declared = (): LslStreamInfo =>
  createStreamInfo({ name: 'odd', type: 'EEG', channelCount: 2 }, { createdAt: 0, sessionId: 'default' });

/** What hostile outlets answer; they never close a connection themselves. */
const answers: Readonly<Record<string, (info: LslStreamInfo) => Buffer | string>> = {
  'wrong test pattern': (info) =>
    Buffer.concat([Buffer.from(formatFeedResponse(info, plain)), pattern(4), pattern(3)]),
  'garbage after a good start': (info) =>
    Buffer.concat([
      Buffer.from(formatFeedResponse(info, plain)),
      pattern(4),
      pattern(2),
      Buffer.alloc(5000, 99),
    ]),
  'endless header': () => 'LSL/110 200 OK\r\n'.concat('X: y\r\n'.repeat(20_000)),
  'archive of an endless text': () =>
    Buffer.concat([
      Buffer.from('LSL/110 200 OK\r\nData-Protocol-Version: 100\r\n\r\n'),
      Buffer.from([0x7f, 1, 9, 4, 0xff, 0xff, 0xff, 0x7f]),
      Buffer.alloc(50_000, 0x41),
    ]),
};
const documents: Readonly<Record<string, string>> = {
  'XML bomb': `<!DOCTYPE x [${Array.from({ length: 9 }, (_, k) => `<!ENTITY e${k + 1} "${`&e${k};`.repeat(10)}">`).join('')}]><info>&e9;</info>`,
  'endless depth': '<a>'.repeat(50_000),
  'endless attributes': `<info ${'a="b" '.repeat(20_000)}>`,
  'absurd channel count': formatInfo(declared(), 'full').replace(
    '<channel_count>2<',
    '<channel_count>4000000000<',
  ),
};
/** What hostile receivers ask, and leave their end open. */
const requests: Readonly<Record<string, string | Buffer>> = {
  silence: '',
  'half a request': 'LSL:streamfeed/110 x\r\nNative',
  'another protocol': 'GET / HTTP/1.1\r\n\r\n',
  'a request without end': Buffer.alloc(60_000, 0x41),
  'a query that nests': `LSL:shortinfo\r\n${'('.repeat(4000)}\r\n`,
  'data that is not read': 'LSL:streamfeed/110\r\nMax-Buffer-Length: 1000000000\r\n\r\n',
};

async function hostileOutlet(answer: (info: LslStreamInfo) => Buffer | string) {
  const sockets = new Set<Socket>();
  let info = declared();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.once('data', () => socket.write(answer(info)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    /** Another outlet each time, as far as anybody can see. */
    next: (): LslStreamInfo => {
      info = { ...declared(), v4: { address: '127.0.0.1', dataPort: port, servicePort: 0 } };
      return info;
    },
    close: (): Promise<void> => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function attackInlets(): Promise<void> {
  for (const [kind, answer] of Object.entries(answers)) {
    const outlet = await hostileOutlet(answer);
    for (let k = 0; k < ROUNDS; k++) {
      await new Promise<void>((resolve) => {
        const inlet = new Inlet(context, outlet.next(), { samples: () => {}, ended: () => resolve() });
        const end = (): void => {
          void inlet.close();
          resolve();
        };
        // What begins well and goes wrong later ends without a source id to look for.
        inlet.open().then(() => kind.startsWith('garbage') || end(), end);
      });
    }
    await outlet.close();
  }
  for (const document of Object.values(documents)) {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
      socket.end(document);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const info = { ...declared(), v4: { address: '127.0.0.1', dataPort: port, servicePort: 0 } };
    for (let k = 0; k < ROUNDS; k++) await fetchFullInfo(context, info).catch(() => {});
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

async function attackOutlet(outlet: Outlet): Promise<void> {
  const values = new Float32Array(2 * 100);
  for (const request of Object.values(requests))
    for (let k = 0; k < ROUNDS; k += AT_ONCE) {
      const open = await Promise.all(
        Array.from(
          { length: AT_ONCE },
          () =>
            new Promise<Socket>((resolve) => {
              const socket = netConnect(outlet.info.v4.dataPort, '127.0.0.1', () => {
                if (request !== '') socket.write(request);
                resolve(socket.pause());
              });
              socket.on('error', () => {});
            }),
        ),
      );
      for (let n = 0; n < 5; n++) {
        await turn();
        outlet.push(values, clock.now());
      }
      clock.advance(11);
      for (const socket of open) socket.destroy();
      await turn();
    }
  while (outlet.consumers > 0) await turn();
}

async function attackResolver(): Promise<void> {
  const { config } = context;
  const socket = await bindDatagrams(
    { family: 4, port: config.basePort + 30, address: '127.0.0.1' },
    (bytes, from) => {
      const [, , back] = bytes.toString().split('\r\n');
      const [port, id] = back.split(' ');
      for (let k = 0; k < ROUNDS; k++) {
        const flood = k % 2 === 0 ? formatInfo(declared(), 'short') : '<info><name>x</name></info>';
        send(socket, `${id}\r\n${flood}`, Number(port), from.address);
      }
    },
  );
  const resolver = new Resolver(context, { forgetAfter_s: 5 });
  for (let n = 0; n < 40; n++) {
    clock.advance(0.5);
    for (let k = 0; k < 20; k++) await turn();
  }
  close(socket);
  clock.advance(6);
  await turn();
  expect(resolver.streams.length).toBeLessThan(10);
  resolver.close();
}

it('thousands of hostile peers leave no memory behind, and the outlet working', async () => {
  const outlet = await Outlet.create(context, {
    name: 'good',
    type: 'EEG',
    channelCount: 2,
    nominalRate_hz: 100,
  });
  cleanups.push(() => outlet.close());
  const attack = async (): Promise<void> => {
    await attackInlets();
    await attackOutlet(outlet);
    await attackResolver();
  };
  const used = (): { heap: number; rss: number } => {
    collectGarbage();
    const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
    return { heap: (heapUsed + external + arrayBuffers) / MB, rss: rss / MB };
  };
  // Code is compiled, buffers are pooled: that is no growth.
  await attack();
  network.events.length = 0;
  const before = used();
  await attack();
  await attack();
  const after = used();
  const connections =
    2 * ROUNDS * (Object.keys(answers).length + Object.keys(documents).length + Object.keys(requests).length);
  process.stdout.write(
    `${connections} hostile connections: heap ${before.heap.toFixed(1)} -> ${after.heap.toFixed(1)} MB, resident ${before.rss.toFixed(0)} -> ${after.rss.toFixed(0)} MB, ${network.events.length} events\n`,
  );
  expect(after.heap - before.heap).toBeLessThan(8);
  expect(network.events.some(({ code }) => code === 'peer-rejected')).toBe(true);
  const own = { ...outlet.info, v4: { ...outlet.info.v4, address: '127.0.0.1' } };
  expect((await fetchFullInfo(context, own)).name).toBe('good');
}, 1_200_000);
