import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { digestOf, digestOfBytes } from '../core/digest.js';
import { ConfigurationError } from '../core/errors.js';
import { linkedFile } from './evidence/linked-file.js';
import { linksSchema } from './evidence/links.js';
import { intervalDimensions, momentWidth } from './intervals.js';
import { memberOf, setName } from './modality-sets.js';
import { type BoundModel, bindModel, type HeadName, type InputSpec } from './networks/definition.js';
import { modelDefinitions } from './networks/definitions.js';
import { type Parameters, sizeOf, unpackParameters } from './networks/parameters.js';
import { toldBy } from './told.js';

export const MANIFEST_FILE = 'manifest.json';
export const MANIFEST_FORMAT = 2;
/** Largest difference between the probe's expected and computed outputs. */
export const PROBE_TOLERANCE = 1e-4;
/** The same where a model says that it is validated. */
export const EVIDENCE_TOLERANCE = 1e-5;

/** A file beside the manifest: no path may lead out of the model's folder. */
const fileName = z.string().regex(/^[\w][\w.-]*$/, 'must be the plain name of a file beside the manifest');

const standardisation = z.strictObject({
  mean: z.array(z.number()),
  sd: z.array(z.number().positive()),
  clip_sd: z.number().positive().nullable(),
});

const inputName = z.string().regex(/^[a-z][a-z0-9_]*$/, 'must be lower case letters, digits and _');

const featuresInput = z.strictObject({
  name: inputName,
  kind: z.literal('features'),
  features: z
    .array(z.strictObject({ channel: z.string(), feature: z.string(), unit: z.string() }))
    .min(1)
    .describe('Ordered.'),
  upstream: z.string().describe('Digest of the transforms between the source and this input.'),
  standardisation,
  with_mask: z.boolean(),
});

const windowInput = z.strictObject({
  name: inputName,
  kind: z.literal('window'),
  channels: z.array(z.string()).min(1),
  sfreq_hz: z.number().positive(),
  length: z.int().positive().describe('Samples.'),
  upstream: z.string(),
  standardisation,
  with_mask: z.literal(false),
});

const imageInput = z.strictObject({
  name: inputName,
  kind: z.literal('image'),
  channels: z.array(z.string()).min(1).describe('Side by side in each pixel.'),
  height: z.int().positive().describe('Rows.'),
  width: z.int().positive().describe('Columns.'),
  upstream: z.string(),
  standardisation,
  with_mask: z.literal(false),
});

const probe = z.strictObject({
  frame: z.array(
    z.strictObject({ values: z.array(z.number()), mask: z.array(z.union([z.literal(0), z.literal(1)])) }),
  ),
  heads: z.array(z.number()),
  weights: z.array(z.number()).describe('Fusion weights; empty where the model fuses nothing.'),
});

