import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  modelDefinitions,
  sinkDefinitions,
  sourceDefinitions,
  transformDefinitions,
} from '../../../src/pipeline/file/registry.js';
import { featureDefinitions } from '../../../src/signal/features/registry.js';

/** Files of a component folder that are not components. */
const others: Readonly<Record<string, readonly string[]>> = {
  features: ['registry'],
  transforms: ['registry'],
  sources: ['source', 'pace'],
  sinks: ['contained', 'sink'],
  models: [
    'attention-fusion',
    'definition',
    'definitions',
    'encoders',
    'familiarity',
    'frames',
    'graph',
    'intervals',
    'manifest',
    'modality-sets',
    'output-layers',
    'parameter-list',
    'parameters',
    'random',
    'recurrent',
    'told',
  ],
};

function filesOf(folder: string): string[] {
  return readdirSync(join(import.meta.dirname, '..', '..', '..', 'src', folder))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => name.replace('.ts', ''))
    .filter((name) => !others[folder].includes(name))
    .sort();
}

describe.each<[folder: string, names: Iterable<string>]>([
  ['features', featureDefinitions.keys()],
  ['transforms', transformDefinitions.keys()],
  ['sources', sourceDefinitions.keys()],
  ['sinks', sinkDefinitions.keys()],
  ['models', modelDefinitions.keys()],
])('src/%s', (folder, names) => {
  const registered = [...names].sort();

  it('has a file for each registered component, and no component that is not registered', () => {
    expect(registered).toEqual(filesOf(folder));
  });

  it.each(registered)('%s has a test of the same name', (name) => {
    const tests = readdirSync(join(import.meta.dirname, '..', folder));
    expect(tests).toContain(`${name}.test.ts`);
  });
});

it('every component says what it does, and every parameter what it means', () => {
  for (const { type, summary, params } of [...transformDefinitions.values(), ...sourceDefinitions.values()]) {
    expect(summary, type).toMatch(/\S{3,}/);
    const shape = 'shape' in params ? (params.shape as Record<string, { description?: string }>) : {};
    for (const [key, schema] of Object.entries(shape))
      expect(schema.description, `${type}.${key}`).toBeTruthy();
  }
});
