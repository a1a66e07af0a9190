import { readFile } from 'node:fs/promises';
import { ConfigurationError } from '../../core/errors.js';
import { checkPipeline } from './check.js';
import { PipelineDocument } from './document.js';
import type { Pipeline } from './pipeline.js';
import { PipelineError, type PipelineProblem } from './problem.js';
import { shippedPipelines } from './shipped-pipelines.js';

/** Reads and checks a pipeline file. Throws {@link PipelineError} with every problem found. */
export async function loadPipeline(file: string): Promise<Pipeline> {
  const { pipeline, problems } = await readPipeline(file);
  if (!pipeline) throw new PipelineError(problems);
  return pipeline;
}

/** Like {@link loadPipeline}, but gives the problems instead of throwing; throws only if the file can't be read. */
export async function readPipeline(
  file: string,
): Promise<{ pipeline: Pipeline | null; problems: PipelineProblem[] }> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const why =
      (error as NodeJS.ErrnoException).code === 'ENOENT'
        ? 'there is no such file'
        : String((error as Error).message);
    throw new ConfigurationError(
      'pipeline-unreadable',
      `${file}: ${why}; give the path of a pipeline file, or the name of a shipped one: ${shippedPipelines().join(', ')}`,
    );
  }
  return checkPipeline(new PipelineDocument(file, text));
}
