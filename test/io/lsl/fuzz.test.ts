import { expect, it } from 'vitest';
import { type ChannelFormat, channelFormats } from '../../../src/io/lsl/channel-format.js';
import { parseConfig } from '../../../src/io/lsl/config.js';
import { LslError } from '../../../src/io/lsl/lsl-error.js';
import { compileQuery } from '../../../src/io/lsl/query.js';
import {
  createStreamInfo,
  formatInfo,
  infoElement,
  type LslStreamInfo,
  parseInfo,
} from '../../../src/io/lsl/stream-info.js';
import { headerEnd, parseFeedRequest, parseFeedResponse } from '../../../src/io/lsl/wire/feed-header.js';
import { ArchiveDecoder, ArchiveEncoder } from '../../../src/io/lsl/wire/portable-archive.js';
import { sampleDecoder } from '../../../src/io/lsl/wire/sample-decoder.js';
import { encodeSamples, testPattern } from '../../../src/io/lsl/wire/sample-encoder.js';
import { xmlElement } from '../../../src/io/lsl/xml.js';

/** Mutated inputs of each parser; `LSL_FUZZ=1000000` for the long run. */
const INPUTS = Number(process.env.LSL_FUZZ ?? 20_000);

/** xorshift32: the same inputs in every run. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const infoOf = (channelFormat: ChannelFormat): LslStreamInfo =>
  createStreamInfo(
    {
      name: 'Fuzz "&" <x>',
      type: 'EEG',
      channelCount: 3,
      channelFormat,
      nominalRate_hz: 100,
      sourceId: 'id',
      description: [xmlElement('channels', [xmlElement('channel', [xmlElement('label', 'Fp1')])])],
    },
    { createdAt: 1.5, sessionId: 'default' },
  );

interface Target {
  readonly name: string;
  readonly seeds: readonly Buffer[];
  readonly parse: (bytes: Buffer) => unknown;
}

const infos = channelFormats.map(infoOf);
const element = infoElement(infos[0], 'full');
const targets: readonly Target[] = [
  {
    name: 'info',
    seeds: infos.map((info) => Buffer.from(formatInfo(info, 'full'))),
    parse: (bytes) => parseInfo(bytes.toString('utf8')),
  },
  {
    name: 'query',
    seeds: [
      "session_id='default' and name='x' and starts-with(type,'E') and count(desc/channels/channel)>1",
      '//channel[label=\'Fp1\'][1]/../label | not(contains(name,"a")) or channel_count>=3',
    ].map((text) => Buffer.from(text)),
    parse: (bytes) => compileQuery(bytes.toString('utf8'))(element),
  },
  {
    name: 'answer',
    seeds: [Buffer.from(`LSL/110 200 OK\r\nUID: ${infos[0].uid}\r\nByte-Order: 1234\r\n\r\n`)],
    parse: (bytes) => {
      const header = headerEnd(bytes);
      return header && parseFeedResponse(header.text, infos[0]);
    },
  },
  {
    name: 'request',
    seeds: [Buffer.from('LSL:streamfeed/110 \r\nNative-Byte-Order: 1234\r\nMax-Buffer-Length: 3\r\n\r\n')],
    parse: (bytes) => {
      const header = headerEnd(bytes);
      return header && parseFeedRequest(header.text, infos[0]);
    },
  },
  ...infos.flatMap((info): Target[] => {
    const batch = { ...testPattern(info.channelFormat, 3, 4), deduced: false };
    const archive = new ArchiveEncoder(info);
    return [
      {
        name: `samples ${info.channelFormat}`,
        seeds: [Buffer.concat([encodeSamples(batch, false), encodeSamples(batch, false)])],
        parse: (bytes) =>
          sampleDecoder(info, { bigEndian: bytes.length % 2 === 0, suppressSubnormals: true }).decode(bytes),
      },
      {
        name: `archive ${info.channelFormat}`,
        seeds: [Buffer.concat([archive.header(), archive.encode(batch), archive.encode(batch)])],
        parse: (bytes) => {
          const decoder = new ArchiveDecoder(info);
          const start = decoder.decodeHeader(bytes);
          return start && decoder.decode(bytes.subarray(start.used));
        },
      },
    ];
  }),
];

function mutate(seed: Buffer, random: (below: number) => number): Buffer {
  const bytes = Buffer.from(seed);
  const changes = 1 + random(4);
  for (let k = 0; k < changes; k++) {
    const at = random(bytes.length);
    switch (random(4)) {
      case 0:
        bytes[at] ^= 1 << random(8);
        break;
      case 1:
        bytes[at] = [0, 1, 0x7f, 0x80, 0xff, 0x3c, 0x27, 0x28][random(8)];
        break;
      case 2:
        bytes.copyWithin(at, random(bytes.length));
        break;
      default:
        return bytes.subarray(0, at);
    }
  }
  return bytes;
}

it.each(targets)(
  `$name survives ${INPUTS} mutated inputs: each parses or is refused`,
  ({ seeds, parse }) => {
    const random = generator(20_260_801);
    const outcomes = { parsed: 0, refused: 0 };
    for (let i = 0; i < INPUTS; i++) {
      const bytes = mutate(seeds[random(seeds.length)], random);
      try {
        parse(bytes);
        outcomes.parsed++;
      } catch (error) {
        if (!(error instanceof LslError)) throw error;
        outcomes.refused++;
      }
    }
    expect(outcomes.parsed).toBeGreaterThan(INPUTS / 50);
    expect(outcomes.refused).toBeGreaterThan(INPUTS / 50);
  },
  3_600_000,
);

it('reads whole samples whatever the pieces in which they come', () => {
  const random = generator(7);
  for (const info of infos) {
    const batch = { ...testPattern(info.channelFormat, 3, 4), deduced: false };
    const stream = Buffer.concat(Array.from({ length: 20 }, () => encodeSamples(batch, true)));
    const decoder = sampleDecoder(info, { bigEndian: true, suppressSubnormals: false });
    let waiting = Buffer.alloc(0);
    let samples = 0;
    for (let at = 0; at < stream.length; ) {
      const next = Math.min(stream.length, at + 1 + random(30));
      waiting = Buffer.concat([waiting, stream.subarray(at, next)]);
      at = next;
      const { batch: got, used } = decoder.decode(waiting);
      waiting = waiting.subarray(used);
      if (!got) continue;
      for (let i = 0; i < got.times.length; i++)
        expect([...got.values.slice(3 * i, 3 * i + 3)]).toEqual([...batch.values]);
      samples += got.times.length;
    }
    expect(samples).toBe(20);
  }
});

it('refuses settings that are none', () => {
  expect(() => parseConfig('nonsense', 'x.cfg')).toThrow('x.cfg');
  expect(() => parseConfig('[ports]\nBasePort = many', 'x.cfg')).toThrow('BasePort');
  expect(parseConfig('[lab]\nKnownPeers = {a, b}\nSessionID = s\n', 'x.cfg')).toMatchObject({
    knownPeers: ['a', 'b'],
    sessionId: 's',
    multicastPort: 16_571,
  });
});
