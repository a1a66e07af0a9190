import type { RawChannel, RawStreamDeclaration } from '../../signal/dialects/raw-stream.js';
import { isSimulatedMark } from '../../signal/dialects/simulated-mark.js';
import type { LslStreamInfo } from './stream-info.js';
import { childOf, childText, type XmlElement, xmlElement } from './xml.js';

/**
 * What a stream's description says of its channels, by the XDF metadata specifications
 * (`desc/channels/channel/{label,unit,type}`). Descriptions that name another number of channels are passed over.
 */
export function channelsOf(info: LslStreamInfo): readonly RawChannel[] {
  const list = childOf({ name: 'desc', text: '', children: info.description }, 'channels');
  const described = list?.children.filter(({ name }) => name === 'channel') ?? [];
  const told = described.length === info.channelCount ? described : [];
  return Array.from({ length: info.channelCount }, (_, c) => ({
    label: childText(told[c], 'label') || childText(told[c], 'name'),
    unit: childText(told[c], 'unit'),
    type: childText(told[c], 'type'),
  }));
}

/** The stream as the dialects understand it; `id` is unique in its session. */
export function declarationOf(info: LslStreamInfo, id: string): RawStreamDeclaration {
  return {
    id,
    name: info.name,
    type: info.type,
    sourceId: info.sourceId,
    sfreq: info.nominalRate_hz,
    channels: channelsOf(info),
    simulated: isSimulated(info),
    ...(info.hostname === '' ? {} : { hostname: info.hostname }),
    ...(info.channelFormat === 'string' ? { text: true } : {}),
  };
}

/** `desc/channels` for an outlet. */
export function channelsElement(channels: readonly RawChannel[]): XmlElement {
  return xmlElement(
    'channels',
    channels.map(({ label, unit, type }) =>
      xmlElement('channel', [xmlElement('label', label), xmlElement('unit', unit), xmlElement('type', type)]),
    ),
  );
}

/** `desc/affectd/simulated`: whether a simulator makes the stream. */
export function isSimulated({ description }: Pick<LslStreamInfo, 'description'>): boolean {
  return description
    .filter(({ name }) => name === 'affectd')
    .flatMap(({ children }) => children.filter(({ name }) => name === 'simulated'))
    .some(({ text }) => isSimulatedMark(text));
}

/** The mark that {@link isSimulated} finds, for an outlet. */
export const simulatedElement = xmlElement('affectd', [xmlElement('simulated', 'true')]);

/** Who wears the device (`desc/subject/id`, as LabRecorder's metadata have it); '' if the stream doesn't say. */
export function subjectOf(info: LslStreamInfo): string {
  const subject = info.description.find(({ name }) => name === 'subject');
  return childText(subject, 'id') || (subject?.text ?? '');
}
