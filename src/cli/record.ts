import { Command } from 'commander';
import { ExitCode, InputError } from '../core/errors.js';
import { REMOTE_CONTROL_PORT } from '../recorder/remote-control/remote-control.js';
import {
  begin,
  DEFAULT_URL,
  finish,
  print,
  type RecordOptions,
  teller,
  untilOver,
} from './begun-recording.js';
import { type CommandFactory, examples, port, positiveNumber } from './command.js';
import type { CommandContext } from './context.js';
import { addDiskOptions } from './options/record-options.js';
import { recordRemotely } from './record-remotely.js';
import { repair } from './repair.js';

/** `affectd record`: LSL streams, and what a daemon is sent and predicts, to XDF. */
export const recordCommand: CommandFactory = (context, exit) =>
  addDiskOptions(
    new Command('record')
      .description(
        'record LSL streams, and the WebSocket streams and predictions of a daemon, to one XDF recording, until Ctrl-C or for a time',
      )
      .option(
        '--out <file.xdf>',
        'file to write; default: named by the time. With --remote-control the folder to write in',
      )
      .option('--select <query>', "only streams that fit, as in \"name='x' and type='EEG'\"", '')
      .option('--duration <s>', 'seconds; default: until Ctrl-C', positiveNumber)
      .option(
        '--url <url>',
        `daemon whose streams and predictions to record; default: ${DEFAULT_URL}, if one runs there`,
      )
      .option('--token-file <file>', 'file with the token that the daemon wants')
      .option(
        '--remote-control [port]',
        `record when a program on this machine says so, as to LabRecorder (default port: ${REMOTE_CONTROL_PORT})`,
        port,
      ),
  )
    .option(
      '--repair <file.xdf>',
      'mend a recording that was cut or damaged instead: writes a whole copy beside it, or to --out',
    )
    .option('--json', 'machine-readable report of what was recorded or saved')
    .addHelpText(
      'after',
      examples(
        'affectd record --out session.xdf',
        'affectd record --select "type=\'EEG\'" --duration 300 --out eeg.xdf',
        'affectd record --url ws://127.0.0.1:9000 --token-file token.txt',
        'affectd record --remote-control --out study',
        'affectd record --repair crashed.xdf',
      ),
    )
    .action(async (options: RecordOptions) => {
      if (options.repair !== undefined) {
        const report = await repair(context, options.repair, options.out);
        if (options.json) await print(context, report);
        // An interrupted command that failed says so, too.
      } else {
        const { remoteControl } = options;
        const isKept =
          remoteControl === undefined
            ? await record(context, options)
            : await recordRemotely(
                context,
                options,
                remoteControl === true ? REMOTE_CONTROL_PORT : remoteControl,
              );
        if (!isKept) exit(ExitCode.failed);
      }
    });

/** @returns whether all that came is kept. */
async function record(context: CommandContext, options: RecordOptions): Promise<boolean> {
  const { duration } = options;
  const tell = teller(context);
  const begun = await begin(context, options, options.out ?? defaultName(context));
  tell(`records to ${begun.path}; ${duration ? `for ${duration} s` : 'stop with Ctrl-C'}`);
  let failure: unknown = null;
  try {
    await Promise.race([untilOver(context, options), begun.isReached]);
  } catch (error) {
    failure = error;
  }
  const { isKept, nothing } = await finish(context, options, begun, failure === null);
  if (failure) throw failure;
  if (nothing === null) return isKept;
  if (context.signal.aborted) tell(nothing);
  throw new InputError('no-streams', nothing);
}

function defaultName({ clock }: CommandContext): string {
  const stamp = new Date(clock.unix() * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
  return `affectd-${stamp.replaceAll(':', '')}.xdf`;
}
