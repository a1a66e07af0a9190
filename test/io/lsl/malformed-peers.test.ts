import { createServer, connect as netConnect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { fetchFullInfo } from '../../../src/io/lsl/connect.js';
import { Inlet } from '../../../src/io/lsl/inlet.js';
import { LslError } from '../../../src/io/lsl/lsl-error.js';
import { bindDatagrams, close, send } from '../../../src/io/lsl/network.js';
import { Outlet } from '../../../src/io/lsl/outlet.js';
import { Resolver } from '../../../src/io/lsl/resolver.js';
import {
  createStreamInfo,
  formatInfo,
  type LslStreamInfo,
  parseInfo,
} from '../../../src/io/lsl/stream-info.js';
import { formatFeedResponse } from '../../../src/io/lsl/wire/feed-header.js';
import { encodeSamples, testPattern } from '../../../src/io/lsl/wire/sample-encoder.js';
import { cleanUpAfterEach } from '../../setup/clean-up-after-each.js';
import { testNetwork } from './liblsl-oracle.js';
import { ownPorts } from './own-ports.js';

const PORT = await ownPorts();
const { cleanups } = cleanUpAfterEach();

/** A peer that serves what it likes. */
async function peer(serve: (socket: Socket, info: LslStreamInfo, request: string) => void) {
  const network = testNetwork(PORT);
  const declared = createStreamInfo(
    { name: 'odd', type: 'EEG', channelCount: 2, sourceId: 'odd' },
    { createdAt: 0, sessionId: 'default' },
  );
  let info = declared;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', (bytes) => serve(socket, info, bytes.toString()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as { port: number };
  info = { ...declared, v4: { address: '127.0.0.1', dataPort: port, servicePort: 0 } };
  return { network, info };
}

async function refusedBy(network: ReturnType<typeof testNetwork>, info: LslStreamInfo): Promise<LslError> {
  const inlet = new Inlet(network.context, info, { samples: () => expect.unreachable('no samples') });
  cleanups.push(() => inlet.close());
  const error = await inlet.open().then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LslError);
  return error as LslError;
}

const plain = { bigEndian: false, dataVersion: 110, suppressSubnormals: false };
const pattern = (offset: number) =>
  encodeSamples({ ...testPattern('float32', 2, offset), deduced: false }, false);

