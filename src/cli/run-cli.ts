import { Command, CommanderError } from 'commander';
import { AffectdError, ExitCode } from '../core/errors.js';
import { benchCommand } from './bench.js';
import { checkCommand } from './check.js';
import { type CommandContext, version } from './context.js';
import { demoCommand } from './demo.js';
import { doctorCommand } from './doctor.js';
import { featuresCommand } from './features.js';
import { inspectCommand } from './inspect.js';
import { ClosedPipe } from './output.js';
import { replayCommand } from './replay.js';
import { runCommand } from './run.js';
import { simulateCommand } from './simulate.js';
import { trainCommand } from './train.js';

/** Runs one command line and gives the process's exit code. Never throws. */
export async function runCli(args: readonly string[], context: CommandContext): Promise<number> {
  const program = new Command('affectd')
    .description(
      'Real-time streaming affect recognition: EEG, eye tracker and peripheral streams in, valence and arousal out.',
    )
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'affectd: ')),
    });
  const commands = [
    demoCommand,
    runCommand,
    replayCommand,
    featuresCommand,
    inspectCommand,
    simulateCommand,
    checkCommand,
    trainCommand,
    benchCommand,
    doctorCommand,
  ];
  let code: number = ExitCode.ok;
  for (const command of commands) {
    // Sub-commands made with `addCommand` don't inherit these.
    program.addCommand(
      command(context, (result) => {
        code = result;
      })
        .exitOverride()
        .copyInheritedSettings(program),
    );
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return context.signal.aborted && code === ExitCode.ok ? exitOfSignal(context.signal) : code;
  } catch (error) {
    return exitCodeOf(error, context);
  }
}

function exitOfSignal(signal: AbortSignal): number {
  return signal.reason === 'SIGTERM' ? ExitCode.ok : ExitCode.interrupted;
}

function exitCodeOf(error: unknown, context: CommandContext): number {
  if (error instanceof ClosedPipe) return ExitCode.ok;
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  if (context.signal.aborted) return exitOfSignal(context.signal);
  if (error instanceof AffectdError) {
    context.stderr.write(
      `${error.message
        .split('\n')
        .map((line) => `affectd: ${line}`)
        .join('\n')}\n`,
    );
    return error.exitCode;
  }
  const message = error instanceof Error ? error.message : String(error);
  context.stderr.write(
    `affectd: unexpected: ${message.split('\n')[0]}; please report it with the command that you ran\n`,
  );
  if (process.env.AFFECTD_DEBUG && error instanceof Error) context.stderr.write(`${error.stack}\n`);
  return ExitCode.failed;
}
