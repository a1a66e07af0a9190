import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { canonicalJson, digestOf, digestOfBytes } from '../../core/digest.js';
import type { LinkName, Worth } from '../../core/worth.js';
import type { Manifest } from '../manifest.js';
import { type DataLink, dataLinkSchema } from './data-link.js';
import type { LinkedFile } from './linked-file.js';
import { type LinkedReport, type Links, linkedReportSchema } from './links.js';
import { type RecipeFile, recipeFileSchema } from './recipe.js';
import { sealOf } from './seal.js';

/** What a model's links lead to, all digests checked. */
export interface LinkedFiles {
  readonly data: DataLink;
  readonly recipe: RecipeFile;
  readonly report: LinkedReport;
}

/** A link that does not hold, and why. */
export class BrokenLink extends Error {
  constructor(
    readonly link: LinkName,
    reason: string,
  ) {
    super(reason);
  }
}

const nothing = { broken: null, scope: null } as const;

/**
 * Computes a model's evidence from what its manifest links (docs/explanation/evidence.md): `simulated` where any datum
 * was, `validated` where every link holds and the report's rule was passed by every output that the model tells, else
 * `none`. What needs the data is checked by `affectd models verify`.
 *
 * @param outputs what the model tells: its dimensions, `class`, rankings
 * @param check what those can check who serve the model; throws {@link BrokenLink}
 */
export async function judge(
  directory: string,
  manifest: Manifest,
  outputs: readonly string[],
  check: (files: LinkedFiles) => Promise<void> | void = () => {},
): Promise<Worth> {
  try {
    if (sealOf(manifest) !== manifest.seal)
      throw new BrokenLink('manifest', 'the manifest was changed after it was written');
    if (manifest.simulated)
      return { evidence: 'simulated', reason: 'it was trained on simulated data', ...nothing };
    if (manifest.links === null)
      return { evidence: 'none', reason: 'no evaluation is linked to it', ...nothing };
    const files = await readLinks(directory, manifest);
    await check(files);
    return worthOf(manifest, outputs, files.data, files.report);
  } catch (error) {
    if (!(error instanceof BrokenLink)) throw error;
    return brokenWorth(error);
  }
}

export function brokenWorth({ link, message }: BrokenLink): Worth {
  return { evidence: 'none', broken: link, reason: message, scope: null };
}

function worthOf(
  { links, inputs }: Manifest,
  outputs: readonly string[],
  { streams }: DataLink,
  { verdicts }: LinkedReport,
): Worth {
  const verdictsOfModel = verdicts.filter(({ model }) => model === links!.report.model);
  const passed = outputs.map((output) =>
    verdictsOfModel.find((verdict) => verdict.output === output && verdict.validated),
  );
  const missing = outputs.filter((_, i) => !passed[i]);
  if (missing.length > 0)
    return { evidence: 'none', reason: `not shown for ${missing.join(', ')}`, ...nothing };
  const all = inputs.map(({ name }) => name);
  const [first, ...others] = passed.map((verdict) => (verdict!.modalities ?? [all]).map(setKey));
  const common = first.filter((key) => others.every((keys) => keys.includes(key)));
  return {
    evidence: 'validated',
    broken: null,
    reason: null,
    scope: { streams, modalities: common.map((key) => key.split('+')) },
  };
}

/** One spelling of a set of modalities. */
export function setKey(modalities: readonly string[]): string {
  return [...modalities].sort().join('+');
}

/** Reads and checks everything that a manifest links against each other. Throws {@link BrokenLink}. */
export async function readLinks(directory: string, manifest: Manifest): Promise<LinkedFiles> {
  const { links } = manifest;
  if (links === null) throw new BrokenLink('manifest', 'it links nothing');
  const data = await readLinked(directory, 'data', links.data, dataLinkSchema);
  const recipe = await readLinked(directory, 'recipe', links.recipe, recipeFileSchema);
  const report = await readLinked(directory, 'report', links.report, linkedReportSchema);
  await linkedBytes(directory, 'folds', links.folds);
  if (links.probe) await linkedBytes(directory, 'probe', links.probe);
  checkManifest(manifest, recipe);
  checkReport(links, report, recipe);
  if (data.simulated) throw new BrokenLink('data', 'its data are simulated, which the manifest does not say');
  return { data, recipe, report };
}

/** The recipe must be that of the model itself. */
function checkManifest({ type, settings, inputs }: Manifest, { recipe }: RecipeFile): void {
  const { model, served } = recipe;
  if (model.type !== type || canonicalJson(model.settings) !== canonicalJson(settings))
    throw new BrokenLink('recipe', 'it is the recipe of another type of model, or of other settings');
  const modalities = (served as { modalities?: Record<string, { transforms?: string }> } | null)?.modalities;
  for (const { name, upstream } of inputs)
    if (modalities && modalities[name]?.transforms !== upstream)
      throw new BrokenLink('recipe', `it is the recipe of another pipeline before input ${name}`);
}

/** The report must speak of this recipe, on these data, with these folds. Throws {@link BrokenLink}. */
export function checkReport(links: Links, report: LinkedReport, { recipe, seed }: RecipeFile): void {
  if (report.label !== null) throw new BrokenLink('report', 'it is leaky');
  if (report.data.link !== links.data.sha256) throw new BrokenLink('data', 'the report is about other data');
  if (report.folds !== links.folds.sha256) throw new BrokenLink('folds', 'the report has other folds');
  const entry = report.models.find(({ name }) => name === links.report.model);
  if (!entry) throw new BrokenLink('report', `it has no model called ${links.report.model}`);
  if (entry.recipe !== digestOf(recipe)) throw new BrokenLink('report', 'it is about another recipe');
  if (!report.seeds.includes(seed)) throw new BrokenLink('recipe', 'the report has other seeds');
}

async function linkedBytes(
  directory: string,
  link: LinkName,
  { file, sha256 }: LinkedFile,
): Promise<Uint8Array> {
  const bytes = await readFile(join(directory, file)).catch((error: NodeJS.ErrnoException) => {
    throw new BrokenLink(link, `${file}: cannot be read (${error.code})`);
  });
  if (digestOfBytes(bytes) !== sha256)
    throw new BrokenLink(link, `${file}: its digest is not the manifest's`);
  return bytes;
}

async function readLinked<T>(
  directory: string,
  link: LinkName,
  linked: LinkedFile,
  schema: z.ZodType<T>,
): Promise<T> {
  const bytes = await linkedBytes(directory, link, linked);
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw new BrokenLink(link, `${linked.file}: not JSON`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new BrokenLink(link, `${linked.file}: ${issue.path.join('.')}: ${issue.message}`);
}