describe('an outlet that misbehaves is dropped with an event', () => {
  it.each<[string, string, (info: LslStreamInfo) => (Buffer | string)[]]>([
    ['wrong test pattern', 'malformed', (info) => [formatFeedResponse(info, plain), pattern(4), pattern(3)]],
    ['sample tag', 'malformed', (info) => [formatFeedResponse(info, plain), Buffer.alloc(64, 7)]],
    ['another protocol', 'malformed', () => ['HTTP/1.1 200 OK\r\n\r\n']],
    ['endless header', 'too-large', () => ['LSL/110 200 OK\r\n', 'X: y\r\n'.repeat(4000)]],
    [
      'strange byte order',
      'unsupported',
      (info) => [formatFeedResponse(info, plain).replace('1234', '2143')],
    ],
    [
      'future data protocol',
      'unsupported',
      (info) => [formatFeedResponse(info, plain).replace('Version: 110', 'Version: 990')],
    ],
    ['refusal', 'refused', () => ['LSL/110 505 Version not supported']],
  ])('%s', async (_, code, answer) => {
    const { network, info } = await peer((socket, own) => {
      for (const part of answer(own)) socket.write(part);
    });
    expect((await refusedBy(network, info)).code).toBe(code);
    expect((await network.event('peer-rejected')).level).toBe('warn');
  });

  it.each([
    ['bytes', (desc: string) => desc + 'x'.repeat(2 << 20), 'a description of more than 1048576 bytes'],
    ['elements', (desc: string) => desc + '<a/>'.repeat(40_000), 'a description of more than 32768 elements'],
  ])('one whose description holds too many %s', async (_, fill, message) => {
    const { network, info } = await peer((socket, own) =>
      socket.end(formatInfo(own, 'full').replace('<desc />', `<desc>${fill('')}</desc>`)),
    );
    await expect(fetchFullInfo(network.context, info)).rejects.toMatchObject({
      code: 'too-large',
      message: expect.stringContaining(message),
    });
  });

  it('one that is another by now is not an offence', async () => {
    const { network, info } = await peer((socket) => socket.end('LSL/110 404 Not found'));
    expect((await refusedBy(network, info)).code).toBe('not-found');
    expect(network.events).toEqual([]);
  });

  it('garbage after a good start ends the connection, not the process', async () => {
    const { network, info } = await peer((socket, own) => {
      socket.write(formatFeedResponse(own, plain));
      socket.write(Buffer.concat([pattern(4), pattern(2), Buffer.alloc(1000, 99)]));
    });
    const inlet = new Inlet(network.context, info, { samples: () => {} });
    cleanups.push(() => inlet.close());
    await inlet.open();
    await network.event('peer-rejected');
    expect((await network.event('stream-lost')).message).toContain('sample tag 99');
  });

  it.each(['at once', 'later'])('one whose samples throw where they are taken, %s', async (when) => {
    let send = (): void => {};
    const { network, info } = await peer((socket, own) => {
      send = () => socket.write(pattern(2));
      socket.write(formatFeedResponse(own, plain));
      socket.write(Buffer.concat([pattern(4), pattern(2), ...(when === 'at once' ? [pattern(2)] : [])]));
    });
    const inlet = new Inlet(network.context, info, {
      samples: () => {
        throw new RangeError('too odd');
      },
    });
    cleanups.push(() => inlet.close());
    const opened = inlet.open();
    if (when === 'at once') await expect(opened).rejects.toMatchObject({ code: 'fault' });
    else await opened;
    send();
    expect((await network.event('peer-rejected')).message).toContain("it can't be worked with: too odd");
  });

  it('one that falls silent and answers no query any more is lost: its connection is half open', async () => {
    const { network, info } = await peer((socket, own) => {
      socket.write(formatFeedResponse(own, plain));
      socket.write(Buffer.concat([pattern(4), pattern(2)]));
    });
    const config = { ...network.context.config, watchdogInterval_s: 0.1, watchdogThreshold_s: 0.1 };
    const inlet = new Inlet({ ...network.context, config }, info, { samples: () => {} });
    cleanups.push(() => inlet.close());
    await inlet.open();
    expect((await network.event('stream-lost')).message).toContain('silent for 0.1 s');
  });

  it('one that never answers is given up after the time allowed', async () => {
    const { network, info } = await peer(() => {});
    const quick = { ...network.context, clock: fastClock(network.context.clock) };
    const inlet = new Inlet(quick, info, { samples: () => {} });
    cleanups.push(() => inlet.close());
    await expect(inlet.open()).rejects.toMatchObject({ code: 'timeout' });
  });

  it.each<[string, string]>([
    [
      'entities that grow',
      `<!DOCTYPE x [<!ENTITY a "${'b'.repeat(100)}"><!ENTITY c "&a;&a;">]><info>&c;</info>`,
    ],
    ['endless depth', '<a>'.repeat(100_000)],
    ['no end', `<?xml version="1.0"?><info><name>${'x'.repeat(100)}`],
    ['another document', '<html></html>'],
    [
      'absurd channel count',
      formatInfo(
        createStreamInfo({ name: 'n', type: 't' }, { createdAt: 0, sessionId: 'default' }),
        'full',
      ).replace('<channel_count>1<', '<channel_count>2000000000<'),
    ],
  ])('a description with %s is refused', async (_, xml) => {
    const { network, info } = await peer((socket) => socket.end(xml));
    await expect(fetchFullInfo(network.context, info)).rejects.toBeInstanceOf(LslError);
  });

  it('a stream whose names are longer than any is none', () => {
    const context = { createdAt: 0, sessionId: 'default' };
    const named = (name: string) =>
      formatInfo(createStreamInfo({ name: 'odd', type: 'EEG' }, context), 'short').replace('odd', name);
    expect(parseInfo(named('n'.repeat(512))).name).toHaveLength(512);
    expect(() => parseInfo(named('n'.repeat(513)))).toThrow('a stream whose name has 513 characters');
  });

  it('an announcement that is no stream is told and passed over', async () => {
    const network = testNetwork(PORT + 40);
    const socket = await bindDatagrams(
      { family: 4, port: PORT + 40, address: '127.0.0.1' },
      (bytes, from) => {
        const [, , back] = bytes.toString().split('\r\n');
        const [port, id] = back.split(' ');
        send(socket, `${id}\r\n<info><name>x</name></info>`, Number(port), from.address);
      },
    );
    cleanups.push(() => close(socket));
    const resolver = new Resolver(network.context);
    cleanups.push(() => resolver.close());
    await network.event('peer-rejected');
    expect(resolver.streams).toEqual([]);
  });
});

