import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createMetrics } from '../src/telemetry/metrics.js';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const manifest = JSON.parse(read('package.json'));

it('CITATION.cff has what its format (1.2.0) requires, and this version', () => {
  const citation = parse(read('CITATION.cff'));
  expect(citation).toMatchObject({
    'cff-version': '1.2.0',
    message: expect.any(String),
    title: expect.stringContaining(manifest.name),
    type: 'software',
    version: manifest.version,
    license: manifest.license,
  });
  expect(citation.authors.length).toBeGreaterThan(0);
  for (const author of citation.authors)
    expect(author.name ?? author['family-names']).toEqual(expect.any(String));
});

describe('an installation', () => {
  it('downloads nothing beside packages: no script of onnxruntime-node runs, whatever npm does it', () => {
    // npm before 11 knows nothing of allowScripts. It runs what the lock file says has scripts; `npm install` writes the mark again: remove it.
    const { packages } = JSON.parse(read('package-lock.json'));
    expect(packages['node_modules/onnxruntime-node']).not.toHaveProperty('hasInstallScript');
    expect(manifest.allowScripts['onnxruntime-node']).toBe(false);
  });

  it('has no configuration that npm does not know: it would say so at every command', () => {
    expect(existsSync(join(root, '.npmrc'))).toBe(false);
  });
});

describe('service and container', () => {
  it('the container copies what is there', () => {
    const text = read('examples/container/Dockerfile');
    const sources = text
      .split('\n')
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(' ').slice(1, -1));
    expect(sources.length).toBeGreaterThan(8);
    expect(sources.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    const known = /^(#|FROM|WORKDIR|COPY|RUN|USER|VOLUME|EXPOSE|HEALTHCHECK|CMD|$)/;
    expect(text.split('\n').filter((line) => !known.test(line))).toEqual([]);
    for (const [, list] of text.matchAll(/^(?:HEALTHCHECK )?CMD (.*)$/gm))
      expect(JSON.parse(list)[0]).toBe('node');
  });

  it('the unit has sections and keys of systemd', () => {
    const lines = read('examples/service/affectd.service').split('\n');
    const sections = lines.filter((line) => line.startsWith('['));
    expect(sections).toEqual(['[Unit]', '[Service]', '[Install]']);
    for (const line of lines) expect(line).toMatch(/^($|#|\[\w+\]$|[A-Z][A-Za-z]+=.+)/);
    try {
      execFileSync('systemd-analyze', ['--version'], { stdio: 'ignore' });
    } catch {
      return; // Nothing here knows more of it.
    }
    execFileSync('systemd-analyze', ['verify', join(root, 'examples/service/affectd.service')]);
  });

  it('figures that the page on watching names are there', async () => {
    const metrics = createMetrics();
    const text = await metrics.registry.metrics();
    metrics.close();
    const named = [...read('docs/how-to/watch-a-daemon.md').matchAll(/`((?:affectd|process)_\w+)`/g)];
    expect(named.length).toBeGreaterThan(5);
    for (const [, name] of named) expect(text).toContain(`# HELP ${name} `);
  });
});
