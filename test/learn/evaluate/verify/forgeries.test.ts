import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { digestOfBytes } from '../../../../src/core/digest.js';
import { Random } from '../../../../src/core/random.js';
import type { Worth } from '../../../../src/core/worth.js';
import type { Prediction } from '../../../../src/io/protocol/output.js';
import { verifyModel } from '../../../../src/learn/evaluate/verify/verify-model.js';
import { onlyModel } from '../../../../src/learn/examples/only-model.js';
import { train } from '../../../../src/learn/fit/train.js';
import { judge } from '../../../../src/model/evidence/judge.js';
import { outputsOf } from '../../../../src/model/evidence/outputs.js';
import { sealOf } from '../../../../src/model/evidence/seal.js';
import { type Manifest, readModel } from '../../../../src/model/manifest.js';
import { loadPipeline } from '../../../../src/pipeline/file/load.js';
import { loadModels } from '../../../../src/pipeline/run/load-models.js';
import { checkServed } from '../../../../src/pipeline/run/raw-probe.js';
import { closeRunners } from '../../../../src/pipeline/run/runtime.js';
import { runAffectd } from '../../../cli/run-affectd.js';
import { temporaryFolder } from '../../../setup/temporary-folder.js';
import { trainYaml, writeEvaluatedModel } from './evaluated-model.js';

const root = temporaryFolder();
const genuine = join(root, 'genuine');
beforeAll(() => writeEvaluatedModel(genuine, { people: 4, passed: true }));

let copies = 0;
/** A copy of the genuine folder, data too. */
function copied(): string {
  const folder = join(root, `copy-${copies++}`);
  cpSync(genuine, folder, { recursive: true });
  return folder;
}

/** What a daemon takes the folder's model for; null where it does not load at all. */
async function served(folder: string): Promise<Worth | null> {
  const pipeline = await loadPipeline(pipelineOf(folder));
  try {
    const { runners } = await loadModels(pipeline, { engine: 'onnx', events: () => {} });
    const worth = [...runners.values()][0].worth;
    await closeRunners(runners);
    return worth;
  } catch {
    return null;
  }
}

/** The same without an engine, which takes its time to start. */
async function judged(folder: string): Promise<Worth | null> {
  try {
    const { manifest, model } = await readModel(folder);
    const pipeline = await loadPipeline(pipelineOf(folder));
    return await judge(folder, manifest, outputsOf(model), (files) =>
      checkServed(pipeline, onlyModel(pipeline), manifest, folder, files),
    );
  } catch {
    return null;
  }
}

/** The folder's pipeline with the model beside it. */
function pipelineOf(folder: string): string {
  const path = join(folder, 'served.yaml');
  writeFileSync(path, readFileSync(join(folder, 'pipeline.yaml'), 'utf8').replace('path: model', 'path: .'));
  return path;
}

const json = (folder: string, file: string) => JSON.parse(readFileSync(join(folder, file), 'utf8'));

/** Edits the manifest and seals it anew. */
function editManifest(folder: string, edit: (manifest: Manifest) => void): void {
  const manifest = json(folder, 'manifest.json') as Manifest;
  edit(manifest);
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ ...manifest, seal: sealOf(manifest) }));
}

/** Edits a linked file, makes its digest anew in the manifest, and seals that. */
function editLinked(
  folder: string,
  link: 'data' | 'recipe' | 'folds' | 'report',
  // biome-ignore lint/suspicious/noExplicitAny: a forger knows no types
  edit: (content: any) => void,
): void {
  const file = join('evidence', `${link}.json`);
  const content = json(folder, file);
  edit(content);
  const text = JSON.stringify(content);
  writeFileSync(join(folder, file), text);
  editManifest(folder, ({ links }) => {
    links![link].sha256 = digestOfBytes(text);
  });
}

describe('a model that was evaluated', () => {
  it('is validated as it stands, within what its people wore', async () => {
    expect(await served(genuine)).toMatchObject({
      evidence: 'validated',
      broken: null,
      scope: { modalities: [['eda', 'temp'], ['eda']] },
    });
    const { worth, findings } = await verifyModel(genuine);
    expect(findings.map(({ state }) => state)).toEqual(findings.map(() => 'holds'));
    expect(findings.map(({ link }) => link).sort()).toEqual(
      ['artefacts', 'data', 'folds', 'manifest', 'probe', 'recipe', 'report'].sort(),
    );
    expect(worth.evidence).toBe('validated');
  });
});

