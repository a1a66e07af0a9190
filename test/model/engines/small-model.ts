import type { ModelFrame } from '../../../src/core/model.js';
import { Random } from '../../../src/core/random.js';
import { loadTfjsWasm } from '../../../src/model/engines/tfjs-wasm.js';
import { writeModel } from '../../../src/model/engines/write-model.js';
import type { Manifest } from '../../../src/model/manifest.js';
import { type HiMoeSettings, hiMoe } from '../../../src/model/networks/hi-moe.js';
import { initialParameters } from '../../../src/model/networks/parameters.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';

export const settings: HiMoeSettings = hiMoe.settings.parse({
  width: 8,
  encoders: {
    eeg: { kind: 'mlp', hidden: 12 },
    eye: { kind: 'mlp', hidden: 6 },
    eda: { kind: 'conv', filters: [4] },
  },
  modality_experts: { count: 2, hidden: 10 },
  emotion_experts: { count: 3, hidden: 10 },
  head_hidden: 6,
  heads: ['valence', 'arousal'],
  activation: 'gelu',
});

const features = (channel: string, count: number) =>
  Array.from({ length: count }, (_, i) => ({ channel, feature: `f${i}`, unit: 'nat' }));

export const inputs: Manifest['inputs'] = [
  {
    name: 'eeg',
    kind: 'features',
    features: features('frontal', 5),
    upstream: 'sha256:eeg',
    standardisation: { mean: [1, 2, 3, 4, 5], sd: [1, 2, 1, 2, 1], clip_sd: 5 },
    with_mask: true,
  },
  {
    name: 'eye',
    kind: 'features',
    features: features('pupil', 3),
    upstream: 'sha256:eye',
    standardisation: { mean: [0, 0, 0], sd: [1, 1, 1], clip_sd: 5 },
    with_mask: true,
  },
  {
    name: 'eda',
    kind: 'window',
    channels: ['left', 'right'],
    sfreq_hz: 8,
    length: 32,
    upstream: 'sha256:eda',
    standardisation: { mean: [2, 2], sd: [0.5, 0.5], clip_sd: null },
    with_mask: false,
  },
];

/** A frame with everything present. */
export function fullFrame(seed = 1): ModelFrame {
  const { uniform } = new Random(seed);
  const values = (n: number): Float32Array => Float32Array.from({ length: n }, () => 4 * uniform() - 1);
  return [
    { values: values(5), mask: Uint8Array.of(1, 1, 1, 1, 1), present: true },
    { values: values(3), mask: Uint8Array.of(1, 1, 1), present: true },
    { values: values(64), mask: Uint8Array.of(1, 1), present: true },
  ];
}

/** Twice as wide where the eyes are missing, wider where valence is far from 0; nothing is known of skin alone. */
const smallCalibration: Manifest['calibration'] = {
  level: 0.9,
  scale: {
    valence: [0, 0, 0.5, 0, 0, 0, 0, -Math.LN2, 0, 0, 0],
    arousal: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  },
  quantiles: {
    'eeg+eye+eda': { valence: 0.4, arousal: 0.7 },
    'eeg+eye': { valence: 0.5, arousal: 0.8 },
    'eeg+eda': { valence: 0.4, arousal: 0.9 },
    eye: { valence: null, arousal: 0.9 },
  },
};

/** Writes the model, with some other settings, into a new folder and gives its path. */
export async function writeSmallModel(
  own: Partial<HiMoeSettings> = {},
  skill?: Manifest['skill'],
): Promise<string> {
  const all = { ...settings, ...own };
  const directory = temporaryFolder();
  await writeModel(
    directory,
    {
      name: 'small',
      definition: hiMoe,
      settings: all,
      inputs,
      parameters: initialParameters(hiMoe.parameters(all, inputs), 7),
      trained_with: 'nothing',
      simulated: true,
      links: null,
      calibration: smallCalibration,
      ...(skill && { skill }),
      validity: { min_present: 1, required: [] },
      probe: fullFrame(),
      card: '# A small model for tests\n',
    },
    await loadTfjsWasm(),
  );
  return directory;
}
