import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { type ChannelFormat, isChannelFormat, numericLayouts } from './channel-format.js';
import { LslError } from './lsl-error.js';
import { childOf, childText, formatXml, parseXml, type XmlElement, xmlElement } from './xml.js';

/** The protocol that is spoken here. */
export const PROTOCOL_VERSION = 110;

/** More channels, larger samples or longer names than any device has: such a stream is abuse. `characters`: of each name. */
export const STREAM_LIMITS = { channels: 65_536, sampleBytes: 16 << 20, characters: 512 } as const;

const names = ['name', 'type', 'sourceId', 'uid', 'sessionId', 'hostname'] as const;

/** What a person says of a stream that they offer. */
export interface StreamDescription {
  readonly name: string;
  /** Content type: `EEG`, `Gaze`, `Markers` ... */
  readonly type: string;
  readonly channelCount: number;
  readonly channelFormat: ChannelFormat;
  /** Nominal rate, Hz; 0 = irregular. */
  readonly nominalRate_hz: number;
  /** Names the device, so that receivers find it again after a restart; '' if there is no such name. */
  readonly sourceId: string;
  /** Children of `desc`: channels, manufacturer, whatever the XDF metadata specifications say. */
  readonly description: readonly XmlElement[];
}

/** Where an outlet is reached on one address family. */
export interface StreamAddress {
  readonly address: string;
  /** TCP. */
  readonly dataPort: number;
  /** UDP. */
  readonly servicePort: number;
}

/** A stream on the network. */
export interface LslStreamInfo extends StreamDescription {
  /** Protocol version of the outlet, times 100. */
  readonly version: number;
  /** When the outlet was made, s on its host's clock. */
  readonly createdAt: number;
  /** Names this outlet, anew at each start. */
  readonly uid: string;
  readonly sessionId: string;
  readonly hostname: string;
  readonly v4: StreamAddress;
  readonly v6: StreamAddress;
}

const unreachable: StreamAddress = { address: '', dataPort: 0, servicePort: 0 };

/** A stream as its outlet announces it. @throws LslError `unsupported` for a declaration that no stream can have. */
export function createStreamInfo(
  description: Partial<StreamDescription> & Pick<StreamDescription, 'name' | 'type'>,
  context: { readonly createdAt: number; readonly sessionId: string; readonly hostname?: string },
): LslStreamInfo {
  const info: LslStreamInfo = {
    channelCount: 1,
    channelFormat: 'float32',
    nominalRate_hz: 0,
    sourceId: '',
    description: [],
    ...description,
    version: PROTOCOL_VERSION,
    createdAt: context.createdAt,
    uid: randomUUID(),
    sessionId: context.sessionId,
    hostname: context.hostname ?? hostname(),
    v4: unreachable,
    v6: unreachable,
  };
  if (info.name === '') throw new LslError('unsupported', 'a stream needs a name');
  checkLimits(info);
  return info;
}

function checkLimits(info: LslStreamInfo): void {
  const { channelCount, channelFormat, nominalRate_hz } = info;
  for (const name of names)
    if (info[name].length > STREAM_LIMITS.characters)
      throw new LslError('unsupported', `a stream whose ${name} has ${info[name].length} characters`);
  if (!Number.isInteger(channelCount) || channelCount < 0 || channelCount > STREAM_LIMITS.channels)
    throw new LslError('unsupported', `a stream of ${channelCount} channels`);
  if (!(nominalRate_hz >= 0) || !Number.isFinite(nominalRate_hz))
    throw new LslError('unsupported', `a stream of ${nominalRate_hz} Hz`);
  if (
    channelFormat !== 'string' &&
    channelCount * numericLayouts[channelFormat].bytes > STREAM_LIMITS.sampleBytes
  )
    throw new LslError('unsupported', `samples of ${channelCount} ${channelFormat} values`);
}

/** The `info` document: without `desc` (short), as discovery sends it, or with it (full). */
export function infoElement(info: LslStreamInfo, extent: 'short' | 'full'): XmlElement {
  const { v4, v6 } = info;
  const fields: readonly (readonly [name: string, value: string])[] = [
    ['name', info.name],
    ['type', info.type],
    ['channel_count', String(info.channelCount)],
    ['channel_format', info.channelFormat],
    ['source_id', info.sourceId],
    // Receivers of liblsl 1.10 look for a lost outlet by its rate, compared as text: 100, not 100.000.
    ['nominal_srate', String(info.nominalRate_hz)],
    ['version', String(info.version / 100)],
    ['created_at', String(info.createdAt)],
    ['uid', info.uid],
    ['session_id', info.sessionId],
    ['hostname', info.hostname],
    ['v4address', v4.address],
    ['v4data_port', String(v4.dataPort)],
    ['v4service_port', String(v4.servicePort)],
    ['v6address', v6.address],
    ['v6data_port', String(v6.dataPort)],
    ['v6service_port', String(v6.servicePort)],
  ];
  return xmlElement('info', [
    ...fields.map(([name, value]) => xmlElement(name, value)),
    xmlElement('desc', extent === 'full' ? info.description : ''),
  ]);
}

export function formatInfo(info: LslStreamInfo, extent: 'short' | 'full'): string {
  return `<?xml version="1.0"?>\n${formatXml(infoElement(info, extent))}`;
}

/** Reads a short or full `info` document. @throws LslError `malformed`, `too-large`, `unsupported`. */
export function parseInfo(xml: string): LslStreamInfo {
  const root = parseXml(xml);
  if (root.name !== 'info') throw new LslError('malformed', `a '${root.name}' document, no stream's info`);
  const text = (name: string): string => childText(root, name);
  const number = (name: string): number => {
    const value = Number(text(name).trim() || '0');
    if (!Number.isFinite(value)) throw new LslError('malformed', `${name} is no number`);
    return value;
  };
  const port = (name: string): number => {
    const value = number(name);
    if (!Number.isInteger(value) || value < 0 || value > 65_535)
      throw new LslError('malformed', `${name} is no port`);
    return value;
  };
  const channelFormat = text('channel_format').trim();
  if (!isChannelFormat(channelFormat))
    throw new LslError('unsupported', `channel format '${channelFormat.slice(0, 32)}'`);
  const info: LslStreamInfo = {
    name: text('name'),
    type: text('type'),
    channelCount: number('channel_count'),
    channelFormat,
    sourceId: text('source_id'),
    nominalRate_hz: number('nominal_srate'),
    version: Math.round(number('version') * 100),
    createdAt: number('created_at'),
    uid: text('uid'),
    sessionId: text('session_id'),
    hostname: text('hostname'),
    v4: {
      address: text('v4address'),
      dataPort: port('v4data_port'),
      servicePort: port('v4service_port'),
    },
    v6: {
      address: text('v6address'),
      dataPort: port('v6data_port'),
      servicePort: port('v6service_port'),
    },
    description: childOf(root, 'desc')?.children ?? [],
  };
  if (info.name === '') throw new LslError('malformed', 'an info without a name');
  if (info.uid === '') throw new LslError('malformed', 'an info without a uid');
  checkLimits(info);
  return info;
}
