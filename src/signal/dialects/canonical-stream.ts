import type { SessionEvent } from '../../core/event.js';
import type { Channel, Chunk, StreamInfo, StreamType } from '../../core/signal.js';
import { canonicalLabels, distinctLabels, isEegLabel, isReferencePair } from '../montage/labels.js';
import { positionOf } from '../montage/positions.js';
import { deviceDialects } from './devices.js';
import { faceChannel } from './face-channel.js';
import type { RawChannel, RawStreamDeclaration } from './raw-stream.js';
import { streamTypeNamed } from './stream-type.js';
import { hasCanonicalUnit, isUnitUnknown, type UnitConversion, unitConversion } from './unit.js';

/** A declared stream, or the part of it that is of one type, in canonical labels and units. */
export interface CanonicalStream {
  readonly info: StreamInfo;
  /** How many channels the declaration has. */
  readonly rawChannels: number;
  /** [C] index of each channel in the declaration. */
  readonly keep: Int32Array;
  /** [C] `canonical = raw * scale + offset`; a NaN scale masks the channel. */
  readonly scale: Float64Array;
  readonly offset: Float64Array;
  /** What a person should know: channels without labels, units unknown. To be emitted when the stream opens. */
  readonly notes: readonly SessionEvent[];
}

/** How the values of one declaration are laid out: [C, n] (`channels`) or [n, C] (`samples`, as devices send). */
export type SampleLayout = 'channels' | 'samples';

/**
 * Maps a declaration to canonical streams, one for each type of channel in it: an EDF file's EEG and ECG, or a
 * Muse's electrodes and its AUX input, become streams of their own. Never empty; the part of the declared type
 * comes first and keeps the id, the others get `<id>/<type>`.
 */
export function canonicalStreams(raw: RawStreamDeclaration): CanonicalStream[] {
  const device = deviceDialects.find((d) => d.matches(raw));
  const declaration = device ? { ...device.amend(raw), dialect: device.device } : raw;
  const declared = declaration.text ? 'Markers' : streamTypeNamed(declaration.type);
  const parts = new Map<StreamType, number[]>();
  declaration.channels.forEach((channel, index) => {
    const type = channelStreamType(channel, declared, declaration.type);
    const indices = parts.get(type);
    if (indices) indices.push(index);
    else parts.set(type, [index]);
  });
  if (parts.size === 0) parts.set(declared ?? 'Other', []);
  const types = [...parts.keys()];
  const primary = declared && parts.has(declared) ? declared : types.length === 1 ? types[0] : null;
  types.sort((a, b) => Number(b === primary) - Number(a === primary));
  return types.map((type) => {
    const id = type === primary ? declaration.id : `${declaration.id}/${type.toLowerCase()}`;
    return partOf(declaration, id, type, parts.get(type)!);
  });
}

/** The first of {@link canonicalStreams}: for senders whose declaration has one type by contract. */
export function canonicalStream(raw: RawStreamDeclaration): CanonicalStream {
  return canonicalStreams(raw)[0];
}

/** Picks, converts and lays out [n] raw samples of every declared channel as a chunk of `stream`. */
export function canonicalChunk(
  stream: CanonicalStream,
  samples: ArrayLike<number>,
  layout: SampleLayout,
  times: Float64Array,
  gapBefore: boolean,
): Chunk {
  const n = times.length;
  const data = new Float64Array(stream.keep.length * n);
  const step = layout === 'samples' ? stream.rawChannels : 1;
  for (let c = 0; c < stream.keep.length; c++) {
    const scale = stream.scale[c];
    const offset = stream.offset[c];
    let from = layout === 'samples' ? stream.keep[c] : stream.keep[c] * n;
    for (let i = c * n; i < (c + 1) * n; i++, from += step) data[i] = samples[from] * scale + offset;
  }
  return { info: stream.info, data, times, gapBefore };
}

/** Channels that ride in an EEG stream without being EEG: sensors' inputs, counters, triggers. */
const notEeg =
  /(^|[\s_-])(aux|aux\w*|counter|package.?num\w*|interpolated?|hardware.?marker|markers?|trigger|dtrig|trig|stim|status|timestamp|battery|cq|quality)($|[\s_-]|\d)/i;

function channelStreamType(channel: RawChannel, declared: StreamType | null, rawType: string): StreamType {
  if (declared && declared !== 'EEG') return declared;
  if (isReferencePair(channel.label) || notEeg.test(channel.label)) return 'Other';
  const named =
    streamTypeNamed(channel.type) ??
    streamTypeNamed(firstWord(channel.label)) ??
    streamTypeNamed(channel.label.replace(/(?<!\d)\d+$/, ''));
  if (named) return named === 'Markers' ? 'Other' : named;
  if (declared === 'EEG') return 'EEG';
  // A declared type that we don't know says at least that the stream isn't a collection, as a typeless file is.
  if (rawType !== '') return 'Other';
  return isEegLabel(channel.label) || isBioSemiLabel(channel) ? 'EEG' : 'Other';
}

/** BioSemi caps number their electrodes in banks of 32: A1 ... A32, B1 ... */
function isBioSemiLabel(channel: RawChannel): boolean {
  return /^[A-H]([1-9]|[12]\d|3[0-2])$/.test(channel.label) && /v$/i.test(channel.unit);
}

