import { Command, CommanderError } from 'commander';
import { AffectdError, ExitCode } from '../core/errors.js';
import type { CommandFactory } from './command.js';
import { type CommandContext, version } from './context.js';
import { ClosedPipe } from './output.js';

interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Whether it has something to finish when it is asked to end; all others end at once. */
  readonly finishes?: true;
  readonly load: () => Promise<CommandFactory>;
}

/** Only the command that is asked for is loaded: the model engines alone take a second. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'demo',
    summary: 'run the daemon on a bundled simulated session, with its page',
    finishes: true,
    load: async () => (await import('./demo.js')).demoCommand,
  },
  {
    name: 'run',
    summary: 'run the daemon: devices in, predictions out',
    finishes: true,
    load: async () => (await import('./run.js')).runCommand,
  },
  {
    name: 'replay',
    summary: 'run recordings through the pipeline: predictions as JSON lines',
    finishes: true,
    load: async () => (await import('./replay.js')).replayCommand,
  },
  {
    name: 'features',
    summary: 'compute the features of recordings, as CSV',
    finishes: true,
    load: async () => (await import('./features.js')).featuresCommand,
  },
  {
    name: 'events',
    summary: 'find eye movements, blinks, beats and skin conductance responses, as CSV',
    finishes: true,
    load: async () => (await import('./events.js')).eventsCommand,
  },
  {
    name: 'inspect',
    summary: 'show the streams of a recording and what is wrong with it',
    load: async () => (await import('./inspect.js')).inspectCommand,
  },
  {
    name: 'streams',
    summary: 'show the LSL streams on the network, and whether data flows',
    load: async () => (await import('./streams.js')).streamsCommand,
  },
  {
    name: 'record',
    summary: 'record LSL streams, and what a daemon is sent and predicts, to an XDF file; mend one',
    finishes: true,
    load: async () => (await import('./record.js')).recordCommand,
  },
  {
    name: 'simulate',
    summary: 'simulate a person wearing sensors, to a file or a daemon',
    finishes: true,
    load: async () => (await import('./simulate.js')).simulateCommand,
  },
  {
    name: 'init',
    summary: 'write a commented pipeline file for what is on the LSL network, or in recordings',
    load: async () => (await import('./init.js')).initCommand,
  },
  {
    name: 'check',
    summary: 'check pipeline files: every error at once',
    load: async () => (await import('./check.js')).checkCommand,
  },
  {
    name: 'pipelines',
    summary: 'list the pipelines that are shipped, with what each needs and gives',
    load: async () => (await import('./pipelines.js')).pipelinesCommand,
  },
  {
    name: 'train',
    summary: 'train a model, as its configuration file says',
    finishes: true,
    load: async () => (await import('./train.js')).trainCommand,
  },
  {
    name: 'evaluate',
    summary: 'measure models on people, trials or stimuli that they have not seen',
    finishes: true,
    load: async () => (await import('./evaluate.js')).evaluateCommand,
  },
  {
    name: 'models',
    summary: 'list the installed models and what each is worth; verify one',
    finishes: true,
    load: async () => (await import('./models.js')).modelsCommand,
  },
  {
    name: 'bench',
    summary: 'measure this machine',
    load: async () => (await import('./bench.js')).benchCommand,
  },
  {
    name: 'doctor',
    summary: 'tell what would keep this machine from working',
    load: async () => (await import('./doctor.js')).doctorCommand,
  },
];

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
  let code: number = ExitCode.ok;
  const exit = (result: ExitCode): void => {
    code = result;
  };
  try {
    let isFinishing = false;
    for (const { name, summary, finishes = false, load } of commands) {
      const wanted =
        args.find((arg) => !arg.startsWith('-')) === name || (args[0] === 'help' && args[1] === name);
      isFinishing ||= wanted && finishes;
      const command = wanted ? (await load())(context, exit) : new Command(name).description(summary);
      // Commands that are added, not made by the program, don't inherit its settings.
      program.addCommand(command.copyInheritedSettings(program));
    }
    context.signal.throwIfAborted();
    const running = program.parseAsync(args, { from: 'user' });
    await (isFinishing ? running : Promise.race([running, rejectedBy(context.signal)]));
    return context.signal.aborted && code === ExitCode.ok ? exitOfSignal(context.signal) : code;
  } catch (error) {
    return exitCodeOf(error, context);
  }
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** Who asked the process to end: the system in its order, a reader that has enough, or a person who interrupts. */
function exitOfSignal(signal: AbortSignal): number {
  return signal.reason === 'SIGTERM' || signal.reason === 'EPIPE' ? ExitCode.ok : ExitCode.interrupted;
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
