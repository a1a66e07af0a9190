import { describe, expect, it } from 'vitest';
import { judgeStream } from '../../src/health/stream-health.js';
import type { StreamProbe } from '../../src/health/stream-probe.js';
import { channelsElement, declarationOf } from '../../src/io/lsl/declaration.js';
import { createStreamInfo, type StreamDescription } from '../../src/io/lsl/stream-info.js';
import { canonicalChunk, canonicalStreams } from '../../src/signal/dialects/canonical-stream.js';

interface Sent {
  readonly type?: string;
  readonly rate?: number;
  readonly unit?: string;
  readonly labels?: readonly string[] | null;
  readonly more?: Partial<StreamDescription>;
  /** Value of channel `c` at sample `i`. */
  readonly value?: (i: number, c: number) => number;
  readonly samples?: number;
  /** Stamp of the first sample, and rate of the stamps. */
  readonly start?: number;
  readonly stampRate?: number;
  readonly probe?: Partial<StreamProbe>;
}

const noise = (i: number, c: number) => 20 * Math.sin(i * (1.3 + c)) + 9 * Math.cos(i * 0.37);

/** A stream as it would be found and listened to for two seconds. */
function listen(sent: Sent = {}): StreamProbe {
  const { type = 'EEG', rate = 250, unit = 'microvolts', labels = ['Fp1', 'Cz'], value = noise } = sent;
  const { start = 5000, stampRate = rate || 10, samples = Math.round(2 * stampRate) } = sent;
  const described = (labels ?? ['', '']).map((label) => ({ label, unit, type: '' }));
  const info = createStreamInfo(
    {
      ...{ name: 'headset', type, sourceId: 'x1', nominalRate_hz: rate, channelCount: described.length },
      ...{ description: labels ? [channelsElement(described)] : [], ...sent.more },
    },
    { createdAt: 0, sessionId: 'default' },
  );
  const times = Float64Array.from({ length: samples }, (_, i) => start + i / stampRate);
  const values = Float64Array.from({ length: samples * described.length }, (_, k) =>
    value(Math.floor(k / described.length), k % described.length),
  );
  const parts = samples === 0 ? [] : canonicalStreams(declarationOf(info, info.name));
  return {
    ...{ info, failure: null, isMeasured: true, listened_s: 2, samples },
    lastStamp: times.at(-1) ?? Number.NaN,
    chunks: parts.map((part) => canonicalChunk(part, values, 'samples', times, false)),
    ...sent.probe,
  };
}

const told = (sent: Sent = {}) =>
  judgeStream(listen(sent)).map(
    ({ status, message, mend }) => `${status}: ${message}${mend ? ` -> ${mend}` : ''}`,
  );

