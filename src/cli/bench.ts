import { Command } from 'commander';
import { type BenchmarkOptions, benchmarks, onlyNamed } from '../bench/benchmarks.js';
import { ConfigurationError } from '../core/errors.js';
import { type CommandFactory, examples, positiveInteger } from './command.js';
import { note } from './context.js';
import { openOutput } from './output.js';

/** `affectd bench`: benchmarks, each with its peer or floor from the same run. */
export const benchCommand: CommandFactory = (context) =>
  new Command('bench')
    .description('measure this machine; ratios to a peer from the same run hold better than times')
    .argument(
      '[name...]',
      `benchmarks to run (default: all but ${[...onlyNamed].join(', ')}): ${[...benchmarks.keys()].join(', ')}`,
    )
    .option(
      '--engine <name>',
      'what computes the model (model, model-eegnet, train, train-eegnet, train-faces)',
    )
    .option(
      '--batch <windows>',
      'windows or images a step (train, train-eegnet, train-faces)',
      positiveInteger,
    )
    .option('--json', 'one JSON object a line')
    .addHelpText('after', examples('affectd bench features --json', 'affectd bench model replay'))
    .action(async (names: string[], options: BenchmarkOptions & { json?: boolean }) => {
      const output = openOutput('-', context.stdout);
      const all = [...benchmarks.keys()].filter((name) => !onlyNamed.has(name));
      for (const name of names.length > 0 ? names : all) {
        const benchmark = benchmarks.get(name);
        if (!benchmark) {
          throw new ConfigurationError(
            'benchmark-unknown',
            `no benchmark is called ${name}; there are ${[...benchmarks.keys()].join(', ')}`,
          );
        }
        note(context, `running ${name} ...`);
        const result = await benchmark(options);
        await output.write(options.json ? `${JSON.stringify(result)}\n` : table(result));
      }
    });

function table(result: Readonly<Record<string, unknown>>): string {
  const rows = Object.entries(result).map(
    ([key, value]) => `  ${key.padEnd(26)} ${typeof value === 'object' ? JSON.stringify(value) : value}`,
  );
  return `${rows.join('\n')}\n\n`;
}
