import { type Command, Option } from 'commander';
import { syncModes } from '../../recorder/disk/synced-file.js';
import { positiveNumber } from '../command.js';

/** Options of every command that records: how it goes to the disk. */
export function addDiskOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--sync <mode>',
        'when what is recorded goes to the disk for good, and is acknowledged where a sender asks: as soon as the disk can, in groups of 50 ms, or when the system likes',
      )
        .choices([...syncModes])
        .default('group'),
    )
    .option('--part-mb <megabytes>', 'go on in another file above this size (default: 1000)', positiveNumber)
    .option('--part-s <seconds>', 'and after this time (default: never)', positiveNumber);
}

/** Options of recordings that the daemon makes. */
export function addRecordOptions(command: Command): Command {
  return addDiskOptions(
    command
      .option('--record <folder>', 'record every session to an XDF file in this folder')
      .option(
        '--record-on-request',
        'record a session there from where the page or a call asks for it, not from its beginning',
      ),
  );
}