describe('judgeStream', () => {
  it('has nothing to say of a sound stream', () => {
    expect(told()).toEqual(['ok: EEG, 250 Hz: 500 samples in 2 s']);
    expect(told({ type: 'Gaze', rate: 0, unit: 'norm', labels: ['x', 'y'], value: () => 0.5 })[0]).toContain(
      'ok:',
    );
    expect(told({ type: 'EDA', rate: 4, unit: 'uS', labels: ['gsr'], value: () => 3 })).toHaveLength(1);
    expect(told({ type: 'TEMP', rate: 4, unit: 'degC', labels: ['skin'], value: () => 33 })[0]).toContain(
      'ok:',
    );
  });

  it.each([
    [
      'connection',
      '10.0.0.2:16573: connect ECONNREFUSED',
      /problem: found by discovery.*ECONNREFUSED -> let TCP 16573/,
    ],
    [
      'timeout',
      "10.0.0.2:16573 doesn't answer within 3 s",
      /problem: .*doesn't answer.* -> let TCP 16573.*firewall of vm7/,
    ],
    ['malformed', 'wrong test pattern', /problem: .*wrong test pattern -> the sender breaks/],
  ] as const)('knows a firewall from a broken peer: %s', (code, message, expected) => {
    const probe = listen();
    const info = {
      ...probe.info,
      hostname: 'vm7',
      v4: { address: '10.0.0.2', dataPort: 16573, servicePort: 16574 },
    };
    const [{ status, message: text, mend }] = judgeStream({ ...probe, info, failure: { code, message } });
    expect(`${status}: ${text} -> ${mend}`).toMatch(expected);
  });

  it('knows a time service that nobody lets through', () => {
    const probe = listen({ probe: { isMeasured: false } });
    const info = { ...probe.info, v4: { address: '10.0.0.2', dataPort: 16573, servicePort: 16574 } };
    expect(judgeStream({ ...probe, info })[0]).toMatchObject({
      status: 'problem',
      message: expect.stringContaining("clock can't be measured"),
      mend: expect.stringContaining('UDP 16574'),
    });
  });

  it('tells of a stream that is advertised and gives nothing; markers may', () => {
    expect(told({ samples: 0 })[0]).toMatch(
      /^problem: advertised, but not one sample in 2 s -> switch the device on/,
    );
    expect(told({ samples: 0, type: 'Markers', rate: 0, more: { channelFormat: 'string' } })[0]).toMatch(
      /^ok/,
    );
  });

  it('tells of unix stamps, a missing source id, missing labels and units', () => {
    expect(told({ start: 1.7e9 })[0]).toMatch(/count from 1970.*local_clock/);
    expect(told({ more: { sourceId: '' } })[0]).toMatch(/no source id.*source_id/);
    const unlabelled = told({ labels: null });
    expect(unlabelled.join()).toMatch(/2 of 2 channels have no label.*labels:/);
    expect(unlabelled.join()).toMatch(/no unit for #1, #2.*declare the unit/);
  });

  it('asks for no label of a lone sensor, and takes coarse steps for what they are', () => {
    const steps = (i: number) => 62 + (i % 7 === 0 ? 1 : 0);
    expect(told({ type: 'ACC', rate: 32, unit: 'mg', labels: ['x', 'y', 'z'], value: steps })[0]).toMatch(
      /^ok/,
    );
    expect(told({ type: 'BVP', rate: 64, labels: null, value: (i) => 60 * Math.sin(i) })[0]).toMatch(/^ok/);
  });

  it('tells of a rate that is another than the stream says', () => {
    expect(told({ stampRate: 220 })[0]).toMatch(
      /^note: it says 250 Hz, and its stamps come at 220\.0 Hz -> samples are lost/,
    );
    expect(told({ stampRate: 500 })[0]).toMatch(/stamps come at 500\.0 Hz -> the program declares/);
    expect(told({ stampRate: 252 })).toEqual([expect.stringMatching(/^ok/)]);
  });

  it('tells of volts, millivolts and counts that are called microvolts', () => {
    const scaled = (factor: number) => told({ value: (i, c) => factor * noise(i, c) })[0];
    expect(scaled(1e-6)).toMatch(
      /^problem: EEG Fp1, Cz: moves by 0\.000016 uV, too small.*: volts declared as uV.* -> declare/,
    );
    expect(scaled(1e-3)).toMatch(/too small.*: millivolts declared as uV/);
    expect(scaled(1e3)).toMatch(/too large.*: nanovolts declared as uV/);
    expect(told({ unit: 'volts', value: (i, c) => 1e-6 * noise(i, c) })).toEqual([
      expect.stringMatching(/^ok/),
    ]);
    // A large offset is no large signal.
    expect(told({ value: (i, c) => 8e4 + noise(i, c) })).toEqual([expect.stringMatching(/^ok/)]);
  });

  it('tells of levels that no person has', () => {
    expect(told({ type: 'TEMP', rate: 4, unit: 'degC', labels: ['skin'], value: () => 306 })[0]).toMatch(
      /^problem: TEMP skin: about 3\.1e\+2 degC, where a person has 5 to 50/,
    );
  });

  it('tells of channels that are constant, at the limit, or missing', () => {
    expect(told({ value: (i, c) => (c === 0 ? 0 : noise(i, c)) })[0]).toMatch(
      /^note: EEG Fp1: constant -> a lead/,
    );
    expect(told({ value: (i, c) => (c === 1 && i % 50 !== 0 ? 187.5 : noise(i, c)) })[0]).toMatch(
      /^note: EEG Cz: at the amplifier's limit/,
    );
    expect(told({ value: (i, c) => (c === 1 ? Number.NaN : noise(i, c)) })[0]).toMatch(
      /^note: EEG Cz: only missing values/,
    );
  });
});