export const manifestSchema = z.strictObject({
  format: z.literal(MANIFEST_FORMAT),
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/),
  type: z.string().describe('Kind of model: a file of src/model/networks.'),
  trained_with: z.string().describe('What computed its weights: the same engine gives the same bytes again.'),
  simulated: z.boolean().describe('Whether any datum that it was trained on was simulated.'),
  links: linksSchema
    .nullable()
    .describe('What its evidence is computed from (docs/explanation/evidence.md); null: nothing.'),
  card: fileName.describe('The model card.'),
  inputs: z.array(z.discriminatedUnion('kind', [featuresInput, windowInput, imageInput])).min(1),
  settings: z.record(z.string(), z.unknown()).describe("Sizes; the kind's own schema."),
  parameters: z.array(z.strictObject({ name: z.string(), shape: z.array(z.int().positive()) })),
  artifacts: z.strictObject({ weights: linkedFile, onnx: linkedFile }),
  calibration: z
    .strictObject({
      level: z.number().gt(0).lt(1),
      scale: z
        .partialRecord(z.enum(intervalDimensions), z.array(z.number()))
        .describe('By dimension: weights of what makes a window hard.'),
      middle: z
        .record(z.string(), z.partialRecord(z.enum(intervalDimensions), z.number().min(0).max(1)))
        .optional()
        .describe(
          'By set of present modalities: share of the estimate at which the middle of an interval lies; left out: 1.',
        ),
      neutral: z
        .record(z.string(), z.partialRecord(z.enum(intervalDimensions), z.number().nonnegative().nullable()))
        .optional()
        .describe(
          'By set of present modalities: up to how many scales from 0 an estimate is no sign that anything is felt, and its interval reaches 0.',
        ),
      quantiles: z
        .record(z.string(), z.partialRecord(z.enum(intervalDimensions), z.number().nonnegative().nullable()))
        .describe('By set of present modalities, `eeg+eye`, then by dimension; null: too few people.'),
    })
    .nullable()
    .describe(
      'Half the width of an interval is the quantile times exp(scale . moment), its middle a share of the estimate (src/model/intervals.ts).',
    ),
  skill: z
    .record(z.string(), z.array(z.string()))
    .optional()
    .describe(
      'By set of present modalities: dimensions, and `classes`, that they were shown to tell on people whom training did not see. All else is abstained from; left out: not measured.',
    ),
  validity: z.strictObject({ min_present: z.int().positive(), required: z.array(z.string()) }),
  familiarity: z
    .record(z.string(), z.number().positive())
    .optional()
    .describe(
      'By input: the largest root mean square of standardised values that still is like the training data; beyond it a prediction is not valid (`out-of-distribution`).',
    ),
  probe,
  seal: z.string().describe('Digest of all else in this file.'),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** A model as read from its folder: everything checked but the probe, which needs an engine. */
export interface LoadedModel {
  readonly manifest: Manifest;
  /** `name@sha256:...`; the digest covers the manifest, which covers its artifacts. */
  readonly id: string;
  readonly model: BoundModel;
  readonly parameters: Parameters;
  readonly onnx: Uint8Array;
}

export function modelId(manifest: Manifest): string {
  return `${manifest.name}@${digestOf(manifest)}`;
}

const inputSize = (input: InputSpec): number =>
  input.kind === 'features' ? input.features.length : input.channels.length;

/** What the schema cannot say; one line each. */
function inconsistencies(manifest: Manifest): string[] {
  const found: string[] = [];
  const names = manifest.inputs.map((input) => input.name);
  if (new Set(names).size !== names.length) found.push('inputs: a name is used twice');
  for (const input of manifest.inputs)
    for (const statistic of ['mean', 'sd'] as const)
      if (input.standardisation[statistic].length !== inputSize(input))
        found.push(`inputs.${input.name}.standardisation.${statistic}: needs ${inputSize(input)} values`);
  for (const name of manifest.validity.required)
    if (!names.includes(name)) found.push(`validity.required: no input is named ${name}`);
  for (const name of Object.keys(manifest.familiarity ?? {}))
    if (!names.includes(name)) found.push(`familiarity.${name}: no input has this name`);
  if (manifest.validity.min_present > names.length)
    found.push(`validity.min_present: more than the ${names.length} inputs`);
  if (manifest.probe.frame.length !== names.length) found.push('probe.frame: needs one entry for each input');
  return found;
}

/** What stands in the manifest and is not the model's; one line each. */
function contradictions(
  { parameters, calibration, skill = {}, inputs, probe }: Manifest,
  model: BoundModel,
): string[] {
  const found: string[] = [];
  const expected = model.parameters.map(({ name, shape }) => ({ name, shape }));
  if (digestOf(expected) !== digestOf(parameters))
    found.push('parameters: do not match the settings and inputs');
  const width = momentWidth(model.heads.length, model.inputs.length);
  for (const [dimension, weights] of Object.entries(calibration?.scale ?? {}))
    if (!model.heads.includes(dimension as HeadName))
      found.push(`calibration.scale.${dimension}: the model does not tell it`);
    else if (weights.length !== width) found.push(`calibration.scale.${dimension}: needs ${width} weights`);
  const setIn = (name: string): boolean => name !== '' && setName(inputs, memberOf(inputs, name)) === name;
  for (const name of Object.keys(calibration?.quantiles ?? {}))
    if (!setIn(name))
      found.push(`calibration.quantiles.${name}: not a set of inputs in their order, joined by +`);
  const told = toldBy(model);
  for (const [name, shown] of Object.entries(skill)) {
    if (!setIn(name)) found.push(`skill.${name}: not a set of inputs in their order, joined by +`);
    const strange = shown.find((own) => !told.includes(own));
    if (strange !== undefined) found.push(`skill.${name}: the model does not tell ${strange}`);
  }
  if (probe.heads.length !== model.heads.length) found.push('probe.heads: one value for each head');
  if (![0, inputs.length].includes(probe.weights.length))
    found.push('probe.weights: one value for each input, or none where the model fuses nothing');
  return found;
}

function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  return `${issue.path.join('.') || 'the file'}: ${issue.message}`;
}

