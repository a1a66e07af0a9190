import { type Command, Option } from 'commander';
import type { EventSink } from '../../core/event.js';
import type { ReadOptions } from '../../io/recordings/recording.js';
import { positiveInteger } from '../command.js';

/** Options of every command that reads recordings as a session. */
export interface RecordingOptions {
  readonly chunk?: number;
  readonly clockSync: 'on' | 'off';
  readonly session?: string;
  readonly align?: 'start';
}

export function addRecordingOptions(command: Command): Command {
  return command
    .option('--chunk <samples>', "samples per chunk; the output doesn't depend on it", positiveInteger)
    .addOption(
      new Option('--clock-sync <mode>', 'apply the clock offsets of the recording, or use raw stamps')
        .choices(['on', 'off'])
        .default('on'),
    )
    .option('--session <name>', "name of the session (default: the first file's name)")
    .addOption(
      new Option(
        '--align <how>',
        'join recordings that have no absolute start at their first samples',
      ).choices(['start']),
    );
}

export function readOptions(options: RecordingOptions, events: EventSink): ReadOptions {
  return { chunk: options.chunk ?? null, clockSync: options.clockSync === 'on', events };
}
