import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { StreamMessage } from '../../src/core/signal.js';
import { XdfWriter } from '../../src/io/recordings/xdf/xdf-writer.js';
import type { ProfileName } from '../../src/simulation/profile.js';
import { simulateSession } from '../../src/simulation/session.js';
import { openFaceClip } from './open-face-clip.js';
import { type Sensor, sensorSession } from './sensor-session.js';

/** What `affectd` is given, several files as one session. */
export interface GoldenRecording {
  readonly paths: readonly string[];
  /** Of the files' bytes. */
  readonly sha256: string;
}

/** Writes files, where there are none, and gives what is to be opened. */
type Maker = (folder: string) => readonly string[];

const DURATION_S = 90;

/** Somebody at rest, with what happens to sensors. */
const people: Readonly<Record<ProfileName, string>> = {
  epoc: 'drop:gaze@30-45,gap:eeg@52-52.2,nan:eda@20-24,flat:eeg.F3@60-75,rail:ppg@70-75',
  muse: 'drop:eeg@40-49,nan:gaze@20-22,gap:ppg@60-60.5,noise:ecg@30-40,flat:temp@50-70',
  seed62: 'flat:eeg.Fpz@20-60,drop:gaze@50-60,gap:eeg@75-75.1',
  deap32: 'nan:eeg.O1@30-33,gap:eeg@60-60.2,drop:ppg@40-50',
};

/** Of sensors that no profile has. */
const body: readonly Sensor[] = [
  {
    type: 'EOG',
    labels: ['vEOG'],
    unit: 'uV',
    sfreq: 128,
    // A blink of 0.2 s every 4 s.
    value: (_, t) => 20 * Math.sin(t) + (t % 4 < 0.2 ? 300 * Math.sin(5 * Math.PI * (t % 4)) : 0),
  },
  {
    type: 'RESP',
    labels: ['belt'],
    unit: '',
    sfreq: 32,
    value: (_, t) => Math.sin(1.6 * t + Math.sin(t / 9)),
  },
  { type: 'HR', labels: ['HR'], unit: '1/min', sfreq: 1, value: (_, t) => 66 + 5 * Math.sin(t / 7) },
];

const simulated: Readonly<Record<string, Maker>> = {
  'simulated epoc': (folder) => [person(folder, 'epoc'), bodyOf(folder, 'epoc')],
  'simulated muse': (folder) => [person(folder, 'muse')],
  'simulated seed62': (folder) => [person(folder, 'seed62')],
  'simulated deap32': (folder) => [person(folder, 'deap32'), bodyOf(folder, 'deap32')],
  'simulated face': (folder) => {
    const path = join(folder, 'face.csv');
    writeFileSync(path, openFaceClip());
    return [path];
  },
};

function person(folder: string, profile: ProfileName): string {
  const faults = people[profile];
  return session(folder, profile, simulateSession({ profile, seed: 12, duration_s: DURATION_S, faults }));
}

function bodyOf(folder: string, profile: ProfileName): string {
  return session(folder, `${profile}-body`, sensorSession(body, DURATION_S));
}

function session(folder: string, name: string, messages: Iterable<StreamMessage>): string {
  const path = join(folder, `${name}.xdf`);
  const writer = XdfWriter.create(path, { format: 'float32' });
  for (const message of messages) {
    if (message.kind === 'open') writer.open(message.info);
    else if (message.kind === 'chunk') writer.write(message.chunk);
  }
  writer.close();
  return path;
}

const here = '../shared/recordings';

const real: Readonly<Record<string, Maker>> = {
  // Each is of somebody else: what matters is that they are three devices.
  'real headset, wristband and eye tracker': (folder) => [
    headset(folder, 75),
    wristband(folder, 600, DURATION_S),
    join(here, 'eyelink-asc/002_rlmw_samples_short.asc'),
  ],
  'real Muse': () => [
    join(here, 'muse-lsl/sub-P050/ses-S001/eeg/sub-P050_ses-S001_task-Default_run-001_eeg.xdf'),
  ],
  'real face': () => [join(here, 'pyfeat/iMotions_Test_v5.txt')],
};

