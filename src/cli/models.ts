import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { ConfigurationError, ExitCode } from '../core/errors.js';
import { packageRoot } from '../core/package-root.js';
import type { Worth } from '../core/worth.js';
import { type RerunOptions, rerunModel } from '../learn/evaluate/verify/rerun-model.js';
import { verifyModel } from '../learn/evaluate/verify/verify-model.js';
import { judge } from '../model/evidence/judge.js';
import { outputsOf } from '../model/evidence/outputs.js';
import { MANIFEST_FILE, readModel } from '../model/manifest.js';
import { type CommandFactory, examples } from './command.js';
import { type CommandContext, version, warnings } from './context.js';
import { exampleOptions } from './options/example-options.js';
import { openOutput } from './output.js';

const shelf = join(packageRoot, 'models');

/** A model as the list shows it. */
interface ListedModel {
  readonly name: string;
  readonly type: string;
  readonly folder: string;
  /** Its modalities. */
  readonly needs: readonly string[];
  readonly required: readonly string[];
  readonly tells: readonly string[];
  readonly evidence: Worth['evidence'];
  /** Why the evidence is no more; null where it is validated. */
  readonly reason: string | null;
}

/** `affectd models`: what is installed and what it is worth. */
export const modelsCommand: CommandFactory = (context, exit) =>
  new Command('models')
    .description('list the installed models: what each needs, what it tells, on what evidence')
    .option('--json', 'machine-readable list')
    .addHelpText(
      'after',
      examples('affectd models', 'affectd models verify demo', 'affectd models verify wrist-stress --rerun'),
    )
    .action(async (options: { json?: boolean }) => {
      const models = await Promise.all(installed().map(listed));
      const output = openOutput('-', context.stdout);
      await output.write(options.json ? `${JSON.stringify({ models })}\n` : models.map(line).join(''));
    })
    .addCommand(verifyCommand(context, exit).copyInheritedSettings(new Command().exitOverride()));

const verifyCommand: CommandFactory = (context, exit) =>
  new Command('verify')
    .description(
      'check every link of a model’s evidence: 0 they hold, 1 one is broken, 3 the data are not here',
    )
    .argument('<name>', 'an installed model, or the folder of one')
    .option('--data <folder>', 'where its data set stands (default: where its train.yaml says)')
    .option('--rerun', 'evaluate and train again, too, and compare every artefact')
    .option('--json', 'machine-readable findings')
    .action(async (name: string, options: { data?: string; rerun?: boolean; json?: boolean }) => {
      const folder = folderOf(name);
      const { signal } = context;
      const rerun = rerunOptions(context);
      const { worth, findings } = await verifyModel(folder, {
        ...options,
        signal,
        progress: rerun.progress!,
      });
      const all = [...findings, ...(options.rerun ? await rerunModel(folder, rerun) : [])];
      const bad = all.find(({ state }) => state === 'broken');
      const evidence = bad ? 'none' : worth.evidence;
      const output = openOutput('-', context.stdout);
      const lines = all.map(
        ({ link, state, message }) => `${state.padEnd(7)} ${link.padEnd(10)} ${message}\n`,
      );
      const end = `${name}: ${evidence}${worth.reason === null && !bad ? '' : `, ${bad?.message ?? worth.reason}`}\n`;
      await output.write(
        options.json ? `${JSON.stringify({ name, evidence, findings: all })}\n` : [...lines, end].join(''),
      );
      if (bad) exit(ExitCode.failed);
      else if (all.some(({ link, state }) => link === 'data' && state === 'absent'))
        exit(ExitCode.unusableInput);
    });

function rerunOptions(context: CommandContext): RerunOptions {
  return { ...exampleOptions(context, { cache: false }), version, events: warnings(context) };
}

/** Folders of the models that came with the package. */
function installed(): string[] {
  return readdirSync(shelf)
    .map((name) => join(shelf, name))
    .filter((folder) => existsSync(join(folder, MANIFEST_FILE)))
    .sort();
}

function folderOf(name: string): string {
  for (const folder of [join(shelf, name), resolve(name)])
    if (existsSync(join(folder, MANIFEST_FILE))) return folder;
  throw new ConfigurationError(
    'model-missing',
    `there is no model ${name}: affectd models lists those that there are; or name the folder of one`,
  );
}

async function listed(folder: string): Promise<ListedModel> {
  const { manifest, model } = await readModel(folder);
  const tells = outputsOf(model);
  const { evidence, reason } = await judge(folder, manifest, tells);
  const { name, type, inputs, validity } = manifest;
  return {
    name,
    type,
    folder,
    needs: inputs.map((input) => input.name),
    required: validity.required,
    tells,
    evidence,
    reason,
  };
}

function line({ name, type, needs, required, tells, evidence, reason }: ListedModel): string {
  const sensors = needs.map((need) => (required.includes(need) ? `${need} (required)` : need)).join(', ');
  return `${name} (${type})\n  needs     ${sensors}\n  tells     ${tells.join(', ')}\n  evidence  ${evidence}${reason === null ? '' : `: ${reason}`}\n`;
}
