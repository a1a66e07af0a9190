import { join, relative } from 'node:path';
import { Command } from 'commander';
import { loadPipeline } from '../pipeline/file/load.js';
import { shippedPipeline, shippedPipelines } from '../pipeline/file/shipped-pipelines.js';
import {
  describePipeline,
  type ModelDescription,
  type PipelineDescription,
} from '../pipeline/reference/describe-pipeline.js';
import { type CommandFactory, examples } from './command.js';
import { openOutput } from './output.js';

/** `affectd pipelines`: what is shipped, what it needs and what it gives. */
export const pipelinesCommand: CommandFactory = (context) =>
  new Command('pipelines')
    .description(
      'list the pipelines that are shipped, with what each needs and gives; run, replay, features and check take their names',
    )
    .option('--json', 'machine-readable list')
    .addHelpText('after', examples('affectd pipelines', 'affectd replay session.xdf -p indices --indices -'))
    .action(async ({ json }: { json?: boolean }) => {
      const described = await Promise.all(
        shippedPipelines().map(async (name) => {
          const file = shippedPipeline(name);
          return { name, file, ...(await describePipeline(await loadPipeline(file))) };
        }),
      );
      const output = openOutput('-', context.stdout);
      await output.write(
        json
          ? `${JSON.stringify({ pipelines: described })}\n`
          : described.map(({ name, ...own }) => lines(name, own)).join(''),
      );
    });

function lines(name: string, description: PipelineDescription): string {
  return `${name}\n  needs ${needs(description)}\n${gives(description)
    .map((line) => `  gives ${line}\n`)
    .join('')}`;
}

function needs({ needs: required, takes }: PipelineDescription): string {
  if (required.length === 0) return takes.length === 1 ? takes[0] : `any of ${takes.join(', ')}`;
  return `${required.join(', ')}${takes.length > 0 ? `; takes ${takes.join(', ')}` : ''}`;
}

function gives({ models, features, indices }: PipelineDescription): string[] {
  const isServed = models.some(({ tells }) => tells !== null);
  return [
    ...models.map(modelLine),
    ...(features.length > 0 && !isServed ? [`features: ${features.join(', ')}`] : []),
    ...(indices.length > 0 ? [`indices: ${indices.join(', ')}`] : []),
  ];
}

function modelLine({ type, path, tells }: ModelDescription): string {
  if (tells === null)
    return `predictions once its ${type} is trained: affectd train ${shown(join(path, 'train.yaml'))}`;
  const { heads, classes, ranking } = tells;
  const outputs = [
    ...heads,
    ...(classes.length > 0 ? [`class (${classes.join(', ')})`] : []),
    ...(ranking.length > 0 ? [`ranking of ${ranking.join(', ')}`] : []),
  ];
  return `${outputs.join(', ')} (${type}, ${shown(path)})`;
}

/** As somebody who stands here would write it. */
function shown(path: string): string {
  const fromHere = relative('', path);
  return fromHere.startsWith('..') ? path : fromHere;
}
