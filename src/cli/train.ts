import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Command, Option } from 'commander';
import { ExitCode } from '../core/errors.js';
import { trainingFigures } from '../learn/evaluate/training-figures.js';
import { train } from '../learn/fit/train.js';
import { type TrainingEngineChoice, trainingEngineNames } from '../model/engines/training-engine.js';
import { type CommandFactory, examples } from './command.js';
import { warnings } from './context.js';
import { addExampleOptions, type ExampleOptions, exampleOptions } from './options/example-options.js';
import { openOutput } from './output.js';

interface TrainCommandOptions extends ExampleOptions {
  readonly out?: string;
  readonly engine: TrainingEngineChoice;
  readonly json?: boolean;
}

/** `affectd train`: trains a model as its configuration says, and tests it on people it never saw. */
export const trainCommand: CommandFactory = (context, exit) =>
  addExampleOptions(
    new Command('train')
      .description(
        'train a model, as its configuration file says; the model and its card are written beside that file',
      )
      .argument('<config>', 'training configuration, YAML')
      .addOption(
        new Option('--engine <name>', 'what computes the model')
          .choices(['auto', ...trainingEngineNames])
          .default('auto'),
      )
      .option('--out <folder>', 'folder of the model (default: the configuration’s own)')
      .option('--json', 'machine-readable report'),
  )
    .addHelpText('after', examples('affectd train models/demo/train.yaml'))
    .action(async (config: string, options: TrainCommandOptions) => {
      const result = await train(config, {
        events: warnings(context),
        out: options.out,
        trainingEngine: options.engine,
        ...exampleOptions(context, options),
      });
      const figures = join(options.out ?? dirname(config), 'figures');
      await mkdir(figures, { recursive: true });
      for (const [file, svg] of trainingFigures(result)) await writeFile(join(figures, file), svg);
      const output = openOutput('-', context.stdout);
      await output.write(options.json ? `${JSON.stringify(result)}\n` : `${result.model}\n`);
      exit(ExitCode.ok);
    });
