import { VirtualClock } from '../../src/core/clock.js';
import { type ChannelFormat, channelFormats } from '../../src/io/lsl/channel-format.js';
import { parseConfig } from '../../src/io/lsl/config.js';
import { declarationOf, subjectOf } from '../../src/io/lsl/declaration.js';
import { compileQuery } from '../../src/io/lsl/query.js';
import { readAnnouncement } from '../../src/io/lsl/resolver.js';
import { createStreamInfo, formatInfo, infoElement, parseInfo } from '../../src/io/lsl/stream-info.js';
import { type ProbeTransport, TimeCorrection } from '../../src/io/lsl/time-correction.js';
import { matchesQuery, readDiscovery, readTimeQuestion } from '../../src/io/lsl/udp-service.js';
import {
  formatFeedRequest,
  formatFeedResponse,
  headerEnd,
  parseFeedRequest,
  parseFeedResponse,
} from '../../src/io/lsl/wire/feed-header.js';
import { ArchiveDecoder, ArchiveEncoder } from '../../src/io/lsl/wire/portable-archive.js';
import { sampleDecoder } from '../../src/io/lsl/wire/sample-decoder.js';
import { encodeSamples, testPattern } from '../../src/io/lsl/wire/sample-encoder.js';
import { xmlElement } from '../../src/io/lsl/xml.js';
import { canonicalStreams } from '../../src/signal/dialects/canonical-stream.js';
import type { Seed } from './mutation.js';
import { type FuzzParser, seed, textSeed } from './parser.js';

/** The same in every process, on every machine. */
const sent = { uid: '8ba9d6b5-3f0c-4d3e-9a55-0f6a1de4c0aa', hostname: 'lab' };

const infoOf = (channelFormat: ChannelFormat, type = 'EEG') => ({
  ...createStreamInfo(
    {
      ...{ name: 'Fuzz "&" <x>', type, channelFormat, channelCount: 3, nominalRate_hz: 100, sourceId: 'id' },
      description: [
        xmlElement(
          'channels',
          ['Fp1', 'Fp2', 'Cz'].map((label) =>
            xmlElement('channel', [xmlElement('label', label), xmlElement('unit', 'microvolts')]),
          ),
        ),
        xmlElement('affectd', [xmlElement('simulated', 'true')]),
        xmlElement('subject', [xmlElement('id', 'P1')]),
      ],
    },
    { createdAt: 1.5, sessionId: 'default' },
  ),
  ...sent,
});

const infos = channelFormats.map((format) => infoOf(format));
const [info] = infos;
const element = infoElement(info, 'full');
const queries = [
  "session_id='default' and name='x' and starts-with(type,'E') and count(desc/channels/channel)>1",
  "//channel[label='Fp1'][1]/label or desc//unit",
  'not(contains(name,"a")) or channel_count>=3',
  "name!='a' and (type='EEG' or nominal_srate<=100) and @x",
];
const xmlWords = ['<', '>', '</info>', '<info>', '&amp;', '&#0;', '&#x110000;', '<![CDATA[', ']]>', '<!--', '-->', '<?xml', '<!DOCTYPE a [<!ENTITY b "c">]>', '<channel_count>', '__proto__', 'constructor', '"', "'"]; // biome-ignore format: one list
const queryWords = ['and', 'or', 'not(', 'count(', 'starts-with(', 'contains(', '(', ')', '[', ']', '//', '..', '@', "'", '"', '<=', '!=', '|', '-', 'position()', 'last()', 'string-length(', 'normalize-space(']; // biome-ignore format: one list
const headerWords = ['\r\n', ': ', 'Native-Byte-Order', 'Byte-Order: 4321', 'Max-Buffer-Length', 'UID: ', 'Data-Protocol-Version: 100', 'Suppress-Subnormals: 1', 'LSL/110 200 OK', 'LSL:streamfeed/110 ', ';']; // biome-ignore format: one list
const formats = { dataVersion: 110, bigEndian: false, suppressSubnormals: false } as const;

/** The stream as the session takes it. */
const taken = (info: ReturnType<typeof parseInfo>) => {
  subjectOf(info);
  return canonicalStreams(declarationOf(info, 'x'));
};

/** Every question's answer is taken as the outlet's, at once. */
const clockOf = (answer: string) => {
  const clock = new VirtualClock(100);
  let asked = '';
  let hear: (text: string) => void = () => {};
  const transport: ProbeTransport = {
    send: (question) => {
      asked = question.split(/\s+/)[1];
    },
    listen: (listener) => {
      hear = listener;
    },
    close: () => {},
  };
  const measured: number[] = [];
  const correction = new TimeCorrection(
    { clock, config: parseConfig('', 'lsl_api.cfg') },
    transport,
    ({ offset }) => measured.push(offset),
  );
  for (let i = 0; i < 8; i++) {
    hear(answer.replace('WAVE', asked));
    clock.advance(0.1);
  }
  clock.advance(3);
  correction.close();
  if (!measured.every(Number.isFinite)) throw new Error(`measured ${measured}`);
};

