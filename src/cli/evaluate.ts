import { basename, extname, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { ExitCode } from '../core/errors.js';
import { evaluate } from '../learn/evaluate/evaluate.js';
import { type TrainingEngineChoice, trainingEngineNames } from '../model/engines/training-engine.js';
import { type CommandFactory, examples } from './command.js';
import { version } from './context.js';
import { addExampleOptions, type ExampleOptions, exampleOptions } from './options/example-options.js';
import { openOutput } from './output.js';

interface EvaluateCommandOptions extends ExampleOptions {
  readonly engine?: TrainingEngineChoice;
  readonly out?: string;
  readonly leaky?: boolean;
  readonly json?: boolean;
}

/** `affectd evaluate`: models on held-out people, trials or stimuli, as a configuration says. */
export const evaluateCommand: CommandFactory = (context, exit) =>
  addExampleOptions(
    new Command('evaluate')
      .description(
        'measure models on people, trials or stimuli that they have not seen, as a configuration says',
      )
      .argument('<config>', 'evaluation configuration, YAML')
      .option('--out <folder>', 'folder of report, figures and finished folds (default: evaluation-<config>)')
      .addOption(
        new Option(
          '--engine <name>',
          'what computes the models (default: wasm in every thread; for images what affectd train takes)',
        ).choices(['auto', ...trainingEngineNames]),
      )
      .option('--leaky', 'also run what lets training see the test data; every output then says LEAKY'),
  )
    .option('--json', 'the result as JSON instead of the report’s path')
    .addHelpText(
      'after',
      examples(
        'affectd evaluate examples/evaluations/leakage.yaml',
        'affectd evaluate my.yaml --out report --workers 4',
      ),
    )
    .action(async (config: string, options: EvaluateCommandOptions) => {
      const out = resolve(options.out ?? `evaluation-${basename(config, extname(config))}`);
      const result = await evaluate(config, {
        out,
        leaky: options.leaky ?? false,
        ...(options.engine && { engine: options.engine }),
        version,
        ...exampleOptions(context, options),
      });
      const output = openOutput('-', context.stdout);
      const label = result.label ? `${result.label} ` : '';
      await output.write(
        options.json ? `${JSON.stringify(result)}\n` : `${label}${resolve(out, 'report.md')}\n`,
      );
      exit(ExitCode.ok);
    });
