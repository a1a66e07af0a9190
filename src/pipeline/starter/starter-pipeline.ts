import { readFileSync } from 'node:fs';
import { type Document, isMap, isScalar, type Pair, parseDocument, type YAMLMap } from 'yaml';
import { InputError } from '../../core/errors.js';
import type { StreamInfo, StreamType } from '../../core/signal.js';
import { featureDefinitions } from '../../signal/features/registry.js';
import { transformDefinitions } from '../../signal/transforms/registry.js';
import { shippedPipeline } from '../file/shipped-pipelines.js';

/** What there is, and where it was found. */
export interface FoundStreams {
  /** The type of the sources that will take them. */
  readonly source: 'lsl' | 'websocket';
  /** As a person would say it: `on the LSL network`. */
  readonly where: string;
  readonly streams: readonly StreamInfo[];
}

interface Start {
  /** A shipped pipeline. */
  readonly pipeline: string;
  /** Streams that it can do nothing without; any of them will do. */
  readonly anyOf: readonly StreamType[];
  fits(streams: readonly StreamInfo[]): boolean;
  /** Why this one, and its model or none. */
  readonly why: string;
}

/** Channels of SEED's 62 that a headset needs for the model that was trained on them: what is missing is masked. */
const MOST_OF_62 = 56;

/** The first that fits is taken. A model's inputs must come through the transforms that it was trained with, so each brings its own. */
const starts: readonly Start[] = [
  {
    pipeline: 'seed',
    anyOf: ['EEG'],
    fits: (streams) =>
      has(streams, 'Gaze') &&
      streams.some(
        ({ type, channels }) =>
          type === 'EEG' && channels.filter(({ label }) => label !== '').length >= MOST_OF_62,
      ),
    why: 'the EEG has the 62 channels, and there is the eye tracker, that the model seed-atam reads',
  },
  {
    pipeline: 'wrist',
    anyOf: ['PPG'],
    fits: (streams) =>
      has(streams, 'PPG') && has(streams, 'EDA') && !has(streams, 'EEG') && !has(streams, 'Gaze'),
    why: 'pulse and skin conductance, and no EEG or gaze, are what a wristband gives: the model wrist-stress reads them',
  },
  {
    pipeline: 'default',
    anyOf: ['EEG', 'Gaze', 'ECG', 'PPG', 'HR', 'IBI', 'EDA', 'EMG', 'TEMP'],
    fits: () => true,
    why: 'the model demo reads any headset, eye tracker and peripherals, and masks what is not there',
  },
  {
    pipeline: 'physio',
    anyOf: ['RESP', 'EOG', 'ACC'],
    fits: () => true,
    why: 'no shipped model reads respiration, eye potentials or motion alone: it gives features',
  },
  {
    pipeline: 'face',
    anyOf: ['Face'],
    fits: () => true,
    why: 'no shipped model reads a face alone: it gives features',
  },
];

/**
 * A commented pipeline file for the streams that are there: the shipped pipeline whose model fits, with sources that take these
 * streams. Sources without a stream stay: they are masked until one comes.
 * @throws InputError `no-usable-stream` where no shipped pipeline takes any of them.
 */
export function starterPipeline(found: FoundStreams): string {
  const { streams, where } = found;
  const start = starts.find(({ anyOf, fits }) => anyOf.some((type) => has(streams, type)) && fits(streams));
  if (!start)
    throw new InputError(
      'no-usable-stream',
      `${where} is no stream that a pipeline takes${
        streams.length > 0 ? `, only ${streams.map(describe).join('; ')}` : ''
      }; switch a sensor on, or see what there is by affectd streams`,
    );
  const document = parseDocument(readFileSync(shippedPipeline(start.pipeline), 'utf8'));
  document.commentBefore = [
    ` Written by affectd init for what was ${where}: ${streams.map(({ name }) => name).join(', ')}.`,
    ` It starts from the shipped pipeline ${start.pipeline}: ${start.why}.`,
    ' Every key is in docs/reference/pipeline.md; affectd check finds what is wrong after a change.',
    ...(document.commentBefore?.split('\n') ?? []),
  ].join('\n');
  for (const pair of pairsOf(document, 'sources')) fillSource(pair, found);
  explainTransforms(document);
  explainModels(document, start);
  for (const pair of pairsOf(document, 'sinks'))
    comment(pair, 'Predictions go to whoever subscribes at /v1/stream, the page among them.');
  return document.toString({ lineWidth: 120, flowCollectionPadding: true });
}

