import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOfBytes } from '../../core/digest.js';
import type { ModelFrame } from '../../core/model.js';
import { sealOf } from '../evidence/seal.js';
import { encodeFrames } from '../frames.js';
import { MANIFEST_FILE, MANIFEST_FORMAT, type Manifest, modelId } from '../manifest.js';
import { bindModel, type InputSpec, type ModelDefinition } from '../networks/definition.js';
import { type Parameters, packParameters } from '../networks/parameters.js';
import { writeOnnx } from './onnx-writer.js';
import { TfjsExecutable } from './tfjs-executable.js';
import type { Tfjs } from './tfjs-graph.js';

/** What a model's folder is written from. */
export interface ModelDescription<S>
  extends Pick<
    Manifest,
    'name' | 'trained_with' | 'simulated' | 'links' | 'calibration' | 'skill' | 'validity' | 'familiarity'
  > {
  readonly inputs: readonly InputSpec[];
  readonly definition: ModelDefinition<S>;
  readonly settings: S;
  readonly parameters: Parameters;
  /** A window that the manifest's probe is made from; best a real one. */
  readonly probe: ModelFrame;
  /** Text of the model card, Markdown. */
  readonly card: string;
}

/**
 * Writes a model's folder: manifest, weights, ONNX file and card; gives the model's id.
 * The probe's outputs come from tfjs, so that loading the ONNX file checks it against the definition.
 */
export async function writeModel<S>(
  directory: string,
  description: ModelDescription<S>,
  tf: Tfjs,
): Promise<string> {
  const { definition, settings, parameters, inputs } = description;
  const model = bindModel(definition, settings, inputs);
  const executable = new TfjsExecutable(tf, model, parameters);
  const { heads, weights } = await executable.run(encodeFrames(inputs, [description.probe]));
  await executable.dispose();

  const files = {
    weights: { file: 'weights.bin', bytes: packParameters(model.parameters, parameters) },
    onnx: { file: 'model.onnx', bytes: writeOnnx(model, parameters) },
  };
  const unsealed: Omit<Manifest, 'seal'> = {
    format: MANIFEST_FORMAT,
    name: description.name,
    type: definition.type,
    trained_with: description.trained_with,
    simulated: description.simulated,
    links: description.links,
    card: 'CARD.md',
    inputs: inputs as Manifest['inputs'],
    settings: settings as Manifest['settings'],
    parameters: model.parameters.map(({ name, shape }) => ({ name, shape: [...shape] })),
    artifacts: {
      weights: { file: files.weights.file, sha256: digestOfBytes(files.weights.bytes) },
      onnx: { file: files.onnx.file, sha256: digestOfBytes(files.onnx.bytes) },
    },
    calibration: description.calibration,
    ...(description.skill && { skill: description.skill }),
    validity: description.validity,
    ...(description.familiarity && { familiarity: description.familiarity }),
    probe: {
      frame: description.probe.map(({ values, mask, present }) => ({
        values: [...values],
        mask: [...mask].map((m) => (present && m === 1 ? 1 : 0)),
      })),
      heads: [...heads],
      weights: [...weights],
    },
  };
  const manifest: Manifest = { ...unsealed, seal: sealOf(unsealed) };
  await mkdir(directory, { recursive: true });
  for (const { file, bytes } of Object.values(files)) await writeFile(join(directory, file), bytes);
  await writeFile(join(directory, manifest.card), description.card);
  // Last, so that a folder cut short has no manifest and is not taken for a model.
  await writeFile(join(directory, MANIFEST_FILE), `${JSON.stringify(manifest, null, 1)}\n`);
  return modelId(manifest);
}
