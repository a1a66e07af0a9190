import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import {
  type ChannelFormat,
  type NumericFormat,
  type NumericValues,
  numericLayouts,
  type SampleBatch,
} from '../../../src/io/lsl/channel-format.js';
import { Inlet, type InletOptions } from '../../../src/io/lsl/inlet.js';
import { Outlet } from '../../../src/io/lsl/outlet.js';
import { resolveStreams } from '../../../src/io/lsl/resolver.js';
import { type LslStreamInfo, parseInfo } from '../../../src/io/lsl/stream-info.js';
import { ArchiveDecoder, ArchiveEncoder } from '../../../src/io/lsl/wire/portable-archive.js';
import { testPattern, testPatternOffsets } from '../../../src/io/lsl/wire/sample-encoder.js';
import { xmlElement } from '../../../src/io/lsl/xml.js';
import { LiblslOracle, liblsl, type OracleStream, testNetwork } from './liblsl-oracle.js';
import { ownPorts } from './own-ports.js';

const PORT = await ownPorts();
const numericFormats = Object.keys(numericLayouts) as NumericFormat[];

/** Values at the format's edges and between. */
function valuesOf(format: NumericFormat, length: number): NumericValues {
  const values = numericLayouts[format].values(length);
  const bytes = new Uint8Array(values.buffer);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 73 + (i >> 3) * 31) & 0xff;
  if (values instanceof Float32Array || values instanceof Float64Array)
    for (let i = 0; i < length; i++) values[i] = [0, -0, 1e-40, 1 / 3, -1e30, 123456.789][i % 6] * (i + 1);
  return values;
}

const bytesOf = (values: SampleBatch['values']): Buffer | readonly string[] =>
  'buffer' in values ? Buffer.from(values.buffer, values.byteOffset, values.byteLength) : values;

const stampsOf = (n: number): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => 1000.123456789 + i * 0.0123456789);

/** Gathers what an inlet gives until there are `samples`. */
function gather(samples: number): { readonly options: InletOptions; readonly all: Promise<SampleBatch> } {
  const times: number[] = [];
  const parts: SampleBatch['values'][] = [];
  let finish = (_: SampleBatch): void => {};
  const all = new Promise<SampleBatch>((resolve) => {
    finish = resolve;
  });
  return {
    all,
    options: {
      samples: (batch) => {
        times.push(...batch.times);
        parts.push(batch.values);
        if (times.length < samples) return;
        const [first] = parts;
        const values =
          'buffer' in first
            ? Buffer.concat(parts.map((part) => bytesOf(part) as Buffer))
            : (parts.flat() as unknown as string[]);
        finish({ times: Float64Array.from(times), values: values as never });
      },
    },
  };
}

