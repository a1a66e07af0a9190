import { watch } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { Timer } from '../core/clock.js';
import type { EventSink } from '../core/event.js';
import { errorOf } from '../core/owned.js';
import { type Daemon, startDaemon, untilAborted } from '../daemon/daemon.js';
import type { DaemonOptions } from '../daemon/daemon-settings.js';
import { backendNames } from '../io/lsl/backend.js';
import { findPipeline } from '../pipeline/file/shipped-pipelines.js';
import { closeRunners } from '../pipeline/run/runtime.js';
import { changedNodes } from '../pipeline/session/kept-nodes.js';
import { type CommandFactory, examples, PIPELINE_ARGUMENT } from './command.js';
import { type CommandContext, daemonLog, defaultPipeline } from './context.js';
import { loadLive } from './load-live.js';
import { addDaemonOptions } from './options/daemon-options.js';
import { addRecordOptions } from './options/record-options.js';

/** Editors write a file in several steps; a reload waits until they are through, s. */
const SETTLE_S = 0.2;

/** `affectd run`: the daemon. */
export const runCommand: CommandFactory = (context) =>
  addDaemonOptions(
    addRecordOptions(
      new Command('run')
        .description('run the daemon: devices in, predictions out')
        .argument('[pipeline]', PIPELINE_ARGUMENT, findPipeline, defaultPipeline),
    )
      .option(
        '--lsl [query]',
        "take in the network's LSL streams, all or those that fit a query, as in \"type='EEG'\"",
      )
      .addOption(
        new Option('--lsl-backend <name>', 'what receives LSL streams')
          .choices(['auto', ...backendNames])
          .default('auto'),
      )
      .option(
        '--obey-faults',
        'let simulated streams ask for faults of the daemon (simulate --faults throw@..., slow-model@...)',
      ),
  )
    .addHelpText(
      'after',
      examples(
        'affectd run',
        'affectd run --lsl',
        'affectd run --record sessions',
        'affectd run --record sessions --record-on-request',
        'affectd run my-lab.yaml --port 9000',
        'affectd run --host 0.0.0.0 --token-file token.txt',
      ),
    )
    .action(async (file: string, options: DaemonOptions) => {
      const events = daemonLog(context, options.logLevel);
      const loaded = await loadLive(context, file, options, events);
      const daemon = await startDaemon(context, loaded, options, events);
      context.stdout.write(`affectd listens on ${daemon.server.url}\n`);
      const stopWatching = reloadOnChange(context, daemon, file, options, events);
      await untilAborted(context.signal);
      stopWatching();
      await daemon.close();
    });

/** Reloads the pipeline when its file changes or on SIGHUP; keeps the old one, saying why, when the new one is unusable. */
function reloadOnChange(
  context: CommandContext,
  daemon: Daemon,
  file: string,
  options: DaemonOptions,
  events: EventSink,
): () => void {
  const { clock } = context;
  let settle: Timer | null = null;
  let reloading = Promise.resolve();

  const reload = async (): Promise<void> => {
    try {
      const loaded = await loadLive(context, file, options, events);
      const { pipeline: replaced } = daemon.runtime.loaded;
      try {
        await daemon.replace(loaded);
      } catch (error) {
        await closeRunners(loaded.runners);
        throw error;
      }
      const changed = changedNodes(replaced, loaded.pipeline);
      const told =
        changed.length > 0 ? `${changed.join(', ')} begin anew, all else goes on` : 'every node goes on';
      daemon.runtime.announce({
        code: 'pipeline-reloaded',
        level: 'info',
        message: `${file} is in force; ${told}`,
      });
    } catch (error) {
      if (context.signal.aborted) return;
      daemon.runtime.announce({
        code: 'pipeline-kept',
        level: 'error',
        message: `the old pipeline stays: ${errorOf(error).message}`,
      });
    }
  };
  const schedule = (): void => {
    settle?.cancel();
    settle = clock.after(SETTLE_S, () => {
      reloading = reloading.then(reload);
    });
  };

  const path = resolve(file);
  // The folder is watched, since editors replace the file by another of the same name.
  const watcher = watch(dirname(path), (_, name) => {
    if (name === null || name === basename(path)) schedule();
  });
  watcher.on('error', ({ message }) =>
    events({
      code: 'pipeline-kept',
      level: 'warn',
      message: `${file} is not watched any more: ${message}; SIGHUP reloads it`,
    }),
  );
  process.on('SIGHUP', schedule);
  return () => {
    settle?.cancel();
    watcher.close();
    process.off('SIGHUP', schedule);
  };
}
