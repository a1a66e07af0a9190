import { createHash, type Hash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { relative, resolve, sep } from 'node:path';
import { canonicalJson, digestOf } from '../../core/digest.js';
import { InputError } from '../../core/errors.js';
import { isMeasured, type StreamInfo, type StreamMessage } from '../../core/signal.js';
import type { StreamScope } from '../../core/worth.js';
import type { DataLink } from '../../model/evidence/data-link.js';
import type { Dataset, DatasetRecording, FeatureWindows } from '../datasets/dataset.js';
import { filesIn } from './files-in.js';
import type { DatasetSettings } from './open-dataset.js';
import { SHARED_S, SharedSignals, type SharedStretch } from './shared-signal.js';

export interface DataLinkOptions {
  readonly settings: DatasetSettings;
  /** What relative paths are relative to. */
  readonly directory: string;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((line: string) => void) | undefined;
}

/** Digests of a data set's files, in a fixed order; none where its settings name no path. */
async function fileDigests({ settings, directory }: DataLinkOptions): Promise<DataLink['files']> {
  if (typeof settings.path !== 'string') return [];
  const root = resolve(directory, settings.path);
  if (!existsSync(root)) return [];
  const files = (await stat(root)).isDirectory() ? await filesIn(root) : [root];
  const digests: DataLink['files'] = [];
  for (const file of files) {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const piece of createReadStream(file)) {
      hash.update(piece as Buffer);
      bytes += (piece as Buffer).length;
    }
    const path = relative(root, file).split(sep).join('/');
    digests.push({ path, bytes, sha256: `sha256:${hash.digest('hex')}` });
  }
  return digests;
}

/**
 * What a model's evidence is about, told by what it is rather than by what it is called: the bytes of every file, what was
 * read as whose labels, what streams there were, and whether any of it was simulated. Goes through all recordings once.
 * Throws `InputError` where a minute of one stream stands under two people.
 */
export async function dataLink(
  dataset: Dataset,
  people: readonly string[],
  options: DataLinkOptions,
): Promise<DataLink> {
  const { settings, signal, progress } = options;
  const { kind, path: _, ...rest } = settings;
  progress?.(`linking the data of ${people.length} people`);
  const shared = new SharedSignals();
  const rows = new SharedRows();
  const streams = new Map<string, StreamScope>();
  let simulated = dataset.simulated ?? false;
  const labels: DataLink['people'] = [];
  const refuse = (found: SharedStretch | null): void => {
    if (found === null) return;
    const { people: both, stream, channel, at } = found;
    throw new InputError(
      'dataset-person-twice',
      `${dataset.name}: ${both.join(' and ')} share a recording: ${channel} of stream ${stream} is the same from ${at.toFixed(1)} s of ${both[1]} on; give it to one person`,
    );
  };
  for (const person of people) {
    shared.begin(person);
    const hash = createHash('sha256');
    for await (const recording of dataset.recordings(person)) {
      signal?.throwIfAborted();
      hashLabels(hash, recording);
      if (recording.kind === 'features') refuse(rows.add(person, recording.windows));
      if (recording.kind !== 'signals') continue;
      for (const message of recording.messages) {
        if (message.kind === 'open') {
          simulated ||= message.info.simulated === true;
          keepScope(streams, message.info);
        }
        if (message.kind !== 'chunk') continue;
        hashAnnotation(hash, message);
        shared.add(message.chunk);
      }
      refuse(shared.end());
    }
    labels.push({ person, labels: `sha256:${hash.digest('hex')}` });
  }
  return {
    dataset: { kind, settings: rest },
    simulated,
    people: labels,
    streams: [...streams.values()].sort((a, b) => (canonicalJson(a) < canonicalJson(b) ? -1 : 1)),
    files: await fileDigests(options),
  };
}

function hashLabels(hash: Hash, recording: DatasetRecording): void {
  const { session } = recording;
  switch (recording.kind) {
    case 'signals':
      hash.update(canonicalJson([session, recording.trials]));
      break;
    case 'features':
      hash.update(canonicalJson([session, recording.trial, recording.windows.labels]));
      break;
    case 'images':
      hash.update(canonicalJson([session, recording.images.map(({ read: _, ...image }) => image)]));
  }
}

function hashAnnotation(hash: Hash, { chunk }: StreamMessage & { kind: 'chunk' }): void {
  if (chunk.info.type !== 'Annotation') return;
  // Stamps and values apart, so that it doesn't matter how a reader cuts a recording.
  for (let i = 0; i < chunk.times.length; i++) {
    const row = chunk.info.channels.map((_, c) => chunk.data[c * chunk.times.length + i]);
    hash.update(Float64Array.of(chunk.times[i], ...row));
  }
}

function keepScope(streams: Map<string, StreamScope>, info: StreamInfo): void {
  if (!isMeasured(info)) return;
  const scope: StreamScope = {
    type: info.type,
    dialect: info.dialect ?? null,
    sfreq_hz: info.sfreq,
    channels: info.channels.map(({ label, unit }) => ({ label, unit })),
  };
  streams.set(digestOf(scope), scope);
}

/** Finds released features that stand under two people: the same rows, as many as a minute has. */
class SharedRows {
  readonly #known = new Map<string, string>();

  add(person: string, { count, hop_s, modalities }: FeatureWindows): SharedStretch | null {
    const needed = Math.max(2, Math.ceil(SHARED_S / hop_s));
    for (const [modality, { features, values }] of modalities) {
      let run = 0;
      let other: string | undefined;
      for (let w = 0; w < count; w++) {
        const row = values.subarray(w * features.length, (w + 1) * features.length);
        if (row.every(Number.isNaN)) continue;
        const key = createHash('sha1').update(new Uint8Array(row.slice().buffer)).digest('base64');
        const holder = this.#known.get(key);
        if (holder === undefined) this.#known.set(key, person);
        run = holder !== undefined && holder !== person && holder === other ? run + 1 : 1;
        other = holder === person ? undefined : holder;
        if (other !== undefined && run >= needed)
          return { people: [other, person], stream: modality, channel: 'features', at: w * hop_s };
      }
    }
    return null;
  }
}