function has(streams: readonly StreamInfo[], type: StreamType): boolean {
  return streams.some((stream) => stream.type === type);
}

function fillSource(pair: Pair, { source, where, streams }: FoundStreams): void {
  const node = pair.value as YAMLMap;
  const type = node.get('stream_type') as StreamType;
  // Of several the one that tells most; the others are named.
  const candidates = streams
    .filter((stream) => stream.type === type)
    .sort((a, b) => b.channels.length - a.channels.length || a.name.localeCompare(b.name));
  const [stream, ...others] = candidates;
  node.set('type', source);
  if (!stream) {
    comment(pair, `No ${type} was ${where}: masked until a stream of that type comes.`);
    return;
  }
  const lines = [describe(stream)];
  if (source === 'lsl' || others.length > 0) {
    if (stream.name !== '') node.set('name', stream.name);
    lines.push('`name` keeps the streams of others out; without it the first of this type is taken.');
  }
  // Names of devices are often equal; a source id tells two apart, and finds the same one again.
  if (others.some(({ name }) => name === stream.name) && stream.sourceId !== '') {
    node.set('source_id', stream.sourceId);
    lines.push('`source_id` tells it from another one of this name.');
  }
  if (others.length > 0) lines.push(`Also there: ${others.map(describe).join('; ')}.`);
  if (type === 'EEG' && stream.channels.some(({ label }) => label === ''))
    lines.push('Channels without a label are masked; name them by `labels: [Fp1, Fp2, ...]` in their order.');
  comment(pair, lines.join('\n'));
}

/** `muse, 256 Hz, TP9 AF7 AF8 TP10` */
function describe({ name, type, sfreq, channels, simulated }: StreamInfo): string {
  const labels = channels.map(({ label }, c) => label || `#${c + 1}`);
  const shown =
    labels.length > 8 ? `${labels.length} channels from ${labels[0]} to ${labels.at(-1)}` : labels.join(' ');
  return `${name || 'unnamed'} (${type}${simulated ? ', SIMULATED' : ''}), ${sfreq > 0 ? `${sfreq} Hz` : 'irregular'}, ${shown}.`;
}

/** What each kind of node and feature does, where it comes first. */
function explainTransforms(document: Document): void {
  const explained = new Set<string>();
  for (const pair of pairsOf(document, 'transforms')) {
    const node = pair.value as YAMLMap;
    const features = node.get('features');
    const names = isMap(features) ? [] : ((node.toJSON().features as readonly string[] | undefined) ?? []);
    const type = node.get('type') as string;
    const news = [
      [type, transformDefinitions.get(type)?.summary] as const,
      ...names.map((name) => [name, featureDefinitions.get(name)?.summary] as const),
    ].filter(([name, summary]) => summary !== undefined && !explained.has(name));
    for (const [name] of news) explained.add(name);
    if (news.length > 0)
      comment(pair, news.map(([name, summary]) => `${name}: ${firstSentence(summary!)}`).join('\n'));
  }
}

function explainModels(document: Document, { why, pipeline }: Start): void {
  const models = pairsOf(document, 'models');
  for (const pair of models) {
    const path = (pair.value as YAMLMap).get('path') as string;
    comment(pair, `${sentence(why)}\nWhat it is worth: ${path}/CARD.md, and affectd models.`);
  }
  const [sinks] = document.contents && isMap(document.contents) ? document.contents.items.slice(-1) : [];
  if (models.length === 0 && sinks)
    comment(
      sinks,
      `${sentence(why)}\nTo train one for it: docs/how-to/train-a-model.md (${pipeline} has no section models).`,
    );
}

function pairsOf(document: Document, section: string): Pair[] {
  const map = document.get(section);
  return isMap(map) ? (map.items as Pair[]) : [];
}

/** Adds to what stands before a node already. */
function comment(pair: Pair, text: string): void {
  const { key } = pair;
  if (!isScalar(key)) return;
  const lines = text.split('\n').map((line) => ` ${line}`);
  key.commentBefore = [...(key.commentBefore ? [key.commentBefore] : []), ...lines].join('\n');
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function firstSentence(text: string): string {
  const end = text.search(/\.(?:\s|$)/);
  return end < 0 ? `${text}.` : text.slice(0, end + 1);
}
