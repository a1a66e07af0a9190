import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../../src/core/errors.js';
import type { Recording } from '../../../../src/io/recordings/recording.js';
import { xdf } from '../../../../src/io/recordings/xdf/xdf.js';
import { temporaryFolder } from '../../../setup/temporary-folder.js';
import { type ReadRecording, readRecording, samplesOf } from '../read-recording.js';
import * as b from '../xdf-bytes.js';

const folder = temporaryFolder();
let count = 0;

async function opened<T>(bytes: Uint8Array, use: (recording: Recording) => Promise<T>): Promise<T> {
  const path = join(folder, `${count++}.xdf`);
  writeFileSync(path, bytes);
  const recording = await xdf.open(path);
  try {
    return await use(recording);
  } finally {
    await recording.close();
    rmSync(path);
  }
}

const read = (bytes: Uint8Array, options = {}): Promise<ReadRecording & { problems: readonly string[] }> =>
  opened(bytes, async (recording) => ({
    ...(await readRecording(recording, options)),
    problems: recording.problems,
  }));

const file = (...chunks: Uint8Array[]) => Buffer.concat([b.magic, b.fileHeader, ...chunks]);
const only = (result: ReadRecording) => [...result.streams.values()][0];

describe('xdf', () => {
  it('reads literal bytes: written and deduced stamps', async () => {
    // 2 samples of 2 int16: 1, -2 at 10.5 s, then 3, 256 a quarter of a second later.
    const samples = Buffer.from(
      '011a030007000000010208' + '0000000000002540' + '0100feff' + '00' + '03000001',
      'hex',
    );
    expect(samples[1]).toBe(samples.length - 2);
    const { streams } = await read(
      file(b.streamHeader({ id: 7, format: 'int16', channels: 2, sfreq: 4 }), samples),
    );
    expect([...streams.values()]).toEqual([
      {
        times: [10.5, 10.75],
        data: [
          [1, 3],
          [-2, 256],
        ],
        gaps: [],
        chunks: 1,
      },
    ]);
  });

  it.each([
    ['int8', '80ff7f'],
    ['int16', '008000ffff7f'],
    ['int32', '0000008000ffffffffffff7f'],
    ['int64', '0000000000e0ffff00ffffffffffffffffffffffffff1f00'],
    ['float32', '000080c00000c07f0000003f'],
    ['double64', '00000000000010c0000000000000f87f000000000000e03f'],
  ])('reads %s', async (format, hex) => {
    const expected: Record<string, number[]> = {
      int8: [-128, -1, 127],
      int16: [-32768, -256, 32767],
      int32: [-2147483648, -256, 2147483647],
      int64: [-35184372088832, -256, 9007199254740991],
      float32: [-4, Number.NaN, 0.5],
      double64: [-4, Number.NaN, 0.5],
    };
    const result = await read(
      file(
        b.streamHeader({ id: 1, format, channels: 3 }),
        b.samples(1, [{ stamp: 1, values: Buffer.from(hex, 'hex') }]),
      ),
    );
    expect(only(result).data.map(([value]) => value)).toEqual(expected[format]);
  });

  it('gives string streams and numeric marker streams as markers', async () => {
    const { markers, streams } = await read(
      file(
        b.streamHeader({ id: 1, name: 'text', type: 'odd', format: 'string', sfreq: 0 }),
        b.streamHeader({ id: 2, name: 'codes', type: 'Markers', format: 'int8', sfreq: 0 }),
        b.streamHeader({ id: 3, name: 'pair', type: 'Markers', format: 'string', channels: 2, sfreq: 0 }),
        b.samples(1, [
          { stamp: 1, values: b.text('begin') },
          { stamp: 4, values: b.text('Pause ü') },
        ]),
        b.samples(2, [{ stamp: 2, values: Buffer.from([251]) }]),
        b.samples(3, [{ stamp: 3, values: Buffer.concat([b.text('a'), b.text('b')]) }]),
      ),
    );
    expect(markers).toEqual([
      { stream: 'text#1', time: 1, value: 'begin' },
      { stream: 'codes#2', time: 2, value: '-5' },
      { stream: 'pair#3', time: 3, value: '["a","b"]' },
      { stream: 'text#1', time: 4, value: 'Pause ü' },
    ]);
    expect([...streams.values()].every((stream) => stream.times.length === 0)).toBe(true);
  });

  it('merges streams by the first stamp of their chunks, between opens and closes', async () => {
    const { kinds, order } = await read(
      file(
        b.streamHeader({ id: 1 }),
        b.streamHeader({ id: 2, type: 'Markers', format: 'string', sfreq: 0 }),
        b.ramp(1, 0, 300, 5),
        b.samples(
          2,
          [1, 5.2, 6.9, 7.99].map((stamp) => ({ stamp, values: b.text('x') })),
        ),
      ),
    );
    expect(kinds.slice(0, 2)).toEqual(['open', 'open']);
    expect(kinds.slice(-2)).toEqual(['close', 'close']);
    expect(order).toEqual([...order].sort((x, y) => x - y));
    expect(order).toHaveLength(6 + 4);
  });

  it('uses descriptions of channels, and drops them when their number is wrong', async () => {
    const desc = (n: number) =>
      `<channels>${Array.from({ length: n }, (_, i) => `<channel><label>FP${i + 1}</label><unit>volts</unit></channel>`).join('')}</channels>`;
    const values = b.floats(1e-6, 2e-6);
    const header = { id: 1, channels: 2 };
    const good = await opened(
      file(b.streamHeader({ ...header, desc: desc(2) }), b.samples(1, [{ stamp: 0, values }])),
      async (recording) => ({ info: recording.streams[0].info, ...(await samplesOf(recording)) }),
    );
    expect(good.info.channels.map(({ label, unit }) => [label, unit])).toEqual([
      ['Fp1', 'uV'],
      ['Fp2', 'uV'],
    ]);
    expect(good.streams[0].data[1][0]).toBeCloseTo(2, 6);
    const bad = await read(
      file(b.streamHeader({ ...header, desc: desc(3) }), b.samples(1, [{ stamp: 0, values }])),
    );
    expect(bad.problems).toEqual([expect.stringContaining('describes 3 channels but has 2')]);
  });

  it('survives what occurs in the wild: odd footers, unknown chunks, dead streams, wide lengths', async () => {
    const result = await read(
      file(
        b.chunk(77, Buffer.from('from the future'), 8),
        b.streamHeader({ id: 1 }),
        b.streamHeader({ id: 2, name: 'dead' }),
        b.ramp(1, 0, 20, 3),
        b.footer(1, '<info><sample_count>20.0</sample_count></info>'),
        b.footer(2, '<info><sample_count></sample_count></info>'),
        b.footer(9, 'no xml'),
      ),
    );
    expect(result.problems).toEqual([]);
    expect([...result.streams.values()].map((s) => s.times.length)).toEqual([20, 0]);
  });

  it('brings streams of other computers onto the clock of the first by their offsets, or leaves the raw stamps', async () => {
    const bytes = file(
      b.streamHeader({ id: 1, desc: '' }),
      b.streamHeader({ id: 2, name: 'eyes', type: 'Gaze' }),
      b.clockOffset(1, 3, 100),
      b.clockOffset(2, 1003, -900),
      b.ramp(1, 0, 100, 3),
      b.ramp(2, 0, 100, 1003),
      b.ramp(1, 100, 100, 4),
      b.ramp(2, 100, 100, 1004),
      b.clockOffset(1, 5, 100),
      b.clockOffset(2, 1005, -900),
    );
    const [first, second] = [...(await read(bytes)).streams.values()];
    expect(first.times[150]).toBe(4.5);
    expect(second.times).toEqual(first.times);
    const raw = [...(await read(bytes, { clockSync: false })).streams.values()];
    expect(raw.map(({ times }) => times[150])).toEqual([4.5, 1004.5]);
  });

  it('cuts chunks at gaps and reports them', async () => {
    const bytes = file(b.streamHeader({ id: 1 }), b.ramp(1, 0, 130, 0), b.ramp(1, 130, 100, 5));
    const { stream, gaps } = await opened(bytes, async (recording) => ({
      stream: only(await readRecording(recording, { chunk: 50 })),
      gaps: recording.streams[0].gaps,
    }));
    expect(stream.gaps).toEqual([130]);
    expect(stream.chunks).toBe(3 + 2);
    expect(gaps).toEqual([{ from: expect.closeTo(1.29, 9), to: 5 }]);
  });

  it('places unix stamps beside LSL stamps by the order of the file, and says so', async () => {
    const parts = Array.from({ length: 20 }, (_, k) => [
      b.ramp(1, 10 * k, 10, 50 + k / 10),
      ...(k < 8 ? [] : [b.ramp(2, k - 8, 1, 1644226061 + (k - 8) / 10)]),
    ]).flat();
    const bytes = file(
      b.streamHeader({ id: 1 }),
      b.streamHeader({ id: 2, name: 'wrist', type: 'GSR', sfreq: 10 }),
      ...parts,
    );
    const result = await opened(bytes, async (recording) => ({
      aligned: recording.streams.map((stream) => stream.info.aligned),
      ...(await readRecording(recording)),
    }));
    expect(result.aligned).toEqual(['clock', 'assumed']);
    for (const [i, time] of result.streams.get('wrist#2')!.times.entries())
      expect(time).toBeCloseTo(50.89 + i / 10, 1);
    expect(result.events.filter(({ level }) => level === 'warn').map(({ code }) => code)).toContain(
      'stream-assumed-aligned',
    );
  });

  it('keeps unix stamps when there is nothing else', async () => {
    const bytes = file(b.streamHeader({ id: 1, sfreq: 4 }), b.ramp(1, 0, 8, 1644226061, 4));
    await opened(bytes, async (recording) => {
      expect(recording.zero_unix_s).toBe(0);
      expect(recording.streams[0]).toMatchObject({ first: 1644226061, info: { aligned: 'clock' } });
    });
  });

  it('goes on at the next boundary after damage', async () => {
    const parts = [
      b.streamHeader({ id: 1 }),
      b.ramp(1, 0, 40, 0),
      b.ramp(1, 40, 10, 0.4),
      b.boundary,
      b.ramp(1, 50, 50, 0.5),
    ];
    const bytes = file(...parts);
    const damaged = Buffer.from(bytes);
    const at = bytes.length - parts[4].length - parts[3].length - parts[2].length;
    damaged.fill(0xee, at, at + 12);
    const result = await read(damaged);
    expect(only(result).data[0]).toEqual([
      ...Array(40).keys(),
      ...Array.from({ length: 50 }, (_, i) => 50 + i),
    ]);
    expect(result.problems).toEqual([expect.stringContaining('reading goes on at byte')]);
  });

  it('finds its way back when a length is wrong', async () => {
    const first = b.ramp(1, 0, 40, 0);
    const wrong = Buffer.from(b.ramp(1, 40, 10, 0.4));
    wrong.writeUInt32LE(wrong.readUInt32LE(1) + 60, 1);
    const result = await read(
      file(
        b.streamHeader({ id: 1 }),
        first,
        wrong,
        b.boundary,
        b.ramp(1, 50, 50, 0.5),
        b.boundary,
        b.ramp(1, 100, 5, 1),
      ),
    );
    const values = only(result).data[0];
    expect(values.slice(0, 40)).toEqual([...Array(40).keys()]);
    expect(values.slice(-55)).toEqual(Array.from({ length: 55 }, (_, i) => 50 + i));
    expect(result.problems.length).toBeGreaterThan(0);
  });

  const sound = file(
    b.streamHeader({ id: 1, channels: 1 }),
    b.streamHeader({ id: 2, type: 'Markers', format: 'string', sfreq: 0 }),
    b.clockOffset(1, 0, 0.25),
    b.ramp(1, 0, 30, 0),
    b.boundary,
    b.samples(2, [{ stamp: 0.1, values: b.text('go') }]),
    b.ramp(1, 30, 30, 0.3),
    b.clockOffset(1, 1, 0.25),
    b.ramp(1, 60, 30, 0.6),
    b.footer(1, '<info><sample_count>90</sample_count></info>'),
  );

  it('reads a prefix of a file that was cut at any byte', async () => {
    const whole = await opened(sound, (recording) => samplesOf(recording));
    let readable = 0;
    for (let length = 0; length <= sound.length; length++) {
      try {
        const { streams, markers } = await opened(sound.subarray(0, length), (r) => samplesOf(r));
        for (const stream of streams) {
          const n = stream.times.length;
          const original = whole.streams.find((s) => s.id === stream.id)!;
          expect(stream.data).toEqual(original.data.map((values) => values.slice(0, n)));
          // Fewer tell no clock: they are placed by their arrival.
          if (n >= 3) expect(stream.times).toEqual(original.times.slice(0, n));
          readable = Math.max(readable, n);
        }
        expect(markers).toEqual(whole.markers.slice(0, markers.length));
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
        expect((error as Error).message).not.toContain('\n');
      }
    }
    expect(readable).toBe(90);
  });

  it('throws nothing but InputError on random bytes and random damage', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ maxLength: 400 }).map((noise) => Buffer.concat([b.magic, noise])),
          fc
            .tuple(fc.nat(sound.length - 1), fc.uint8Array({ minLength: 1, maxLength: 30 }))
            .map(([at, noise]) => {
              const bytes = Buffer.from(sound);
              bytes.set(noise.subarray(0, bytes.length - at), at);
              return bytes;
            }),
        ),
        async (bytes) => {
          try {
            await read(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(InputError);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('gives the same samples whatever the chunks', async () => {
    const jitter = Array.from({ length: 700 }, (_, i) => ({
      stamp: i / 100 + 0.004 * Math.sin(i * 12.9898) + (i > 400 ? 3 : 0),
      values: b.floats(i),
    }));
    const bytes = file(
      b.streamHeader({ id: 1 }),
      b.streamHeader({ id: 2, type: 'Gaze', sfreq: 0 }),
      b.clockOffset(1, 0, 7),
      b.samples(1, jitter.slice(0, 333)),
      b.clockOffset(1, 5, 7.002),
      b.samples(1, jitter.slice(333)),
      b.samples(
        2,
        jitter.filter((_, i) => i % 7 === 0),
      ),
    );
    const [natural, ...others] = await opened(bytes, async (recording) => [
      await samplesOf(recording),
      ...(await Promise.all([1, 7, 64, 4096].map((chunk) => samplesOf(recording, { chunk })))),
    ]);
    for (const other of others) expect(other).toEqual(natural);
    expect(natural.streams[0].gaps).toEqual([401]);
  });

  it('does not ask for memory that a header or a caller names', async () => {
    const bytes = file(b.streamHeader({ id: 1, sfreq: '5e15' }), b.ramp(1, 0, 3, 0, 1));
    expect(only(await read(bytes)).times).toHaveLength(3);
    expect(only(await read(bytes, { chunk: 1e12 })).times).toHaveLength(3);
  });

  it('refuses a file without a readable sample in one line', async () => {
    for (const bytes of [file(), file(b.streamHeader({ id: 1 })), Buffer.from('not xdf at all')])
      await expect(opened(bytes, async () => {})).rejects.toThrow(InputError);
  });
});
