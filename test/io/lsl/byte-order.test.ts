import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NumericFormat, numericLayouts, type SampleBatch } from '../../../src/io/lsl/channel-format.js';
import { Inlet, type InletOptions } from '../../../src/io/lsl/inlet.js';
import { Outlet } from '../../../src/io/lsl/outlet.js';
import { resolveStreams } from '../../../src/io/lsl/resolver.js';
import type { LslStreamInfo } from '../../../src/io/lsl/stream-info.js';
import { cleanUpAfterEach } from '../../setup/clean-up-after-each.js';
import { LiblslOracle, liblsl, type OracleStream, testNetwork } from './liblsl-oracle.js';
import { ownPorts } from './own-ports.js';
import { relayOutlet } from './relayed-outlet.js';

const PORT = await ownPorts();
/** Receivers that must not find the outlet itself, but the relay before it, look here. */
const RELAY_PORT = PORT + 100;
const { context } = testNetwork(PORT);
const { cleanups } = cleanUpAfterEach();

const formats = [...(Object.keys(numericLayouts) as NumericFormat[]), 'string'] as const;
const SAMPLES = 30;
const times = Float64Array.from({ length: SAMPLES }, (_, i) => 1000.123456789 + i / 7);
const texts = Array.from({ length: 2 * SAMPLES }, (_, i) => 'é漢😀'.repeat(i * (i % 3 === 0 ? 40 : 1)));

function valuesOf(format: (typeof formats)[number]): SampleBatch['values'] {
  if (format === 'string') return texts;
  const values = numericLayouts[format].values(2 * SAMPLES);
  for (let i = 0; i < values.length; i++) {
    const number = ((i * 7919) % 255) - 127;
    values[i] = (values instanceof BigInt64Array ? BigInt(number) * 2n ** 40n : number * 1.1) as never;
  }
  return values;
}

/** A receiver on a machine whose numbers begin with their high byte, as the outlet sees it. */
const otherOrder = (request: string): string => {
  expect(request).toContain('Native-Byte-Order: 1234');
  return request.replace('Native-Byte-Order: 1234', 'Native-Byte-Order: 4321');
};

async function relay(outlet: LslStreamInfo, request: (text: string) => string) {
  const relayed = await relayOutlet(outlet, {
    discoveryPort: RELAY_PORT + 20,
    request,
    after: (delay_s, action) => void context.clock.after(delay_s, action),
  });
  cleanups.push(() => relayed.close());
  return relayed.info;
}

function receive(info: LslStreamInfo): {
  readonly opened: Promise<void>;
  readonly all: Promise<SampleBatch>;
} {
  const parts: SampleBatch[] = [];
  let finish = (_: SampleBatch): void => {};
  const all = new Promise<SampleBatch>((resolve) => {
    finish = resolve;
  });
  const options: InletOptions = {
    samples: (batch) => {
      parts.push(batch);
      const stamps = parts.flatMap((part) => [...part.times]);
      const values = parts.flatMap((part) => [...part.values]);
      if (stamps.length >= SAMPLES) finish({ times: Float64Array.from(stamps), values: values as never });
    },
  };
  const inlet = new Inlet(context, info, options);
  cleanups.push(() => inlet.close());
  return { opened: inlet.open(), all };
}

const offer = async (format: (typeof formats)[number], sourceId: string) => {
  const declared = { name: sourceId, type: 'EEG', channelCount: 2, channelFormat: format, sourceId };
  const outlet = await Outlet.create(context, declared);
  cleanups.push(() => outlet.close());
  return outlet;
};

