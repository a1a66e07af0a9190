import { Command, InvalidArgumentError } from 'commander';
import { ConfigurationError } from '../core/errors.js';
import type { StreamMessage } from '../core/signal.js';
import type { DaemonOptions } from '../daemon/daemon-settings.js';
import { serveRecording } from '../daemon/serve-recording.js';
import { pace } from '../io/sources/pace.js';
import { loadPipeline } from '../pipeline/file/load.js';
import { findPipeline } from '../pipeline/file/shipped-pipelines.js';
import { loadModels } from '../pipeline/run/load-models.js';
import { loggedSources, spansOf } from '../pipeline/run/match-streams.js';
import { openSession } from '../pipeline/run/open-session.js';
import { REPLAY_BATCH, replay } from '../pipeline/run/replay.js';
import { type LineStream, lineStreams, ReplayLines } from '../pipeline/run/replay-lines.js';
import { ReplaySummary } from '../pipeline/run/replay-summary.js';
import { closeRunners } from '../pipeline/run/runtime.js';
import { type CommandFactory, examples, PIPELINE_ARGUMENT, positiveNumber } from './command.js';
import { daemonLog, defaultPipeline, note, warnings } from './context.js';
import { addDaemonOptions } from './options/daemon-options.js';
import { addRecordingOptions, type RecordingOptions, readOptions } from './options/recording-options.js';
import { addRestoreOptions, type RestoreOptions, restoring } from './options/restore-options.js';
import { openOutput } from './output.js';

interface Options extends RecordingOptions, DaemonOptions, RestoreOptions {
  readonly pipeline: string;
  readonly speed: 'max' | number;
  readonly out?: string;
  readonly serve?: boolean;
  readonly streams: ReadonlySet<LineStream>;
  readonly indices?: string;
  readonly explain?: boolean;
}

/** `affectd replay`: recordings through the pipeline, predictions as JSON lines. */
export const replayCommand: CommandFactory = (context) =>
  addDaemonOptions(
    addRestoreOptions(
      addRecordingOptions(
        new Command('replay')
          .description('run recordings through the pipeline: predictions as JSON lines')
          .argument('<recording...>', 'recordings of one session')
          .option('-p, --pipeline <pipeline>', PIPELINE_ARGUMENT, findPipeline, defaultPipeline)
          .option('--speed <speed>', 'max, or times the recorded pace', speed, 'max')
          .option('--out <file>', 'where the lines go; - is stdout')
          .option(
            '--streams <names>',
            `which lines, of ${lineStreams.join(', ')}`,
            streams,
            new Set<LineStream>(['affect']),
          )
          .option('--indices <file>', 'where the lines of the stream indices go; - is stdout')
          .option('--explain', 'say in each line what masking each sensor would take from the estimate')
          .option('--serve', 'publish the predictions live instead, at that speed'),
      ),
    ),
  )
    .addHelpText(
      'after',
      examples(
        'affectd replay session.xdf',
        'affectd replay rest.edf --out predictions.jsonl',
        'affectd replay session.xdf --serve --speed 1',
        'affectd replay session.xdf -p pipelines/indices.yaml --indices -',
        'affectd replay session.xdf --streams session,affect,truth --out session.jsonl',
      ),
    )
    .action(async (paths: string[], options: Options) => {
      const events = warnings(context);
      const pipeline = await loadPipeline(options.pipeline);
      const isOnlyAffect = options.streams.size === 1 && options.streams.has('affect');
      if (pipeline.models.size === 0 && isOnlyAffect && options.indices === undefined) {
        throw new ConfigurationError(
          'pipeline-without-model',
          `${options.pipeline}: has no model, so there is nothing to predict; use affectd features, or another pipeline`,
        );
      }
      const { recording, session } = await openSession(paths, {
        pipeline,
        session: options.session,
        alignStart: options.align === 'start',
        events,
      });
      try {
        const loaded = await loadModels(pipeline, { engine: options.engine, events, signal: context.signal });
        try {
          const read = recording.messages(readOptions(options, events));
          const messages =
            options.speed === 'max'
              ? read
              : pace(read, { clock: context.clock, speed: options.speed, signal: context.signal });
          const isWatched = context.stdout.isTTY || context.stderr.isTTY;
          const summary = isWatched || options.out !== undefined ? new ReplaySummary() : null;
          if (options.serve)
            await serveRecording(context, {
              ...{ loaded, recording, files: paths, messages, session, options },
              events: daemonLog(context, options.logLevel),
              signal: context.signal,
            });
          else
            await writeResults(
              summary,
              replay(summary ? heard(messages, summary) : messages, {
                session,
                loaded,
                spans: spansOf(recording.streams),
                logged: loggedSources(pipeline, recording.bound),
                thinned: recording.thinned,
                events,
                inArrivalOrder: recording.inArrivalOrder,
                monitor: options.streams.has('quality'),
                features: options.streams.has('features'),
                batch: options.speed === 'max' ? REPLAY_BATCH : 1,
                explain: () => options.explain ?? false,
                ...restoring(options),
              }),
            );
        } finally {
          await closeRunners(loaded.runners);
        }
      } finally {
        await recording.close();
      }

      async function writeResults(
        summary: ReplaySummary | null,
        results: ReturnType<typeof replay>,
      ): Promise<void> {
        const output = openOutput(options.out, context.stdout, paths);
        const indices =
          options.indices === undefined ? null : openOutput(options.indices, context.stdout, paths);
        const lines = new ReplayLines(session, recording, paths);
        const indexLines = new ReplayLines(session, recording, paths);
        try {
          for await (const result of results) {
            context.signal.throwIfAborted();
            summary?.take(result);
            for (const line of lines.of(result, options.streams)) await output.write(line);
            if (indices) for (const line of indexLines.of(result, onlyIndices)) await indices.write(line);
          }
          context.signal.throwIfAborted();
          await output.finish();
          await indices?.finish();
          if (summary) note(context, `affectd: ${summary.line()}`);
        } catch (error) {
          await output.discard();
          await indices?.discard();
          throw error;
        }
      }
    });

const onlyIndices: ReadonlySet<LineStream> = new Set(['indices']);

async function* heard(
  messages: AsyncIterable<StreamMessage>,
  summary: ReplaySummary,
): AsyncGenerator<StreamMessage> {
  for await (const message of messages) {
    summary.hear(message);
    yield message;
  }
}

function streams(text: string): ReadonlySet<LineStream> {
  return new Set(
    text.split(',').map((part) => {
      const stream = lineStreams.find((name) => name === part.trim());
      if (!stream) throw new InvalidArgumentError(`Known streams are ${lineStreams.join(', ')}.`);
      return stream;
    }),
  );
}

function speed(text: string): 'max' | number {
  if (text === 'max') return text;
  try {
    return positiveNumber(text);
  } catch {
    throw new InvalidArgumentError('It must be max or a number above 0.');
  }
}
