import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { Command } from 'commander';
import { ConfigurationError } from '../core/errors.js';
import { declarationOf } from '../io/lsl/declaration.js';
import { resolveStreams } from '../io/lsl/resolver.js';
import { openRecordings } from '../io/recordings/open.js';
import { type FoundStreams, starterPipeline } from '../pipeline/starter/starter-pipeline.js';
import { canonicalStreams } from '../signal/dialects/canonical-stream.js';
import { type CommandFactory, examples, positiveNumber } from './command.js';
import { type CommandContext, note } from './context.js';
import { lslNetwork } from './lsl-network.js';
import { openOutput } from './output.js';

interface Options {
  readonly out: string;
  readonly timeout: number;
  readonly force?: boolean;
}

/** `affectd init`: a commented pipeline file for what is on the LSL network, or in recordings. */
export const initCommand: CommandFactory = (context) =>
  new Command('init')
    .description('write a commented pipeline file for what is on the LSL network, or in recordings')
    .argument('[recording...]', 'take what is in these, not what is on the network')
    .option('--out <file>', 'where to write it; - for stdout', 'pipeline.yaml')
    .option('--timeout <s>', 'how long to look at the network', positiveNumber, 2)
    .option('--force', 'write over a file that is there')
    .addHelpText(
      'after',
      examples(
        'affectd init',
        'affectd init session.xdf --out mine.yaml',
        'affectd init --timeout 5 --out -',
      ),
    )
    .action(async (recordings: string[], { out, timeout, force }: Options) => {
      const output = openOutput(out, context.stdout, recordings);
      try {
        if (out !== '-' && !force && existsSync(out))
          throw new ConfigurationError(
            'output-there',
            `${out} is there already; give another name by --out, or write over it by --force`,
          );
        const found = recordings.length > 0 ? await recorded(recordings) : await onNetwork(context, timeout);
        await output.write(starterPipeline(found));
        await output.finish();
      } catch (error) {
        await output.discard();
        throw error;
      }
      if (out !== '-')
        note(
          context,
          recordings.length > 0
            ? `affectd: wrote ${out}; now: affectd replay ${recordings.join(' ')} -p ${out}`
            : `affectd: wrote ${out}; now: affectd run ${out}`,
        );
    });

async function recorded(paths: readonly string[]): Promise<FoundStreams> {
  const opened = await openRecordings(paths);
  try {
    return {
      source: 'websocket',
      where: `in ${paths.map((path) => basename(path)).join(', ')}`,
      streams: opened.flatMap(({ streams }) =>
        streams.filter(({ samples }) => samples > 0).map(({ info }) => info),
      ),
    };
  } finally {
    await Promise.all(opened.map((recording) => recording.close()));
  }
}

async function onNetwork(context: CommandContext, timeout_s: number): Promise<FoundStreams> {
  const found = await resolveStreams(lslNetwork(context), { timeout_s });
  return {
    source: 'lsl',
    where: 'on the LSL network',
    streams: found.flatMap((info) =>
      canonicalStreams(declarationOf(info, info.uid)).map((stream) => stream.info),
    ),
  };
}
