import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { digestOfBytes } from '../../core/digest.js';
import { ConfigurationError } from '../../core/errors.js';
import type { ModelFrame } from '../../core/model.js';
import type { StreamType } from '../../core/signal.js';
import { XdfWriter } from '../../io/recordings/xdf/xdf-writer.js';
import type { DataLink } from '../../model/evidence/data-link.js';
import { BrokenLink, checkReport } from '../../model/evidence/judge.js';
import { type Links, linkedReportSchema } from '../../model/evidence/links.js';
import type { Recipe, RecipeFile } from '../../model/evidence/recipe.js';
import type { ModelNode, Pipeline } from '../../pipeline/file/pipeline.js';
import { sourcesOf } from '../../pipeline/file/served-recipe.js';
import { lastFrame } from '../../pipeline/run/raw-probe.js';
import { sensorNames } from '../../simulation/profile.js';
import { simulatedStreams, simulateSession } from '../../simulation/session.js';
import type { ModelInputs } from '../examples/dataset.js';

/** Folder, beside the manifest, of what it links. */
export const EVIDENCE_FOLDER = 'evidence';
/** Files beside a report. */
export const DATA_FILE = 'data.json';
export const FOLDS_FILE = 'folds.json';

/** The text that digests are of. */
export const linkText = (value: unknown): string => `${JSON.stringify(value, null, 1)}\n`;

/** A model that is about to be written, and what it is to be linked to. */
export interface LinkEvidence {
  /** The model's folder. */
  readonly folder: string;
  /** report.json of `affectd evaluate`, and the recipe's name in it. */
  readonly report: string;
  readonly model: string;
  readonly recipe: Recipe;
  readonly seed: number;
  readonly data: DataLink;
  /** What serves the model; null: nothing. */
  readonly served: { readonly pipeline: Pipeline; readonly node: ModelNode } | null;
  readonly inputs: ModelInputs;
}

/** Links, and the frame of the raw probe, where there is one. */
export interface LinkedEvidence {
  readonly links: Links;
  readonly probe: ModelFrame | null;
}

/**
 * Copies what a model's evidence is computed from beside it, and checks that it speaks of this model. Throws
 * `ConfigurationError` where the report is about other data, another recipe or other folds.
 */
export async function linkEvidence(evidence: LinkEvidence): Promise<LinkedEvidence> {
  const { folder, report, model, recipe, seed, data, served, inputs } = evidence;
  const place = join(folder, EVIDENCE_FOLDER);
  await rm(place, { recursive: true, force: true });
  await mkdir(place, { recursive: true });
  const write = async (name: string, text: string) => {
    await writeFile(join(place, name), text);
    return { file: `${EVIDENCE_FOLDER}/${name}`, sha256: digestOfBytes(text) };
  };
  const copy = async (from: string, name: string) => {
    await copyFile(from, join(place, name)).catch((cause: NodeJS.ErrnoException) => {
      throw new ConfigurationError(
        'training-invalid',
        `evaluation.report: ${from}: cannot be read (${cause.code}); run affectd evaluate again`,
        { cause },
      );
    });
    return { file: `${EVIDENCE_FOLDER}/${name}`, sha256: digestOfBytes(await readFile(from)) };
  };
  const file: RecipeFile = { recipe, seed };
  const probe = served && (await writeProbe(join(place, 'probe.xdf'), served.pipeline, served.node, inputs));
  const links: Links = {
    data: await write(DATA_FILE, linkText(data)),
    recipe: await write('recipe.json', linkText(file)),
    folds: await copy(join(dirname(report), FOLDS_FILE), FOLDS_FILE),
    report: { ...(await copy(report, 'report.json')), model },
    probe: probe && {
      file: `${EVIDENCE_FOLDER}/probe.xdf`,
      sha256: digestOfBytes(await readFile(join(place, 'probe.xdf'))),
    },
  };
  const parsed = linkedReportSchema.safeParse(JSON.parse(await readFile(report, 'utf8')));
  if (!parsed.success)
    throw new ConfigurationError(
      'training-invalid',
      `evaluation.report: ${report}: an older version wrote it; run affectd evaluate again`,
    );
  try {
    checkReport(links, parsed.data, file);
  } catch (error) {
    if (!(error instanceof BrokenLink)) throw error;
    await rm(place, { recursive: true, force: true });
    throw new ConfigurationError(
      'training-invalid',
      `evaluation.report: ${report}: ${error.link}: ${error.message}; evaluate what is trained here`,
    );
  }
  return { links, probe };
}

/** Lengths that are tried until every modality is there: baselines take their time, s. */
const PROBE_DURATIONS_S = [30, 60, 120, 240];

/** Writes a raw probe and gives the frame that the pipeline makes of it; null where it makes none. */
async function writeProbe(
  path: string,
  pipeline: Pipeline,
  node: ModelNode,
  inputs: ModelInputs,
): Promise<ModelFrame | null> {
  const nodes = [...node.join.inputs.values()].flat();
  const types = new Set<StreamType>(
    sourcesOf(pipeline, nodes).map((source) => pipeline.sources.get(source)!.stream_type),
  );
  const person = { profile: 'deap32', seed: 'probe' } as const;
  const worn = new Set(simulatedStreams(person).flatMap(({ id, type }) => (types.has(type) ? [id] : [])));
  const only = sensorNames.filter((sensor) => worn.has(sensor));
  let frame: ModelFrame | null = null;
  for (const duration_s of PROBE_DURATIONS_S) {
    const writer = XdfWriter.create(path, { format: 'float32' });
    for (const message of simulateSession({ ...person, only, duration_s })) {
      if (message.kind === 'open' && message.info.type !== 'Annotation') writer.open(message.info);
      if (message.kind === 'chunk' && message.chunk.info.type !== 'Annotation') writer.write(message.chunk);
    }
    writer.close();
    frame = await lastFrame(path, pipeline, node, inputs);
    if (frame?.every(({ present }) => present)) return frame;
  }
  return frame?.some(({ present }) => present) ? frame : null;
}
