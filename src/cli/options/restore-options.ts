import { type Command, Option } from 'commander';
import type { ReplayOptions } from '../../pipeline/run/replay.js';
import { ThreadHost } from '../../pipeline/run/thread-host.js';
import { positiveNumber } from '../command.js';

/** Options of commands that can show that a session goes on elsewhere. */
export interface RestoreOptions {
  readonly restoreEvery?: number;
  readonly worker?: boolean;
}

export function addRestoreOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--restore-every <s>',
        'stop every so many seconds of the recording, store all state and go on as a new session; no byte changes',
      )
        .argParser(positiveNumber)
        .conflicts('serve'),
    )
    .addOption(
      new Option(
        '--worker',
        'run the session in a thread of its own, a new one after each stop; no byte changes',
      ).conflicts('serve'),
    );
}

export function restoring({
  restoreEvery,
  worker,
}: RestoreOptions): Pick<ReplayOptions, 'restoreEvery_s' | 'host'> {
  return {
    restoreEvery_s: restoreEvery,
    ...(worker && { host: (setup, state) => new ThreadHost(setup, state) }),
  };
}
