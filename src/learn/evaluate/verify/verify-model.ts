import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { digestOfBytes } from '../../../core/digest.js';
import { AffectdError } from '../../../core/errors.js';
import type { Worth } from '../../../core/worth.js';
import { chooseEngine } from '../../../model/engines/choose.js';
import { createInference } from '../../../model/engines/inference.js';
import { BrokenLink, judge, type LinkedFiles, readLinks } from '../../../model/evidence/judge.js';
import { outputsOf } from '../../../model/evidence/outputs.js';
import { sealOf } from '../../../model/evidence/seal.js';
import { loadManifest, type Manifest, readModel } from '../../../model/manifest.js';
import { loadPipeline } from '../../../pipeline/file/load.js';
import { checkServed } from '../../../pipeline/run/raw-probe.js';
import { dataLink } from '../../examples/data-link.js';
import { onlyModel } from '../../examples/only-model.js';
import { openDataset } from '../../examples/open-dataset.js';
import { loadTrainConfig } from '../../fit/config.js';
import { linkText } from '../../fit/link-evidence.js';
import type { LinkFinding } from './finding.js';

export interface VerifyOptions {
  /** Where the data set stands, when not where train.yaml says. */
  readonly data?: string | undefined;
  readonly signal?: AbortSignal;
  readonly progress?: (line: string) => void;
}

/** What a model is worth and what was found of each link. */
export interface Verification {
  readonly worth: Worth;
  readonly findings: readonly LinkFinding[];
}

/**
 * Looks at every link of a model's evidence, those too for which loading has no time: all of the data are read again.
 * Throws `ConfigurationError` where the folder holds no model.
 */
export async function verifyModel(folder: string, options: VerifyOptions = {}): Promise<Verification> {
  const manifest = await loadManifest(folder);
  const findings: LinkFinding[] = [await artefacts(folder), seal(manifest)];
  if (manifest.simulated || manifest.links === null)
    return { worth: await worthOf(folder, manifest, findings), findings };
  let files: LinkedFiles | null = null;
  try {
    files = await readLinks(folder, manifest);
    findings.push(holds('recipe', 'of this model'), holds('folds', 'of the report'));
    findings.push(holds('report', `about ${manifest.links.report.model}`));
  } catch (error) {
    findings.push(broken(error));
  }
  if (files) {
    findings.push(await served(folder, manifest, files));
    findings.push(await data(folder, manifest, files, options));
  }
  return { worth: await worthOf(folder, manifest, findings), findings };
}

/** The configuration that a model's folder was trained from. */
export const trainFile = (folder: string): string => join(folder, 'train.yaml');

function holds(link: LinkFinding['link'], message: string): LinkFinding {
  return { link, state: 'holds', message };
}

function broken(error: unknown, link: LinkFinding['link'] = 'manifest'): LinkFinding {
  if (error instanceof BrokenLink) return { link: error.link, state: 'broken', message: error.message };
  if (error instanceof AffectdError) return { link, state: 'broken', message: error.message };
  throw error;
}

async function worthOf(folder: string, manifest: Manifest, findings: readonly LinkFinding[]): Promise<Worth> {
  const bad = findings.find(({ state }) => state === 'broken');
  if (bad) return { evidence: 'none', broken: bad.link, reason: bad.message, scope: null };
  const { model } = await readModel(folder);
  return judge(folder, manifest, outputsOf(model));
}

/** Weights and ONNX file by their digests, and both by what they compute. */
async function artefacts(folder: string): Promise<LinkFinding> {
  try {
    const loaded = await readModel(folder);
    const { engine } = await chooseEngine('auto');
    const inference = await createInference(loaded, engine);
    await inference.dispose();
    return holds('artefacts', `their digests are the manifest's, and ${engine.name} reproduces the probe`);
  } catch (error) {
    return broken(error, 'artefacts');
  }
}

function seal(manifest: Manifest): LinkFinding {
  if (sealOf(manifest) === manifest.seal) return holds('manifest', 'as it was written');
  return broken(new BrokenLink('manifest', 'it was changed after it was written'));
}

/** The pipeline that the configuration names: the shipped file must serve the model as it was evaluated. */
async function served(folder: string, manifest: Manifest, files: LinkedFiles): Promise<LinkFinding> {
  if (!existsSync(trainFile(folder)))
    return { link: 'probe', state: 'absent', message: 'no train.yaml names the pipeline' };
  try {
    const { pipeline: file } = await loadTrainConfig(trainFile(folder));
    if (file === null) return { link: 'probe', state: 'absent', message: 'no pipeline serves it' };
    const pipeline = await loadPipeline(file);
    await checkServed(pipeline, onlyModel(pipeline), manifest, folder, files);
    return holds('probe', `${relative(process.cwd(), file)} makes the manifest's frame of it`);
  } catch (error) {
    return broken(error, 'probe');
  }
}

/** Where the data set stands; null: nobody says. */
async function placeOfData(folder: string, { data }: VerifyOptions): Promise<string | null> {
  if (data !== undefined) return resolve(data);
  if (!existsSync(trainFile(folder))) return null;
  const { config, directory } = await loadTrainConfig(trainFile(folder));
  const path = config.data.kind === 'dataset' ? config.data.dataset.path : undefined;
  return typeof path === 'string' ? resolve(directory, path) : null;
}

async function data(
  folder: string,
  { links }: Manifest,
  { data: linked }: LinkedFiles,
  options: VerifyOptions,
): Promise<LinkFinding> {
  const path = await placeOfData(folder, options);
  if (path === null || !existsSync(path))
    return {
      link: 'data',
      state: 'absent',
      message: `${linked.dataset.kind} is not here${path === null ? '' : ` (${path})`}: name its folder with --data`,
    };
  const settings = { ...linked.dataset.settings, kind: linked.dataset.kind, path };
  try {
    const dataset = await openDataset(settings, dirname(path));
    const people = linked.people.map(({ person }) => person);
    const found = await dataLink(dataset, people, { ...options, settings, directory: dirname(path) });
    if (digestOfBytes(linkText(found)) === links!.data.sha256)
      return holds('data', `${people.length} people, ${found.files.length} files`);
    const [file] = found.files.filter(
      ({ path: name, sha256 }) => !linked.files.some((own) => own.path === name && own.sha256 === sha256),
    );
    const [lost] = linked.files.filter(({ path: name }) => !found.files.some((own) => own.path === name));
    const what = file
      ? `${file.path} is another file`
      : lost
        ? `${lost.path} is missing`
        : 'it is read otherwise';
    return broken(new BrokenLink('data', what));
  } catch (error) {
    return broken(error, 'data');
  }
}