describe('a receiver of the other byte order', () => {
  it.each(formats)('gets its own from our outlet, and our inlet reads it (%s)', async (format) => {
    const outlet = await offer(format, `own-${format}`);
    let order = '';
    const info = await relay(
      { ...outlet.info, v4: { ...outlet.info.v4, address: '127.0.0.1' } },
      (request) => {
        order = otherOrder(request);
        return order;
      },
    );
    const { opened, all } = receive(info);
    await opened;
    outlet.push(valuesOf(format), times);
    const got = await all;
    expect(order).toContain('4321');
    expect([...got.times]).toEqual([...times]);
    expect([...got.values]).toEqual([...valuesOf(format)]);
  });

  it('is told so: the bytes on the wire begin with the high one', async () => {
    const outlet = await offer('int16', 'wire');
    const socket = connect(outlet.info.v4.dataPort, '127.0.0.1', () =>
      socket.write(`LSL:streamfeed/110 ${outlet.info.uid}\r\nNative-Byte-Order: 4321\r\n\r\n`),
    );
    cleanups.push(() => socket.destroy());
    let bytes = Buffer.alloc(0);
    const marked = new Promise<void>((resolve) => {
      socket.on('data', (more: Buffer) => {
        bytes = Buffer.concat([bytes, more]);
        if (bytes.includes(Buffer.of(0x12, 0x34, 0x56, 0x78))) resolve();
      });
    });
    await outlet.waitForConsumers(10);
    outlet.push(Int16Array.of(0x1234, 0x5678), Float64Array.of(1));
    await marked;
    expect(bytes.toString('latin1')).toContain('Byte-Order: 4321');
  });

  describe.skipIf(!liblsl)('and the real liblsl', () => {
    let near: LiblslOracle;
    let far: LiblslOracle;
    beforeAll(() => {
      near = new LiblslOracle(PORT);
      far = new LiblslOracle(RELAY_PORT);
    });
    afterAll(() => Promise.all([near.kill(), far.kill()]));

    const numeric = formats.filter((format) => format !== 'string' && format !== 'int8');
    const declare = (format: (typeof formats)[number], sourceId: string): OracleStream => ({
      name: sourceId,
      type: 'EEG',
      channels: 2,
      format,
      rate: 0,
      sourceId,
    });

    it.each(numeric)('which writes the other order for our inlet (%s)', async (format) => {
      const id = await near.createOutlet(declare(format, `near-${format}`));
      const query = `source_id='near-${format}'`;
      const [found] = await resolveStreams(context, { query, minimum: 1, timeout_s: 10 });
      const info = await relay(found, otherOrder);
      const { opened, all } = receive(info);
      await opened;
      await near.waitForConsumers(id);
      await near.push(id, valuesOf(format) as never, times);
      const got = await all;
      expect([...got.times]).toEqual([...times]);
      expect([...got.values]).toEqual([...valuesOf(format)]);
      await near.destroyOutlet(id);
    });

    it.each(numeric)('which reads the other order from our outlet (%s)', async (format) => {
      const outlet = await offer(format, `far-${format}`);
      await relay({ ...outlet.info, v4: { ...outlet.info.v4, address: '127.0.0.1' } }, (request) =>
        request.includes('streamfeed') ? otherOrder(request) : request,
      );
      const opened = await far.openInlet(`source_id='far-${format}'`);
      await outlet.waitForConsumers(10);
      outlet.push(valuesOf(format), times);
      const got = await far.pull(opened!.id, declare(format, `far-${format}`), SAMPLES);
      expect([...got.times]).toEqual([...times]);
      expect([...got.values]).toEqual([...valuesOf(format)]);
      far.destroyInlet(opened!.id);
    });
  });
});

describe('what a receiver asks for', () => {
  /** The answer's head, and what goes over the wire after the test samples. */
  async function written(header: string, samples: number): Promise<{ head: string; all: Buffer }> {
    const outlet = await offer('float32', 'asked');
    const socket = connect(outlet.info.v4.dataPort, '127.0.0.1', () =>
      socket.write(`LSL:streamfeed/110 ${outlet.info.uid}\r\n${header}\r\n`),
    );
    cleanups.push(() => socket.destroy());
    const parts: Buffer[] = [];
    let arrived = (): void => {};
    socket.on('data', (bytes: Buffer) => {
      parts.push(bytes);
      arrived();
    });
    const until = (fits: (all: Buffer) => boolean) =>
      new Promise<void>((resolve) => {
        arrived = () => fits(Buffer.concat(parts)) && resolve();
        arrived();
      });
    await outlet.waitForConsumers(10);
    // Two test samples of two values each.
    await until((all) => all.length >= all.indexOf('\r\n\r\n') + 4 + 2 * 17 && all.includes('\r\n\r\n'));
    const before = Buffer.concat(parts).length;
    outlet.push(
      Float32Array.from({ length: 2 * samples }, (_, i) => i),
      500,
    );
    const marker = Buffer.from(Float32Array.of(2 * samples - 1).buffer);
    await until((all) => all.subarray(before).includes(marker));
    const all = Buffer.concat(parts);
    return { head: all.toString('latin1', 0, all.indexOf('\r\n\r\n')), all: all.subarray(before) };
  }

  it('chunks of so many samples at most: each begins with a stamp of its own', async () => {
    const { all } = await written('Max-Chunk-Length: 4\r\n', 10);
    const tags: number[] = [];
    for (let at = 0; at < all.length; at += all[at] === 2 ? 17 : 9) tags.push(all[at]);
    expect(tags).toEqual([2, 1, 1, 1, 2, 1, 1, 1, 2, 1]);
  });

  it('the older data protocol, which its answer confirms', async () => {
    const { head } = await written('Data-Protocol-Version: 100\r\n', 1);
    expect(head).toContain('Data-Protocol-Version: 100');
  });

  it('no subnormal numbers', async () => {
    const { head } = await written('Supports-Subnormals: 0\r\n', 1);
    expect(head).toContain('Suppress-Subnormals: 1');
  });
});