export const lslParsers: readonly FuzzParser[] = [
  {
    name: 'lsl info',
    kind: 'wire',
    seeds: () => [...infos, infoOf('float32', 'GSR')].map((one) => textSeed(formatInfo(one, 'full'))),
    words: xmlWords,
    run: (bytes) => taken(parseInfo(bytes.toString('utf8'))),
  },
  {
    name: 'lsl query',
    kind: 'wire',
    seeds: () => queries.map((query) => textSeed(query)),
    words: queryWords,
    run: (bytes) => compileQuery(bytes.toString('utf8'))(element),
  },
  {
    name: 'lsl discovery',
    kind: 'wire',
    seeds: () => queries.map((query) => textSeed(`LSL:shortinfo\r\n${query}\r\n16572 12345\r\n`)),
    words: queryWords,
    run: (bytes) => {
      const question = readDiscovery(bytes);
      return question && matchesQuery(info, question.query);
    },
  },
  {
    name: 'lsl announcement',
    kind: 'wire',
    seeds: () => infos.map((one) => textSeed(`7\r\n${formatInfo(one, 'short')}`)),
    words: xmlWords,
    run: (bytes) => readAnnouncement(bytes, '7'),
  },
  {
    name: 'lsl time question',
    kind: 'wire',
    seeds: () => [textSeed('LSL:timedata\r\n123456 100.000000000\r\n')],
    words: ['\r\n', ' ', '1e999', '-'],
    run: (bytes) => readTimeQuestion(bytes),
  },
  {
    name: 'lsl time answer',
    kind: 'wire',
    seeds: () => [textSeed(' WAVE 100.000000000 99.500000000 99.500100000')],
    words: ['WAVE', ' ', '1e308', '-1e308', '100', '99.5'],
    run: (bytes) => clockOf(bytes.toString('latin1')),
  },
  {
    name: 'lsl feed answer',
    kind: 'wire',
    seeds: () => [textSeed(formatFeedResponse(info, formats))],
    words: headerWords,
    run: (bytes) => {
      const header = headerEnd(bytes);
      return header && parseFeedResponse(header.text, info);
    },
  },
  {
    name: 'lsl feed request',
    kind: 'wire',
    seeds: () => [textSeed(formatFeedRequest(info, { maxBufferLength: 3, maxChunkLength: 0 }))],
    words: headerWords,
    run: (bytes) => {
      const header = headerEnd(bytes);
      return header && parseFeedRequest(header.text, info);
    },
  },
  ...infos.flatMap((one): FuzzParser[] => {
    const { channelFormat } = one;
    const batch = { ...testPattern(channelFormat, 3, 4), deduced: false };
    const archive = (): Seed => {
      const encoder = new ArchiveEncoder(one);
      return seed(Buffer.concat([encoder.header(), encoder.encode(batch), encoder.encode(batch)]));
    };
    return [
      {
        name: `lsl samples ${channelFormat}`,
        kind: 'wire',
        seeds: () =>
          [false, true].map((isBig) => {
            const bytes = Buffer.concat([encodeSamples(batch, isBig), encodeSamples(batch, isBig)]);
            return seed(bytes, isBig ? 'big' : 'little');
          }),
        words: [],
        run: (bytes, name) =>
          sampleDecoder(one, { bigEndian: name === 'big', suppressSubnormals: true }).decode(bytes),
      },
      {
        name: `lsl archive ${channelFormat}`,
        kind: 'wire',
        seeds: () => [archive()],
        words: ['serialization::archive', '<info>'],
        run: (bytes) => {
          const decoder = new ArchiveDecoder(one);
          const start = decoder.decodeHeader(bytes);
          if (!start) return null;
          parseInfo(start.info);
          return decoder.decode(bytes.subarray(start.used));
        },
      },
    ];
  }),
  {
    name: 'lsl_api.cfg',
    kind: 'reader',
    seeds: () => [
      textSeed(
        '; lab\n[ports]\nBasePort = 16572\nPortRange = 32\nIPv6 = allow\n[multicast]\nResolveScope = site\nAddressesOverride = {224.0.0.1, ff02::1}\n[lab]\nKnownPeers = {a, b}\nSessionID = s\n[tuning]\nTimeProbeCount = 8\n',
      ),
    ],
    words: ['[', ']', '=', '{', '}', ',', '\n', '[ports]', 'IPv6 = disable', 'ResolveScope = global', '-1'],
    run: (bytes) => parseConfig(bytes.toString('utf8'), 'lsl_api.cfg'),
  },
];