describe('a forgery', () => {
  it.each<[string, Worth['broken'], (folder: string) => void]>([
    [
      'a value of the manifest changed',
      'manifest',
      (folder) => {
        const manifest = json(folder, 'manifest.json');
        manifest.validity.min_present = 2;
        writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
      },
    ],
    [
      "another model's report",
      'report',
      (folder) =>
        editLinked(folder, 'report', (report) => {
          report.models[0].recipe = digestOfBytes('another');
        }),
    ],
    [
      'a report about other data',
      'data',
      (folder) =>
        editLinked(folder, 'report', (report) => {
          report.data.link = digestOfBytes('another');
        }),
    ],
    [
      'labels read as other people’s',
      'data',
      (folder) =>
        editLinked(folder, 'data', ({ people }) => {
          [people[0].labels, people[1].labels] = [people[1].labels, people[0].labels];
        }),
    ],
    [
      'other folds',
      'folds',
      (folder) =>
        editLinked(folder, 'folds', (folds) => {
          folds[0].folds.pop();
        }),
    ],
    [
      'a leaky report',
      'report',
      (folder) =>
        editLinked(folder, 'report', (report) => {
          report.label = 'LEAKY';
        }),
    ],
    [
      'a class order turned',
      'recipe',
      (folder) =>
        editManifest(folder, (manifest) => {
          (manifest.settings.classes as string[]).reverse();
        }),
    ],
    [
      'a class order turned in the recipe, too',
      'report',
      (folder) => {
        editLinked(folder, 'recipe', ({ recipe }) => recipe.model.settings.classes.reverse());
        editManifest(folder, (manifest) => {
          (manifest.settings.classes as string[]).reverse();
        });
      },
    ],
    [
      'another seed than any that was evaluated',
      'recipe',
      (folder) =>
        editLinked(folder, 'recipe', (file) => {
          file.seed = 7;
        }),
    ],
    [
      'a pipeline edited below the model, and its digest taken over',
      'recipe',
      (folder) => {
        const path = join(folder, 'pipeline.yaml');
        writeFileSync(path, readFileSync(path, 'utf8').replace('half_life_s: 600', 'half_life_s: 60'));
        const other = json(folder, 'other-upstream.json');
        editManifest(folder, (manifest) => {
          manifest.inputs[0].upstream = other;
        });
      },
    ],
    [
      'channels renamed before the pipeline',
      'recipe',
      (folder) => {
        const path = join(folder, 'pipeline.yaml');
        writeFileSync(
          path,
          readFileSync(path, 'utf8').replace('stream_type: TEMP,', 'stream_type: TEMP, labels: [toe],'),
        );
      },
    ],
    [
      'another program, which makes another frame of the raw probe',
      'probe',
      (folder) =>
        editManifest(folder, ({ probe }) => {
          probe.frame[0].values[0] += 1e-3;
        }),
    ],
  ])('is told: %s', async (_, link, forge) => {
    const folder = copied();
    await keepOtherUpstream(folder);
    forge(folder);
    expect(await served(folder)).toMatchObject({ evidence: 'none', broken: link, scope: null });
  });

  /** Writes the digest that the edited pipeline's nodes before `eda` have, as a forger would read it off an error. */
  async function keepOtherUpstream(folder: string): Promise<void> {
    const path = join(folder, 'other.yaml');
    const text = readFileSync(pipelineOf(folder), 'utf8');
    writeFileSync(path, text.replace('half_life_s: 600', 'half_life_s: 60'));
    const { models } = await loadPipeline(path);
    const digest = [...models.values()][0].join.digests.get('eda');
    writeFileSync(join(folder, 'other-upstream.json'), JSON.stringify(digest));
  }

  it('is told: one output’s report for another', async () => {
    const folder = copied();
    editLinked(folder, 'report', ({ verdicts }) => {
      verdicts[0].output = 'valence';
    });
    expect(await served(folder)).toMatchObject({ evidence: 'none', reason: 'not shown for class' });
  });

  it('is told: data that were simulated, whatever the manifest says', async () => {
    const folder = copied();
    editLinked(folder, 'data', (data) => {
      data.simulated = true;
    });
    expect((await served(folder))!.evidence).toBe('none');
    editManifest(folder, (manifest) => {
      manifest.simulated = true;
    });
    expect((await served(folder))!.evidence).toBe('simulated');
  });

  it('is told: a model of simulated people with the links of another', async () => {
    const folder = copied();
    const other = join(root, 'simulated');
    cpSync(genuine, other, { recursive: true });
    writeFileSync(
      join(other, 'train.yaml'),
      trainYaml()
        .replace('name: skin', 'name: other')
        .replace(
          /data:[\s\S]*?shares: .*/,
          'data: { kind: simulated, seed: s, profiles: [muse], duration_s: 30, step_s: 2, people: { train: 2, validation: 1, calibration: 1, test: 1 } }',
        )
        .replace('type: concatenation', 'type: prnet')
        .replace('classes: [baseline, stress]', 'heads: [valence, arousal], hidden: [2]')
        .replace('cross_entropy', 'mse')
        .replace(/evaluation: .*/, ''),
    );
    writeFileSync(
      join(other, 'pipeline.yaml'),
      readFileSync(join(other, 'pipeline.yaml'), 'utf8').replace('type: concatenation', 'type: prnet'),
    );
    await train(join(other, 'train.yaml'), { out: join(other, 'model') });
    cpSync(join(genuine, 'evidence'), join(other, 'model', 'evidence'), { recursive: true });
    const { links } = json(folder, 'manifest.json') as Manifest;
    writeFileSync(join(other, 'model', 'pipeline.yaml'), readFileSync(join(other, 'pipeline.yaml')));
    expect((await served(join(other, 'model')))!.evidence).toBe('simulated');
    editManifest(join(other, 'model'), (manifest) => {
      manifest.simulated = false;
      manifest.links = links;
    });
    expect(await served(join(other, 'model'))).toMatchObject({ evidence: 'none', broken: 'recipe' });
  });

  it('is told: the same recording under two people', async () => {
    const folder = copied();
    cpSync(join(folder, 'data', 'Raw_data', 'S03'), join(folder, 'data', 'Raw_data', 'S02'), {
      recursive: true,
    });
    await expect(train(join(folder, 'train.yaml'))).rejects.toMatchObject({
      code: 'dataset-person-twice',
      message: expect.stringContaining('S02 and S03 share a recording'),
    });
  });

  it('is told: a report of another recipe is not linked, nor is its card written', async () => {
    const folder = copied();
    writeFileSync(join(folder, 'train.yaml'), trainYaml().replace('epochs: 6', 'epochs: 7'));
    await expect(train(join(folder, 'train.yaml'))).rejects.toThrow('it is about another recipe');
  });

  it('is told by the data: a value of theirs changed', async () => {
    const folder = copied();
    const path = join(folder, 'data', 'Raw_data', 'S03', 'EDA.csv');
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace(/(\d)\n$/, (_, digit) => `${(+digit + 1) % 10}\n`),
    );
    const { worth } = await verifyModel(folder);
    expect(worth).toMatchObject({ evidence: 'none', broken: 'data' });
    rmSync(join(folder, 'data'), { recursive: true });
    const { findings } = await verifyModel(folder);
    expect(findings.find(({ link }) => link === 'data')).toMatchObject({ state: 'absent' });
  });

  it('is told in every linked file: twenty random edits of a value each', async () => {
    const { uniform } = new Random(11);
    const folder = copied();
    const files = ['manifest.json', 'weights.bin', 'model.onnx']
      .concat(readdirSync(join(folder, 'evidence')).map((file) => join('evidence', file)))
      .map((file) => join(folder, file));
    for (const path of files) {
      const bytes = readFileSync(path);
      for (let edit = 0; edit < 20; edit++) {
        const edited = Buffer.from(bytes);
        // White space between values changes none of them.
        let at = Math.floor(uniform() * bytes.length);
        while (path.endsWith('.json') && /\s/.test(String.fromCharCode(bytes[at])))
          at = (at + 1) % bytes.length;
        edited[at] ^= 1 + Math.floor(uniform() * 7);
        writeFileSync(path, edited);
        expect((await judged(folder))?.evidence, `${path}: byte ${at}`).not.toBe('validated');
      }
      writeFileSync(path, bytes);
    }
    expect((await judged(folder))!.evidence).toBe('validated');
  });

  it('is told by its streams: another rate, device, unit, or set of sensors', async () => {
    const folder = copied();
    const said = async (
      edit: (text: string) => string,
      drop: readonly string[] = [],
    ): Promise<Prediction> => {
      const session = join(folder, 'session');
      rmSync(session, { recursive: true, force: true });
      cpSync(join(folder, 'data', 'Raw_data', 'S02'), session, { recursive: true });
      for (const file of drop) rmSync(join(session, file));
      const path = join(session, 'EDA.csv');
      if (!drop.includes('EDA.csv')) writeFileSync(path, edit(readFileSync(path, 'utf8')));
      const { stdout } = await runAffectd(['replay', session, '-p', pipelineOf(folder)]);
      return JSON.parse(stdout.trim().split('\n').at(-1)!);
    };
    expect(await said((text) => text)).toMatchObject({ valid: true, evidence: 'validated' });
    expect(await said((text) => text, ['TEMP.csv'])).toMatchObject({ evidence: 'validated' });
    expect(await said((text) => text, ['EDA.csv'])).toMatchObject({
      evidence: 'none',
      evidence_reason: 'modalities',
    });
    expect(await said((text) => text.replace('\n4.000000', '\n2.000000'))).toMatchObject({
      evidence: 'none',
      evidence_reason: 'rate',
    });
  });
});
