import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type AffectdError, ConfigurationError } from '../../src/core/errors.js';
import { chooseEngine } from '../../src/model/engines/choose.js';
import { createInference } from '../../src/model/engines/inference.js';
import { loadManifest, type Manifest, readModel } from '../../src/model/manifest.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { writeSmallModel } from './engines/small-model.js';

let original: string;
beforeAll(async () => {
  original = await writeSmallModel();
});

function copy(): string {
  const directory = join(temporaryFolder(), 'model');
  cpSync(original, directory, { recursive: true });
  return directory;
}

function edited(edit: (manifest: Manifest & Record<string, unknown>) => void): string {
  const directory = copy();
  const path = join(directory, 'manifest.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  edit(manifest);
  writeFileSync(path, JSON.stringify(manifest));
  return directory;
}

function withFile(change: (path: string) => void, file: string): string {
  const directory = copy();
  change(join(directory, file));
  return directory;
}

describe('a written model', () => {
  it('is read back as it was', async () => {
    const { manifest, id, parameters } = await readModel(original);
    expect(id).toMatch(/^small@sha256:[0-9a-f]{64}$/);
    expect(manifest).toEqual(await loadManifest(original));
    expect(parameters.size).toBe(manifest.parameters.length);
  });

  it('has another id when anything in it changes', async () => {
    const other = edited((m) => {
      m.inputs[0].standardisation.mean[0] += 1e-9;
    });
    expect((await readModel(other)).id).not.toBe((await readModel(original)).id);
  });
});

describe('a model that is not as it should be', () => {
  const broken: [what: string, code: string, text: RegExp, directory: () => string][] = [
    ['no folder', 'model-missing', /manifest\.json: cannot be read \(ENOENT\)/, () => '/nowhere'],
    ['no JSON', 'model-invalid', /not JSON/, () => withFile((p) => truncateSync(p, 100), 'manifest.json')],
    [
      'unknown key',
      'model-invalid',
      /colour/,
      () =>
        edited((m) => {
          m.colour = 'red';
        }),
    ],
    [
      'another format',
      'model-invalid',
      /format/,
      () =>
        edited((m) => {
          m.format = 1 as 2;
        }),
    ],
    [
      'unknown type',
      'model-invalid',
      /type: oracle is not one of atam, bdae, bilstm, bimodal-lstm, concatenation, cross-attention, dgcnn, hi-moe, late-fusion, prnet/,
      () =>
        edited((m) => {
          m.type = 'oracle';
        }),
    ],
    [
      'bad setting',
      'model-invalid',
      /settings\.width/,
      () =>
        edited((m) => {
          m.settings.width = -1;
        }),
    ],
    [
      'settings for other weights',
      'model-invalid',
      /parameters: do not match/,
      () =>
        edited((m) => {
          m.settings.width = 9;
        }),
    ],
    [
      'an input without encoder',
      'model-invalid',
      /settings\.encoders/,
      () =>
        edited((m) => {
          m.inputs[1].name = 'gaze';
        }),
    ],
    [
      'too few means',
      'model-invalid',
      /inputs\.eeg\.standardisation\.mean: needs 5/,
      () =>
        edited((m) => {
          m.inputs[0].standardisation.mean.pop();
        }),
    ],
    [
      'a standard deviation of 0',
      'model-invalid',
      /inputs\.0\.standardisation\.sd/,
      () =>
        edited((m) => {
          m.inputs[0].standardisation.sd[0] = 0;
        }),
    ],
    [
      'a path out of the folder',
      'model-invalid',
      /artifacts\.weights\.file/,
      () =>
        edited((m) => {
          m.artifacts.weights.file = '../weights.bin';
        }),
    ],
    [
      'a scale of intervals of another size',
      'model-invalid',
      /calibration\.scale\.valence: needs 11 weights/,
      () =>
        edited((m) => {
          m.calibration?.scale.valence?.pop();
        }),
    ],
    [
      'intervals for a set of inputs that there is not',
      'model-invalid',
      /calibration\.quantiles\.eye\+eeg: not a set of inputs in their order/,
      () =>
        edited((m) => {
          m.calibration!.quantiles['eye+eeg'] = { valence: 1, arousal: 1 };
        }),
    ],
    [
      'skill in what the model does not tell',
      'model-invalid',
      /skill\.eeg: the model does not tell liking/,
      () =>
        edited((m) => {
          m.skill = { eeg: ['liking'] };
        }),
    ],
    [
      'an unknown required input',
      'model-invalid',
      /validity\.required: no input is named face/,
      () =>
        edited((m) => {
          m.validity.required = ['face'];
        }),
    ],
    [
      'no weights',
      'model-missing',
      /weights\.bin: cannot be read/,
      () => withFile((p) => rmSync(p), 'weights.bin'),
    ],
    [
      'cut weights',
      'model-digest-mismatch',
      /weights\.bin/,
      () => withFile((p) => truncateSync(p, 40), 'weights.bin'),
    ],
    [
      'a flipped bit',
      'model-digest-mismatch',
      /model\.onnx/,
      () =>
        withFile((p) => {
          const bytes = readFileSync(p);
          bytes[bytes.length >> 1] ^= 1;
          writeFileSync(p, bytes);
        }, 'model.onnx'),
    ],
  ];

  it.each(broken)('%s: refused in one line', async (_, code, text, directory) => {
    const error = await readModel(directory()).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ConfigurationError);
    const { code: found, message, exitCode } = error as AffectdError;
    expect([found, exitCode]).toEqual([code, 2]);
    expect(message).toMatch(text);
    expect(message).not.toContain('\n');
  });

  it.each(['onnx', 'tfjs-wasm'] as const)(
    'a probe that does not come true is refused on %s',
    async (name) => {
      const model = await readModel(
        edited((m) => {
          m.probe.heads[0] += 2e-4;
        }),
      );
      const { engine } = await chooseEngine(name);
      await expect(createInference(model, engine)).rejects.toMatchObject({
        code: 'model-probe-mismatch',
        exitCode: 2,
      });
    },
  );
});