// liblsl takes a second to find a stream: several tests wait for theirs at a time.
describe.skipIf(!liblsl)('the real liblsl', { concurrent: true }, () => {
  const { context } = testNetwork(PORT);
  let oracle: LiblslOracle;
  beforeAll(() => {
    oracle = new LiblslOracle(PORT);
  });
  afterAll(() => oracle.kill());

  async function find(sourceId: string): Promise<LslStreamInfo> {
    const query = `source_id='${sourceId}'`;
    const [info] = await resolveStreams(context, { query, minimum: 1, timeout_s: 10 });
    expect(info).toBeDefined();
    return info;
  }

  async function receive({ onTestFinished }: TestContext, info: LslStreamInfo, samples: number) {
    const { options, all } = gather(samples);
    const inlet = new Inlet(context, info, options);
    onTestFinished(() => inlet.close());
    await inlet.open();
    return { inlet, all };
  }

  async function offer({ onTestFinished }: TestContext, declared: Parameters<typeof Outlet.create>[1]) {
    const outlet = await Outlet.create(context, declared);
    onTestFinished(() => outlet.close());
    return outlet;
  }

  const stream = (format: ChannelFormat, rate: number, direction: string): OracleStream => ({
    name: `Device ${format}`,
    type: format === 'string' ? 'Markers' : 'EEG',
    channels: 3,
    format,
    rate,
    sourceId: `${direction}-${format}-${rate}`,
    labels: ['Fp1', 'µ<&>"é', '漢字'],
  });

  it('has the same clock', async () => {
    const before = context.clock.now();
    const { clock } = await oracle.info();
    const after = context.clock.now();
    expect(clock).toBeGreaterThanOrEqual(before);
    expect(clock).toBeLessThanOrEqual(after);
  });

  for (const format of numericFormats)
    for (const rate of [0, 250])
      it(`sends ${format} at ${rate} Hz: samples and stamps arrive byte for byte`, async (test) => {
        const declared = stream(format, rate, 'in');
        const id = await oracle.createOutlet(declared);
        const { all } = await receive(test, await find(declared.sourceId), 40);
        await oracle.waitForConsumers(id);
        const values = valuesOf(format, 120);
        const times = stampsOf(40);
        await oracle.push(id, values, times);
        const got = await all;
        expect(Buffer.compare(got.values as never, bytesOf(values) as Buffer)).toBe(0);
        expect([...got.times]).toEqual([...times]);
        await oracle.destroyOutlet(id);
      });

  for (const format of numericFormats)
    for (const rate of [0, 250])
      it(`receives ${format} at ${rate} Hz: samples and stamps arrive byte for byte`, async (test) => {
        const declared = stream(format, rate, 'out');
        const outlet = await offer(test, {
          name: declared.name,
          type: declared.type,
          channelCount: 3,
          channelFormat: format,
          nominalRate_hz: rate,
          sourceId: declared.sourceId,
        });
        const opened = await oracle.openInlet(`source_id='${declared.sourceId}'`);
        await outlet.waitForConsumers(10);
        const values = valuesOf(format, 120);
        const times = stampsOf(40);
        outlet.push(values, times);
        const got = await oracle.pull(opened!.id, declared, 40);
        expect(got.error).toBe(0);
        expect(Buffer.compare(bytesOf(got.values) as Buffer, bytesOf(values) as Buffer)).toBe(0);
        expect([...got.times]).toEqual([...times]);
        oracle.destroyInlet(opened!.id);
      });

  const texts = ['a', '', 'x'.repeat(300), 'é漢😀', 'y'.repeat(70_000), '<&>', 'last', '1', '2'];

  it('sends markers in protocol 1.10 (an outlet of 1.10 needs Value-Size 8)', async (test) => {
    const declared = stream('string', 0, 'in');
    const id = await oracle.createOutlet(declared);
    const { all } = await receive(test, await find(declared.sourceId), 3);
    await oracle.waitForConsumers(id);
    await oracle.push(id, texts, stampsOf(3));
    const got = await all;
    expect(got.values).toEqual(texts);
    expect([...got.times]).toEqual([...stampsOf(3)]);
    await oracle.destroyOutlet(id);
  });

  it('receives markers', async (test) => {
    const declared = stream('string', 0, 'out');
    const outlet = await offer(test, {
      name: declared.name,
      type: 'Markers',
      channelCount: 3,
      channelFormat: 'string',
      sourceId: declared.sourceId,
    });
    const opened = await oracle.openInlet(`source_id='${declared.sourceId}'`);
    await outlet.waitForConsumers(10);
    outlet.push(texts, stampsOf(3));
    const got = await oracle.pull(opened!.id, declared, 3);
    expect(got.values).toEqual(texts);
    expect([...got.times]).toEqual([...stampsOf(3)]);
    oracle.destroyInlet(opened!.id);
  });

  it('sends deduced stamps: each follows the one before by the nominal rate', async (test) => {
    const declared = { ...stream('float32', 250, 'in'), sourceId: 'deduced-in' };
    const id = await oracle.createOutlet(declared);
    const { all } = await receive(test, await find(declared.sourceId), 20);
    await oracle.waitForConsumers(id);
    await oracle.push(id, valuesOf('float32', 60), 500.076);
    const { times } = await all;
    for (const [i, time] of times.entries()) expect(time).toBeCloseTo(500 + i * 0.004, 9);
    await oracle.destroyOutlet(id);
  });

  it('receives deduced stamps', async (test) => {
    const declared = { ...stream('float32', 250, 'out'), sourceId: 'deduced-out' };
    const outlet = await offer(test, {
      name: 'deduced',
      type: 'EEG',
      channelCount: 3,
      nominalRate_hz: 250,
      sourceId: declared.sourceId,
    });
    const opened = await oracle.openInlet(`source_id='${declared.sourceId}'`);
    await outlet.waitForConsumers(10);
    outlet.push(valuesOf('float32', 60), 500.076);
    const { times } = await oracle.pull(opened!.id, declared, 20);
    expect(times).toHaveLength(20);
    for (const [i, time] of times.entries()) expect(time).toBeCloseTo(500 + i * 0.004, 9);
    oracle.destroyInlet(opened!.id);
  });

  it('describes its stream: labels and units, UTF-8 and entities', async (test) => {
    const declared = { ...stream('float32', 250, 'in'), sourceId: 'described-in' };
    const id = await oracle.createOutlet(declared);
    const { inlet } = await receive(test, await find(declared.sourceId), 1);
    const full = await inlet.fullInfo();
    const channels = full.description.find(({ name }) => name === 'channels')!;
    expect(channels.children.map(({ children }) => children.map(({ text }) => text))).toEqual(
      declared.labels!.map((label) => [label, 'microvolts']),
    );
    await oracle.destroyOutlet(id);
  });

  it('reads our description, every character of it', async (test) => {
    const label = 'µV <&> "é" \'漢字\' 😀';
    const outlet = await offer(test, {
      name: 'Gerät & "Co"',
      type: 'EEG',
      channelCount: 1,
      sourceId: 'described-out',
      description: [xmlElement('channels', [xmlElement('channel', [xmlElement('label', label)])])],
    });
    const opened = await oracle.openInlet("source_id='described-out'");
    const read = parseInfo(opened!.xml);
    expect(read.name).toBe('Gerät & "Co"');
    expect(read.description[0].children[0].children[0].text).toBe(label);
    expect({ ...read, v4: null, v6: null }).toEqual({ ...outlet.info, v4: null, v6: null });
    oracle.destroyInlet(opened!.id);
  });

  for (const query of [
    "type='EEG' and starts-with(name,'Quer') and contains(hostname,'') and count(desc/channels/channel)=2",
    "source_id='query' or name='nobody'",
    "desc/channels/channel/label='Cz' and channel_count>1 and not(name='x')",
  ])
    it.sequential(`asks for ${query} and finds our outlet`, async (test) => {
      const channels = ['Cz', 'Pz'].map((l) => xmlElement('channel', [xmlElement('label', l)]));
      const description = [xmlElement('channels', channels)];
      const base = { type: 'EEG', channelCount: 2, sourceId: 'query' };
      await offer(test, { ...base, name: 'Query', description });
      await offer(test, { ...base, name: 'other', sourceId: 'z', type: 'Gaze' });
      const opened = await oracle.openInlet(query);
      expect(parseInfo(opened!.xml).name).toBe('Query');
      oracle.destroyInlet(opened!.id);
    });

  for (const format of [...numericFormats, 'string'] as const)
    it(`speaks protocol 1.00 in ${format}: what it writes we read, and write the same bytes`, async () => {
      const declared = { ...stream(format, 100, 'in'), sourceId: `old-${format}` };
      const id = await oracle.createOutlet(declared);
      const info = await find(declared.sourceId);
      const values = format === 'string' ? texts : valuesOf(format, 9);
      const times = stampsOf(3);
      const socket = connect(info.v4.dataPort, '127.0.0.1', () =>
        socket.write('LSL:streamfeed\r\n360 0\r\n'),
      );
      let bytes = Buffer.alloc(0);
      const decoder = new ArchiveDecoder(info);
      const samples: SampleBatch[] = [];
      const written: Buffer[] = [];
      await new Promise<void>((resolve) => {
        let at = 0;
        let begun = false;
        socket.on('data', (more: Buffer) => {
          bytes = Buffer.concat([bytes, more]);
          if (!begun) {
            const start = decoder.decodeHeader(bytes);
            if (!start) return;
            begun = true;
            at = start.used;
            expect(parseInfo(start.info).uid).toBe(info.uid);
            written.push(bytes.subarray(0, at));
            void oracle.waitForConsumers(id).then(() => oracle.push(id, values as never, times));
          }
          const { batch, used } = decoder.decode(bytes.subarray(at));
          at += used;
          if (batch) samples.push(batch);
          if (samples.reduce((sum, { times: t }) => sum + t.length, 0) === 5) resolve();
        });
      });
      socket.destroy();
      const got = samples.flatMap((batch) => [...batch.values]);
      const own = [...values];
      const same = (a: unknown, b: unknown) => Object.is(a, b) || (a === 0 && b === 0);
      expect(got.slice(6).every((value, i) => same(value, own[i]))).toBe(true);
      expect(samples.flatMap((batch) => [...batch.times]).slice(2)).toEqual([...times]);
      const encoder = new ArchiveEncoder(info);
      const ours = Buffer.concat([
        ...testPatternOffsets.map((offset) =>
          encoder.encode({ ...testPattern(format, 3, offset), deduced: false }),
        ),
        encoder.encode({ values: values as never, times, deduced: false }),
      ]);
      expect(Buffer.compare(bytes.subarray(written[0].length), ours)).toBe(0);
      await oracle.destroyOutlet(id);
    });

  it.sequential('measures our clock, and we measure its: both none apart on one machine', async (test) => {
    const declared = { ...stream('float32', 250, 'in'), sourceId: 'clock-in' };
    const id = await oracle.createOutlet(declared);
    const ours = await new Promise<number>((resolve) => {
      void find(declared.sourceId).then((info) => {
        const inlet = new Inlet(context, info, {
          samples: () => {},
          measured: ({ offset }) => resolve(offset),
        });
        test.onTestFinished(() => inlet.close());
        return inlet.open();
      });
    });
    await offer(test, { name: 'clock', type: 'EEG', sourceId: 'clock-out' });
    const opened = await oracle.openInlet("source_id='clock-out'");
    const theirs = await oracle.timeCorrection(opened!.id);
    expect(theirs.error).toBe(0);
    expect(Math.abs(ours)).toBeLessThan(1e-3);
    expect(Math.abs(theirs.offset)).toBeLessThan(1e-3);
    oracle.destroyInlet(opened!.id);
    await oracle.destroyOutlet(id);
  });
});