function firstWord(label: string): string {
  return label.trim().split(/[\s:]+/, 1)[0];
}

/** EDF's standard texts start with the kind of signal (`ECG II`): the rest is the label, if there is a rest. */
function withoutKind(label: string): string {
  const word = firstWord(label);
  if (streamTypeNamed(word) === null) return label.trim();
  const rest = label
    .trim()
    .slice(word.length)
    .replace(/^[\s:]+/, '');
  return rest === '' ? word : rest;
}

function partOf(
  raw: RawStreamDeclaration,
  id: string,
  type: StreamType,
  indices: readonly number[],
): CanonicalStream {
  const chosen = indices.map((index) => {
    const channel = raw.channels[index];
    return type === 'Face' ? faceChannel(channel) : channel;
  });
  const rawLabels = chosen.map((channel) => channel.label);
  const labels =
    type === 'EEG' ? canonicalLabels(rawLabels) : distinctLabels(rawLabels.map((l) => label(l, raw.type)));
  const conversions = chosen.map((channel) => unitConversion(type, channel.unit));
  const channels: Channel[] = chosen.map((channel, c) => ({
    label: labels[c],
    unit: conversions[c].unit,
    type: type === 'EEG' ? 'EEG' : channel.type || type,
  }));
  const screen = type === 'Gaze' && raw.screen ? { screen: raw.screen } : {};
  const info: StreamInfo = {
    id,
    name: raw.name,
    type,
    sourceId: raw.sourceId,
    sfreq: raw.sfreq,
    channels,
    ...(raw.client !== undefined && { client: raw.client }),
    ...(raw.hostname !== undefined && { hostname: raw.hostname }),
    ...(raw.dialect !== undefined && { dialect: raw.dialect }),
    ...(raw.simulated && { simulated: true }),
    ...screen,
  };
  return {
    info,
    rawChannels: raw.channels.length,
    keep: Int32Array.from(indices),
    scale: Float64Array.from(conversions, (c) => c.scale),
    offset: Float64Array.from(conversions, (c) => c.offset),
    notes: [
      ...mappingNotes(
        info,
        indices.map((index) => raw.channels[index].label),
      ),
      ...labelNotes(info),
      ...unitNotes(info, chosen, conversions),
    ],
  };
}

function label(raw: string, streamType: string): string {
  return streamType === '' ? withoutKind(raw) : raw.trim();
}

/** Which labels were written in another way, and which electrodes can be neither pooled nor interpolated. */
function mappingNotes(info: StreamInfo, rawLabels: readonly string[]): SessionEvent[] {
  if (info.type !== 'EEG' && info.type !== 'Face') return [];
  const mapped = info.channels.flatMap(({ label }, c) =>
    label === '' || label === rawLabels[c] ? [] : [`${rawLabels[c]} is ${label}`],
  );
  const unplaced = info.channels.flatMap(({ label }) =>
    info.type !== 'EEG' || label === '' || positionOf(label) ? [] : [label],
  );
  if (mapped.length === 0 && unplaced.length === 0) return [];
  const parts = [
    ...(mapped.length > 0 ? [mapped.join(', ')] : []),
    ...(unplaced.length > 0 ? [`no place on the scalp is known for ${unplaced.join(', ')}`] : []),
  ];
  return [
    {
      code: 'channels-mapped',
      level: 'info',
      message: `stream '${info.name}' (${info.type}): ${parts.join('; ')}`,
      stream: info.id,
      details: { mapped: mapped.length, unplaced: unplaced.length, channels: info.channels.length },
    },
  ];
}

function labelNotes(info: StreamInfo): SessionEvent[] {
  const unlabelled = info.channels.filter((channel) => channel.label === '').length;
  if (unlabelled === 0 || info.type === 'Markers') return [];
  return [
    {
      code: 'channels-unlabelled',
      level: 'warn',
      message: `stream '${info.name}' (${info.type}): ${unlabelled} of ${info.channels.length} channels have no label; name them in the pipeline file`,
      stream: info.id,
      details: { unlabelled, channels: info.channels.length },
    },
  ];
}

function unitNotes(
  info: StreamInfo,
  raws: readonly RawChannel[],
  conversions: readonly UnitConversion[],
): SessionEvent[] {
  if (!hasCanonicalUnit(info.type)) return [];
  const named = (c: number) => info.channels[c].label || `#${c + 1}`;
  const untold = raws.flatMap((raw, c) => (isUnitUnknown(raw.unit) ? [named(c)] : []));
  const masked = conversions.flatMap((conversion, c) => (Number.isNaN(conversion.scale) ? [c] : []));
  const notes: SessionEvent[] = [];
  if (untold.length > 0)
    notes.push({
      code: 'unit-unknown',
      level: 'warn',
      message: `stream '${info.name}' (${info.type}): no unit for ${untold.join(', ')}; the values are used as they are`,
      stream: info.id,
      details: { channels: untold.length, masked: false },
    });
  if (masked.length > 0)
    notes.push({
      code: 'unit-unknown',
      level: 'warn',
      message: `stream '${info.name}' (${info.type}): can't convert ${[...new Set(masked.map((c) => raws[c].unit))].join(', ')}; masked: ${masked.map(named).join(', ')}`,
      stream: info.id,
      details: { channels: masked.length, masked: true },
    });
  return notes;
}
