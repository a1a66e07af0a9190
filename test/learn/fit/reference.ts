import { readFileSync } from 'node:fs';

/** Made by fixtures/training/make_training.py. */
export const reference = JSON.parse(
  readFileSync(new URL('../../../fixtures/training/training.json', import.meta.url), 'utf8'),
);