describe('a receiver that misbehaves', () => {
  const ask = (outlet: Outlet, request: string | Buffer): Promise<string> =>
    new Promise((resolve) => {
      const socket = netConnect(outlet.info.v4.dataPort, '127.0.0.1', () => socket.write(request));
      const parts: Buffer[] = [];
      socket.on('data', (bytes: Buffer) => parts.push(bytes));
      socket.on('error', () => {});
      socket.on('close', () => resolve(Buffer.concat(parts).toString('latin1')));
    });

  it.each<[string, string | Buffer, string]>([
    ['another protocol', 'GET / HTTP/1.1\r\n\r\n', 'LSL/110 400'],
    ['a request without end', Buffer.alloc(40_000, 0x41), 'LSL/110 400'],
    ['a future version', 'LSL:streamfeed/900\r\n\r\n', 'LSL/110 505'],
    ['another outlet', 'LSL:streamfeed/110 nobody\r\n\r\n', 'LSL/110 404'],
    ['a query that cannot be read', "LSL:shortinfo\r\nname='\r\n", ''],
    ['random bytes', Buffer.from([0xff, 0x0a, 0xfe, 0x0a, 0x00]), 'LSL/110 400'],
  ])('%s gets a refusal and leaves the outlet working', async (_, request, answer) => {
    const { context } = testNetwork(PORT + 80);
    const outlet = await Outlet.create(context, { name: 'good', type: 'EEG' });
    cleanups.push(() => outlet.close());
    expect((await ask(outlet, request)).startsWith(answer)).toBe(true);
    expect(await ask(outlet, 'LSL:fullinfo\r\n')).toContain('<name>good</name>');
  });

  it('one that does not read loses the oldest samples; the others lose none', async () => {
    const network = testNetwork(PORT + 120);
    const outlet = await Outlet.create(
      network.context,
      { name: 'good', type: 'EEG', channelCount: 1000, nominalRate_hz: 1000, sourceId: 'slow' },
      { maxBuffered_s: 1 },
    );
    cleanups.push(() => outlet.close());
    const info = { ...outlet.info, v4: { ...outlet.info.v4, address: '127.0.0.1' } };
    const slow = netConnect(outlet.info.v4.dataPort, '127.0.0.1', () =>
      slow.write(`LSL:streamfeed/110 ${info.uid}\r\nMax-Buffer-Length: 100\r\n\r\n`),
    );
    slow.on('error', () => {});
    slow.pause();
    cleanups.push(() => slow.destroy());
    let received = 0;
    let done = (): void => {};
    const all = new Promise<void>((resolve) => {
      done = resolve;
    });
    const inlet = new Inlet(network.context, info, {
      samples: ({ times }) => {
        received += times.length;
        if (received === 20_000) done();
      },
    });
    cleanups.push(() => inlet.close());
    await inlet.open();
    while (outlet.consumers < 2) await new Promise((resolve) => setImmediate(resolve));
    const values = new Float32Array(100_000);
    for (let k = 0; k < 200; k++) {
      outlet.push(values, k);
      // The quick receiver reads between the chunks.
      while (received < (k + 1) * 100) await new Promise((resolve) => setImmediate(resolve));
    }
    await all;
    slow.resume();
    const { details } = await network.event('samples-dropped');
    expect(details!.samples).toBeGreaterThan(1000);
    expect(received).toBe(20_000);
  });
});

/** Runs out every delay at once. */
function fastClock(clock: ReturnType<typeof testNetwork>['context']['clock']): typeof clock {
  return {
    now: () => clock.now(),
    unix: () => clock.unix(),
    uptime: () => clock.uptime(),
    after: (_, action) => clock.after(0.05, action),
    every: (period_s, action) => clock.every(period_s, action),
  };
}
