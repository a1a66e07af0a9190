import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { trainFile, verifyModel } from '../../src/learn/evaluate/verify/verify-model.js';
import { loadTrainConfig } from '../../src/learn/fit/config.js';

const root = join(import.meta.dirname, '..', '..');
const recordings = join(root, '..', 'shared', 'recordings');
const shipped = readdirSync(join(root, 'models')).filter((name) =>
  existsSync(join(root, 'models', name, 'manifest.json')),
);

/** Where the data that a model was trained on stand here; undefined: nowhere. */
async function dataOf(folder: string): Promise<string | undefined> {
  const { data } = (await loadTrainConfig(trainFile(folder))).config;
  if (data.kind !== 'dataset' || !('path' in data.dataset)) return undefined;
  const path = join(recordings, data.dataset.kind);
  return existsSync(path) ? path : undefined;
}

describe('a model that is shipped', () => {
  it.each(shipped)(
    '%s has no broken link, and its card says what it is worth',
    async (name) => {
      const folder = join(root, 'models', name);
      const data = await dataOf(folder);
      const { worth, findings } = await verifyModel(folder, { data });
      // The data are looked at where they are.
      const mayLack = data === undefined ? ['holds', 'absent'] : ['holds'];
      for (const finding of findings)
        expect(mayLack, `${finding.link}: ${finding.message}`).toContain(finding.state);
      expect(worth.broken ?? null).toBeNull();
      expect(readFileSync(join(folder, 'CARD.md'), 'utf8')).toContain(`Evidence: \`${worth.evidence}\``);
    },
    240_000,
  );
});