/** The first `span_s` seconds of an EDF file. */
function headset(folder: string, span_s: number): string {
  const whole = readFileSync(join(here, 'eegmat/Subject00_1.edf'));
  const number = (at: number): number => Number(whole.toString('latin1', at, at + 8));
  const [header, record_s, signals] = [number(184), number(244), Number(whole.toString('latin1', 252, 256))];
  const samples = Array.from({ length: signals }, (_, i) => number(256 + 216 * signals + 8 * i));
  const record = 2 * samples.reduce((a, b) => a + b);
  const records = Math.round(span_s / record_s);
  const cut = Buffer.from(whole.subarray(0, header + records * record));
  cut.write(String(records).padEnd(8), 236, 'latin1');
  const path = join(folder, 'headset.edf');
  writeFileSync(path, cut);
  return path;
}

/** `span_s` seconds of an Empatica's folder, from `from_s` on. */
function wristband(folder: string, from_s: number, span_s: number): string {
  const band = join(folder, 'wristband');
  mkdirSync(band);
  const source = join(here, 'stress-predict/Raw_data/S02');
  for (const name of ['ACC', 'BVP', 'EDA', 'TEMP', 'HR']) {
    const [starts, rates, ...samples] = readFileSync(join(source, `${name}.csv`), 'utf8').split('\n');
    const rate = Number.parseFloat(rates);
    const moved = starts.split(',').map((start) => (Number(start) + from_s).toFixed(6));
    const cut = samples.slice(from_s * rate, (from_s + span_s) * rate);
    writeFileSync(join(band, `${name}.csv`), [moved.join(', '), rates, ...cut, ''].join('\n'));
  }
  const [start, ...beats] = readFileSync(join(source, 'IBI.csv'), 'utf8').trim().split('\n');
  const cut = beats.filter((beat) => {
    const at = Number.parseFloat(beat);
    return at >= from_s && at < from_s + span_s;
  });
  writeFileSync(join(band, 'IBI.csv'), `${[start, ...cut].join('\n')}\n`);
  copyFileSync(join(source, 'tags_S02.csv'), join(band, 'tags.csv'));
  return band;
}

/** Those that a pipeline is run on: its own headset, where it has one, or two of different rates. */
export function recordingsFor(pipeline: string): string[] {
  if (pipeline.endsWith('face.yaml')) return ['simulated face', 'real face'];
  const own = /deap/.test(pipeline) ? ['deap32'] : /seed/.test(pipeline) ? ['seed62'] : ['epoc', 'muse'];
  const muse = /eeg-de|muse|indices/.test(pipeline) ? ['real Muse'] : [];
  return [
    ...own.map((profile) => `simulated ${profile}`),
    'real headset, wristband and eye tracker',
    ...muse,
  ];
}

/** Recordings, made in `folder` when they are first asked for. */
export class GoldenRecordings {
  readonly #made = new Map<string, GoldenRecording>();

  constructor(readonly folder: string) {}

  get(name: string): GoldenRecording {
    const known = this.#made.get(name);
    if (known) return known;
    const paths = { ...simulated, ...real }[name](this.folder);
    const made = { paths, sha256: digestOf(paths) };
    this.#made.set(name, made);
    return made;
  }
}

function digestOf(paths: readonly string[]): string {
  const hash = createHash('sha256');
  for (const path of paths) {
    const inside = statSync(path).isDirectory() ? readdirSync(path).sort() : [''];
    for (const name of inside) hash.update(readFileSync(join(path, name)));
  }
  return hash.digest('hex');
}

/** Whether the recording can be had here. */
export const isHere = (name: string): boolean => name in simulated || existsSync(here);