/** The manifest's model, bound and checked; throws `invalid` with one line for the first problem. */
function bind(manifest: Manifest, invalid: (problem: string) => ConfigurationError): BoundModel {
  const definition = modelDefinitions.get(manifest.type);
  if (!definition)
    throw invalid(`type: ${manifest.type} is not one of ${[...modelDefinitions.keys()].join(', ')}`);
  const settings = definition.settings.safeParse(manifest.settings);
  if (!settings.success) throw invalid(`settings.${firstIssue(settings.error)}`);
  const [problem] = [...inconsistencies(manifest), ...definition.problems(settings.data, manifest.inputs)];
  if (problem) throw invalid(problem);
  const model = bindModel(definition, settings.data, manifest.inputs);
  const [contradiction] = contradictions(manifest, model);
  if (contradiction) throw invalid(contradiction);
  return model;
}

/** Reads and checks a manifest alone, without its weights: enough to check a pipeline against it. */
export async function loadManifest(directory: string): Promise<Manifest> {
  return (await readManifest(directory)).manifest;
}

/** The usual reason is that a pipeline's model is still to be trained; only a recipe that is there is named. */
function mend({ code }: NodeJS.ErrnoException, directory: string): string {
  const recipe = join(directory, 'train.yaml');
  if (code !== 'ENOENT') return `a model is a folder with a ${MANIFEST_FILE}`;
  return existsSync(recipe)
    ? `if this model is still to be trained, do it first: affectd train ${recipe}`
    : `a model is a folder with a ${MANIFEST_FILE}, which affectd train writes; give that folder as path`;
}

async function readManifest(directory: string): Promise<{ manifest: Manifest; model: BoundModel }> {
  const path = join(directory, MANIFEST_FILE);
  const invalid = (problem: string): ConfigurationError =>
    new ConfigurationError('model-invalid', `${path}: ${problem}`);
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new ConfigurationError(
      'model-missing',
      `${path}: cannot be read (${cause.code}); ${mend(cause, directory)}`,
      {
        cause,
      },
    );
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ConfigurationError('model-invalid', `${path}: not JSON; the file is damaged`, { cause });
  }
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) throw invalid(firstIssue(parsed.error));
  return { manifest: parsed.data, model: bind(parsed.data, invalid) };
}

async function readArtifact(
  directory: string,
  { file, sha256 }: Manifest['artifacts']['onnx'],
): Promise<Uint8Array> {
  const path = join(directory, file);
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new ConfigurationError(
      'model-missing',
      `${path}: cannot be read (${cause.code}); the manifest names it`,
      {
        cause,
      },
    );
  });
  if (digestOfBytes(bytes) !== sha256)
    throw new ConfigurationError(
      'model-digest-mismatch',
      `${path}: its digest is not the manifest's; the file is damaged or from another model`,
    );
  return bytes;
}

/** Reads a model's folder: manifest and artifacts, with their digests checked. */
export async function readModel(directory: string): Promise<LoadedModel> {
  const { manifest, model } = await readManifest(directory);
  const [weights, onnx] = await Promise.all([
    readArtifact(directory, manifest.artifacts.weights),
    readArtifact(directory, manifest.artifacts.onnx),
  ]);
  const parameters = unpackParameters(model.parameters, weights);
  if (!parameters)
    throw new ConfigurationError(
      'model-invalid',
      `${join(directory, manifest.artifacts.weights.file)}: needs ${model.parameters.reduce((n, p) => n + sizeOf(p.shape), 0)} float32 values`,
    );
  return { manifest, id: modelId(manifest), model, parameters, onnx };
}
