import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  modelDefinitions,
  sinkDefinitions,
  sourceDefinitions,
  transformDefinitions,
} from '../../../src/pipeline/file/registry.js';
import { featureDefinitions } from '../../../src/signal/features/registry.js';

const root = join(import.meta.dirname, '..', '..', '..');

/** Where components of a kind are, and which files and folders there are none. */
const kinds: readonly {
  readonly folder: string;
  readonly names: Iterable<string>;
  readonly others: readonly string[];
}[] = [
  {
    folder: 'signal/features',
    names: featureDefinitions.keys(),
    others: [
      ...['registry', 'channels', 'events', 'bands', 'paired-features', 'beat-series'],
      ...['signs', 'eeg-signs', 'fading-moments', 'gaze-signs', 'pulse-signs', 'skin-signs'],
    ],
  },
  { folder: 'signal/transforms', names: transformDefinitions.keys(), others: ['registry'] },
  {
    folder: 'io/sources',
    names: sourceDefinitions.keys(),
    others: [
      ...['source', 'pace', 'door', 'ingest'],
      ...['raw-samples', 'listening', 'lsl-directory', 'asked-streams'],
    ],
  },
  {
    folder: 'io/sinks',
    names: sinkDefinitions.keys(),
    others: ['contained', 'sink', 'affect-sample', 'queue', 'signals', 'told'],
  },
  {
    folder: 'model/networks',
    names: modelDefinitions.keys(),
    others: [
      ...['definition', 'definitions', 'graph', 'parameters', 'parameter-list', 'output-layers'],
      ...['attention-fusion', 'encoders', 'recurrent'],
    ],
  },
];

/** Path without `.ts` by name, of the files in a folder and in its folders. */
function filesIn(folder: string, others: readonly string[]): Map<string, string> {
  const files = new Map<string, string>();
  const walk = (path: string): void => {
    for (const entry of readdirSync(join(root, 'src', path), { withFileTypes: true })) {
      const name = entry.name.replace(/\.ts$/, '');
      if (entry.isDirectory() && (name === 'signs' || !others.includes(name))) walk(`${path}/${name}`);
      else if (entry.isFile() && !others.includes(name)) files.set(name, `${path}/${name}`);
    }
  };
  walk(folder);
  return files;
}

describe.each(kinds)('src/$folder', ({ folder, names, others }) => {
  const registered = [...names].sort();
  const files = filesIn(folder, others);

  it('has a file for each registered component, and no component that is not registered', () => {
    expect([...files.keys()].sort()).toEqual(registered);
  });

  it.each(registered)('%s has a test at the same path', (name) => {
    expect(existsSync(join(root, 'test', `${files.get(name)}.test.ts`))).toBe(true);
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
