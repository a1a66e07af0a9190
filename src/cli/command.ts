import { type Command, InvalidArgumentError } from 'commander';
import type { ExitCode } from '../core/errors.js';
import type { CommandContext } from './context.js';

/** Makes a sub-command; it calls `exit` when it ends with another code than 0 without an error to tell. */
export type CommandFactory = (context: CommandContext, exit: (code: ExitCode) => void) => Command;

/** What a command says of an argument that `findPipeline` reads. */
export const PIPELINE_ARGUMENT = 'pipeline file, or the name of a shipped one (affectd pipelines)';

/** Parser of an option that takes a number above 0. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number above 0.');
  return value;
}

/** Parser of an option that takes a whole number from 1. */
export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a whole number from 1.');
  return value;
}

/** Parser of an option that takes a whole number from 0. */
export function naturalNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError('It must be a whole number from 0.');
  return value;
}

export function port(text: string): number {
  const value = naturalNumber(text);
  if (value > 65_535) throw new InvalidArgumentError('A port is a number from 0 to 65535.');
  return value;
}

export function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`;
}
