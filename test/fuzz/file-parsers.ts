import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Mat5File } from '../../src/learn/datasets/formats/mat5.js';
import { readNpz } from '../../src/learn/datasets/formats/npy.js';
import { readPickle } from '../../src/learn/datasets/formats/pickle.js';
import { loadEvaluateConfig } from '../../src/learn/evaluate/evaluate-config.js';
import { Ledger } from '../../src/learn/evaluate/rule/ledger.js';
import { loadTrainConfig } from '../../src/learn/fit/config.js';
import { readModel } from '../../src/model/manifest.js';
import { loadPipeline } from '../../src/pipeline/file/load.js';
import { decodeState, encodeState } from '../../src/pipeline/run/state-file.js';
import { parseFaults } from '../../src/simulation/faults.js';
import { folder } from './folder.js';
import type { Seed } from './mutation.js';
import { type FuzzParser, isRefusal, seed, textSeed } from './parser.js';

const written = (name: string, bytes: Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};
const fixtures = (...names: string[]) =>
  names.map((name) => seed(readFileSync(`fixtures/datasets/formats/${name}`), name));
const refused = (...seeds: readonly Seed[]): Seed[] => seeds.map((one) => ({ ...one, isRefused: true }));
const shipped = (...paths: string[]) => paths.map((path) => seed(readFileSync(path), path));
const yamlWords = [': ', '- ', '{', '}', '[', ']', '&a ', '*a', '<<: *a', '!!binary ', '!!set ', '? ', '|\n', '>\n', '---\n', '...\n', '"', "'", '# ', '~', '.inf', '.nan', '\t', '__proto__: ', 'null', '1e999', '\n  ', '%YAML 1.1\n']; // biome-ignore format: one list
const jsonWords = ['null', '[]', '{}', '"', ',', ':', '-1', '1e999', 'true', '"__proto__":'];

const state = {
  plain: [1, 'a', null, true, { b: 2 }],
  numbers: [Number.NaN, -0, Number.POSITIVE_INFINITY, undefined],
  arrays: [Float64Array.of(1, 2), Float32Array.of(3), Uint8Array.of(1, 2, 3), Int16Array.of(-1)],
  map: new Map<unknown, unknown>([['k', new Map([[1, { $: 'f64' }]])]]),
};

/** A state whose digest is of what it holds: every other input, for else nothing behind the digest is ever reached. */
function resealed(bytes: Buffer): Buffer {
  const at = 'affectd-state 1\n'.length;
  if (bytes.length < at + 32 || bytes.length % 2 === 0) return bytes;
  createHash('sha256').update(bytes.subarray(at + 32)).digest().copy(bytes, at); // biome-ignore format: one line
  return bytes;
}

export const fileParsers: readonly FuzzParser[] = [
  {
    name: 'pipeline file',
    kind: 'reader',
    seeds: () =>
      shipped(...['default', 'physio', 'eye', 'face', 'indices'].map((name) => `pipelines/${name}.yaml`)),
    words: [...yamlWords, 'sources:', 'transforms:', 'models:', 'sinks:', 'input: ', 'type: ', 'window_s: '],
    run: (bytes) => loadPipeline(written('pipeline.yaml', bytes)),
  },
  {
    name: 'train.yaml',
    kind: 'reader',
    seeds: () => shipped('models/demo/train.yaml', 'models/himoe-deap/train.yaml'),
    words: yamlWords,
    run: (bytes) => loadTrainConfig(written('train.yaml', bytes)),
  },
  {
    name: 'evaluate.yaml',
    kind: 'reader',
    seeds: () => shipped('models/esports/evaluate.yaml', 'models/wrist-stress/evaluate.yaml'),
    words: yamlWords,
    run: (bytes) => loadEvaluateConfig(written('evaluate.yaml', bytes)),
  },
  {
    name: 'model folder',
    kind: 'reader',
    seeds: () =>
      ['manifest.json', 'weights.bin'].map((name) => seed(readFileSync(`models/wrist-stress/${name}`), name)),
    words: [...jsonWords, '"shape":', '"inputs":', '"settings":', '"sha256":'],
    run: (bytes, spoilt) => {
      const path = join(folder, 'model');
      mkdirSync(path, { recursive: true });
      for (const name of ['manifest.json', 'weights.bin', 'model.onnx'])
        writeFileSync(
          join(path, name),
          name === spoilt ? bytes : readFileSync(`models/wrist-stress/${name}`),
        );
      return readModel(path);
    },
  },
  {
    name: 'ledger',
    kind: 'reader',
    seeds: () => [
      textSeed(readFileSync('models/wrist-stress/ledger.jsonl', 'utf8').split('\n').slice(0, 8).join('\n')),
    ],
    words: [...jsonWords, '\n'],
    run: (bytes) => Ledger.open(written('ledger.jsonl', bytes)),
  },
  {
    name: 'state',
    kind: 'reader',
    seeds: () => [seed(encodeState(state))],
    words: [...jsonWords, '{"$":"f64"}', '"$":"map"', '"at":', '"length":-1', '"entries":', '"$":"object"'],
    run: (bytes) => decodeState(resealed(bytes)),
  },
  {
    name: 'mat',
    kind: 'reader',
    seeds: () => [
      ...fixtures('plain.mat', 'compressed.mat', 'big-endian.mat'),
      ...refused(...fixtures('unsupported.mat', 'version-7.3.mat')),
    ],
    words: [],
    run: async (bytes) => {
      const file = await Mat5File.open(written('x.mat', bytes));
      for (const name of file.names) await file.read(name);
    },
  },
  {
    name: 'npz',
    kind: 'reader',
    seeds: () => fixtures('stored.npz', 'deflated.npz'),
    words: [
      "'shape': (",
      "'descr': '<f8'",
      "'|O'",
      "'fortran_order': True",
      'PK\x01\x02',
      'PK\x05\x06',
      '99999999,',
    ],
    run: (bytes) => {
      // An array of text is refused when it is read; others aren't.
      let refusal: unknown = null;
      let taken = 0;
      for (const read of readNpz(bytes, 'x.npz').values())
        try {
          read();
          taken++;
        } catch (error) {
          if (!isRefusal(error)) throw error;
          refusal = error;
        }
      if (taken === 0 && refusal !== null) throw refusal;
    },
  },
  {
    name: 'pickle',
    kind: 'reader',
    seeds: () => [
      ...fixtures(...[0, 1, 2, 3, 4, 5].map((protocol) => `values.${protocol}.pickle`)),
      ...refused(...fixtures('hostile.pickle')),
    ],
    words: ['(', 'd', 'l', 't', '}', ']', ')', 'R', 'b', '.', '0', '2', 'cnumpy\nndarray\n', 'cos\nsystem\n', '\x8e', '\x95', 'S"', 'I1\n', 'F1e999\n', 'L99999999999L\n'], // biome-ignore format: one list
    run: (bytes) => readPickle(bytes, 'x.pickle'),
  },
  {
    name: 'faults option',
    kind: 'reader',
    seeds: () => [textSeed('drop:gaze@30-60,flat:EEG.Fp1@20-,unixtime:PPG,random:0.4,stall@30-40')],
    words: [':', '@', '-', ',', 'random', 'stall', 'backlog', '.', '1e9', '*'],
    run: (bytes) => parseFaults(bytes.toString('utf8')),
  },
];
