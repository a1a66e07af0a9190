import { Command } from 'commander';
import { ConfigurationError, ExitCode } from '../core/errors.js';
import { loadManifest } from '../model/manifest.js';
import { readPipeline } from '../pipeline/file/load.js';
import type { Pipeline } from '../pipeline/file/pipeline.js';
import { formatProblem, type PipelineProblem } from '../pipeline/file/problem.js';
import { findPipeline } from '../pipeline/file/shipped-pipelines.js';
import { modelMismatches } from '../pipeline/run/load-models.js';
import { type CommandFactory, examples } from './command.js';
import { note } from './context.js';
import { openOutput } from './output.js';

/** `affectd check`: every error of pipeline files at once, with file, line and mend. */
export const checkCommand: CommandFactory = (context, exit) =>
  new Command('check')
    .description('check pipeline files: every error at once, with file, line and mend')
    .argument('<pipeline...>', 'pipeline files, or names of shipped ones')
    .option('--json', 'machine-readable report')
    .addHelpText('after', examples('affectd check pipelines/*.yaml'))
    .action(async (files: string[], options: { json?: boolean }) => {
      const output = openOutput('-', context.stdout);
      const problems: PipelineProblem[] = [];
      const untrained: PipelineProblem[] = [];
      for (const file of files.map(findPipeline)) {
        const read = await readPipeline(file);
        problems.push(...read.problems);
        if (read.pipeline) await checkModels(read.pipeline, problems, untrained);
      }
      if (options.json)
        await output.write(
          `${JSON.stringify({ ok: problems.length === 0, problems, ...(untrained.length > 0 && { untrained }) })}\n`,
        );
      else {
        for (const problem of [...problems, ...untrained]) note(context, formatProblem(problem));
        if (problems.length === 0)
          await output.write(`${files.length === 1 ? files[0] : `${files.length} files`}: ok\n`);
      }
      if (problems.length > 0) exit(ExitCode.usage);
    });

/** A model that isn't there may be yet to be trained: its pipeline is sound, and gives features. */
async function checkModels(
  pipeline: Pipeline,
  problems: PipelineProblem[],
  untrained: PipelineProblem[],
): Promise<void> {
  for (const node of pipeline.models.values()) {
    const problem = (message: string): PipelineProblem => ({
      file: pipeline.file,
      line: node.line,
      column: node.column,
      path: `models.${node.name}`,
      message,
    });
    try {
      const { name, type, inputs } = await loadManifest(node.path);
      const model = { name, type, inputs: new Map(inputs.map((input) => [input.name, input])) };
      problems.push(...modelMismatches(node, model).map(problem));
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      (error.code === 'model-missing' ? untrained : problems).push(problem(error.message));
    }
  }
}
