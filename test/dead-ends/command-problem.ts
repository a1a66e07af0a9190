import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import { commands } from '../../src/cli/run-cli.js';
import { SystemClock } from '../../src/core/clock.js';

const context = {
  stdout: new PassThrough(),
  stderr: new PassThrough(),
  clock: new SystemClock(),
  signal: new AbortController().signal,
};

/** A command that reads its arguments and does nothing. */
function idle(command: Command): Command {
  command
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {} })
    .action(() => {});
  for (const sub of command.commands) idle(sub);
  return command;
}

export const commandNames: ReadonlySet<string> = new Set(commands.map(({ name }) => name));

/** Why the program refuses `affectd <words>`; null where it takes it. */
export async function commandProblem([name, ...args]: readonly string[]): Promise<string | null> {
  const entry = commands.find((known) => known.name === name);
  if (!entry) return `there is no command ${name}`;
  const command = idle((await entry.load())(context, () => {}));
  try {
    await command.parseAsync(args, { from: 'user' });
    return null;
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    return code === 'commander.helpDisplayed' ? null : message.split('\n')[0];
  }
}

/** Words of a command line as a shell splits them, up to a pipe, a comment or the next command. */
export function wordsOf(line: string): string[] {
  const words: string[] = [];
  for (const [word] of line.matchAll(/"[^"]*"|'[^']*'|[^\s"']+/g)) {
    if (/^(?:\||#|>|&&|;|\()/.test(word)) break;
    words.push(word.replace(/^["']|["']$|[;,]$/g, ''));
  }
  return words;
}
