import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { ExitCode } from '../core/errors.js';
import { trainingFigures } from '../evaluation/training-figures.js';
import { train } from '../training/train.js';
import { type CommandFactory, examples } from './command.js';
import { note, warnings } from './context.js';
import { exampleCacheFolder, noCacheText } from './example-cache-folder.js';
import { openOutput } from './output.js';

/** `affectd train`: trains a model as its configuration says, and tests it on people it never saw. */
export const trainCommand: CommandFactory = (context, exit) =>
  new Command('train')
    .description(
      'train a model, as its configuration file says; the model and its card are written beside that file',
    )
    .argument('<config>', 'training configuration, YAML')
    .option('--out <folder>', 'folder of the model (default: the configuration’s own)')
    .option('--json', 'machine-readable report')
    .option('--no-cache', noCacheText)
    .addHelpText('after', examples('affectd train models/demo/train.yaml'))
    .action(async (config: string, options: { out?: string; json?: boolean; cache: boolean }) => {
      const result = await train(config, {
        events: warnings(context),
        out: options.out,
        clock: context.clock,
        cache: options.cache ? exampleCacheFolder() : null,
        progress: (line) => note(context, line),
      });
      const figures = join(options.out ?? dirname(config), 'figures');
      await mkdir(figures, { recursive: true });
      for (const [file, svg] of trainingFigures(result.type, result.history))
        await writeFile(join(figures, file), svg);
      const output = openOutput('-', context.stdout);
      await output.write(options.json ? `${JSON.stringify(result)}\n` : `${result.model}\n`);
      exit(ExitCode.ok);
    });
