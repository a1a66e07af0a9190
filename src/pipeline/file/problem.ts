import { ConfigurationError } from '../../core/errors.js';

/** One thing wrong with a pipeline file: where, what, and how to mend it. */
export interface PipelineProblem {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly column: number;
  /** Keys from the file's top to the place: `transforms.clean.low_hz`. */
  readonly path: string;
  readonly message: string;
}

export function formatProblem(problem: PipelineProblem): string {
  const place = problem.path === '' ? '' : `${problem.path}: `;
  return `${problem.file}:${problem.line}:${problem.column}: ${place}${problem.message}`;
}

/** A pipeline file with problems: all of them at once, one line each. Exit code 2. */
export class PipelineError extends ConfigurationError {
  constructor(readonly problems: readonly PipelineProblem[]) {
    super('pipeline-invalid', problems.map(formatProblem).join('\n'));
  }
}
