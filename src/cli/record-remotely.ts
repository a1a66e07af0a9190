import { statSync } from 'node:fs';
import { ConfigurationError } from '../core/errors.js';
import { CommandRefused } from '../recorder/remote-control/command-refused.js';
import {
  RemoteControl,
  type RemoteControlled,
  type RemoteControlOptions,
} from '../recorder/remote-control/remote-control.js';
import { type Begun, begin, finish, type RecordOptions, teller, untilOver } from './begun-recording.js';
import type { CommandContext } from './context.js';
import { unwritable } from './output.js';

/** Records whenever it is told to. @returns whether all that came is kept. */
export async function recordRemotely(
  context: CommandContext,
  options: RecordOptions,
  at: number,
): Promise<boolean> {
  const { out: folder } = options;
  const tell = teller(context);
  if (folder === undefined)
    throw new ConfigurationError(
      'output-unwritable',
      '--remote-control: name the folder to record in with --out',
    );
  requireFolder(folder);
  let current: Begun | null = null;
  let isKept = true;
  const stop = async (): Promise<string | null> => {
    if (!current) throw new CommandRefused('nothing is recorded at present');
    const begun = current;
    current = null;
    const finished = await finish(context, options, begun, true);
    isKept &&= finished.isKept;
    if (!finished.isKept) throw new CommandRefused('samples are lost, as the disk did not take them');
    return finished.nothing;
  };
  const controlled: RemoteControlled = {
    start: async (path) => {
      if (current) throw new CommandRefused(`${current.path} is being recorded already`);
      current = await begin(context, options, path);
      tell(`records to ${path}`);
      current.isReached.catch(({ message }: Error) => tell(`WARNING: ${message}`));
    },
    stop: async () => {
      const nothing = await stop();
      if (nothing === null) return;
      tell(nothing);
      throw new CommandRefused(nothing);
    },
  };
  const control = await listen({ port: at, folder, clock: context.clock, controlled, tell });
  tell(`waits for start at 127.0.0.1:${control.port}, and records below ${folder}; ends with Ctrl-C`);
  await untilOver(context, options);
  await control.close();
  if (current)
    await stop().then(
      (nothing) => nothing && tell(nothing),
      () => {},
    );
  return isKept;
}

async function listen(options: RemoteControlOptions): Promise<RemoteControl> {
  try {
    return await RemoteControl.listen(options);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const { port: at } = options;
    if (code === 'EADDRINUSE')
      throw new ConfigurationError(
        'port-taken',
        `--remote-control ${at}: another program has the port, LabRecorder perhaps; stop it, or choose another`,
      );
    throw new ConfigurationError('port-forbidden', `--remote-control ${at}: can't be had (${code})`);
  }
}

function requireFolder(path: string): void {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw unwritable(path, 'is no folder; make it first');
}
