// Signals of the real recordings that the noise test was fitted and tried on, one stream a recording. Those that no reader of the
// project knows (fMoV, HKU956, NeuroKit, BioSPPy, Lund2013's MATLAB files are left out) are read here.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openRecording } from '../dist/io/recordings/open.js';

/** The chunks of the streams of `type`, as pipelines get them. */
export async function chunksOf(path, type) {
  const recording = await openRecording(path);
  const chunks = [];
  try {
    for await (const message of recording.messages({ chunk: null, clockSync: true, events: () => {} }))
      if (message.kind === 'chunk' && message.chunk.info.type === type) chunks.push(message.chunk);
  } finally {
    await recording.close();
  }
  return chunks;
}

/** One channel's samples as chunks of a second. */
export function chunksOfSamples(samples, { type, sfreq, label = type, unit = '' }) {
  const info = {
    id: type.toLowerCase(),
    name: type,
    type,
    sourceId: '',
    sfreq,
    channels: [{ label, unit, type }],
  };
  const chunks = [];
  for (let at = 0; at < samples.length; at += sfreq) {
    const data = Float64Array.from(samples.slice(at, at + sfreq));
    const times = Float64Array.from(data, (_, i) => (at + i) / sfreq);
    chunks.push({ info, data, times, gapBefore: false });
  }
  return chunks;
}

const numbersOf = (text) =>
  text
    .split(/\s+/)
    .map(Number.parseFloat)
    .filter((x) => !Number.isNaN(x));

/** The songs of a person of HKU956, each by itself: nothing is known of the time between them. */
export function hkuSongs(root, person, sensor) {
  const folder = join(root, 'hku956', 'physiological_signals', person, sensor);
  return readdirSync(folder).map((name) => numbersOf(readFileSync(join(folder, name), 'utf8')));
}

export const hkuPeople = (root) => readdirSync(join(root, 'hku956', 'physiological_signals')).sort();

/** fMoV's columns: skin conductance first. */
export function fmovColumn(root, file, column) {
  return readFileSync(join(root, 'fmov', file), 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => Number(line.split('\t')[column]));
}

export const fmovFiles = (root) =>
  readdirSync(join(root, 'fmov'))
    .filter((name) => /^\d+_FMOV/.test(name))
    .sort();

/** A named column of one of NeuroKit's CSV files. */
export function neurokitColumn(root, file, name) {
  const [head, ...lines] = readFileSync(join(root, 'neurokit', file), 'utf8')
    .trim()
    .split('\n');
  const column = head.split(',').indexOf(name);
  return lines.map((line) => Number(line.split(',')[column]));
}

/** BioSPPy's samples; the last of the columns. */
export function biosppySamples(root, file) {
  return readFileSync(join(root, 'biosppy', file), 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => Number(line.trim().split(/\s+/).at(-1)));
}

/** The pupils of one of IER2023's recordings; -1 is a closed eye. */
export function ierPupils(root, person, file) {
  const lines = readFileSync(join(root, 'ier2023', person, file), 'utf8')
    .trim()
    .split('\n')
    .slice(1);
  return lines.map((line) => {
    const mm = Number(line.split(';')[4]);
    return mm > 0 ? mm : Number.NaN;
  });
}
