import { Command } from 'commander';
import { loadPipeline } from '../pipeline/file/load.js';
import { findPipeline } from '../pipeline/file/shipped-pipelines.js';
import { FeatureTable } from '../pipeline/run/feature-table.js';
import { loggedSources, spansOf } from '../pipeline/run/match-streams.js';
import { openSession } from '../pipeline/run/open-session.js';
import { replay } from '../pipeline/run/replay.js';
import { type CommandFactory, examples, PIPELINE_ARGUMENT } from './command.js';
import { defaultPipeline, warnings } from './context.js';
import { addRecordingOptions, type RecordingOptions, readOptions } from './options/recording-options.js';
import { addRestoreOptions, type RestoreOptions, restoring } from './options/restore-options.js';
import { openOutput } from './output.js';

interface Options extends RecordingOptions, RestoreOptions {
  readonly pipeline: string;
  readonly out?: string;
}

/** `affectd features`: the feature vectors of recordings, as CSV. */
export const featuresCommand: CommandFactory = (context) =>
  addRestoreOptions(
    addRecordingOptions(
      new Command('features')
        .description('compute the features of recordings, as CSV')
        .argument('<recording...>', 'recordings of one session')
        .option('-p, --pipeline <pipeline>', PIPELINE_ARGUMENT, findPipeline, defaultPipeline)
        .option('--out <file>', 'where the CSV goes; - is stdout'),
    ),
  )
    .addHelpText(
      'after',
      examples(
        'affectd features session.xdf --out features.csv',
        'affectd features rest.edf -p pipelines/eeg-de.yaml | head',
      ),
    )
    .action(async (paths: string[], options: Options) => {
      const events = warnings(context);
      const pipeline = await loadPipeline(options.pipeline);
      const { recording, session, bindings } = await openSession(paths, {
        pipeline,
        session: options.session,
        alignStart: options.align === 'start',
        events,
      });
      const output = openOutput(options.out, context.stdout, paths);
      const nodes = [...pipeline.transforms.values()].filter(
        ({ definition, source }) =>
          definition.kind === 'window' && definition.produces === 'features' && bindings.has(source),
      );
      const simulated = recording.streams.some(
        ({ info }) => info.simulated && nodes.some(({ source }) => bindings.get(source) === info.id),
      );
      const table = new FeatureTable(nodes, simulated);
      try {
        const messages = recording.messages(readOptions(options, events));
        // The models are left out: what they would say isn't asked for.
        const loaded = { pipeline: { ...pipeline, models: new Map() }, runners: new Map() };
        const { inArrivalOrder } = recording;
        const asked = {
          session,
          loaded,
          spans: spansOf(recording.streams),
          logged: loggedSources(pipeline, recording.bound),
          events,
          inArrivalOrder,
          features: true,
          ...restoring(options),
        };
        for await (const result of replay(messages, asked)) {
          context.signal.throwIfAborted();
          if (result.kind === 'features') table.add(result.node, result.vector);
          else if (result.kind === 'closed') await output.write(table.close());
        }
        await output.write(table.flush());
        await output.finish();
      } catch (error) {
        await output.discard();
        throw error;
      } finally {
        await recording.close();
      }
    });
