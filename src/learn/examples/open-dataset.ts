import { ConfigurationError } from '../../core/errors.js';
import type { Dataset } from '../datasets/dataset.js';
import { datasetDefinitions } from '../datasets/definitions.js';

/** A data set's kind, and its importer's own settings. */
export interface DatasetSettings {
  readonly kind: string;
  readonly [setting: string]: unknown;
}

/** @param directory what a relative path in the settings is relative to */
export async function openDataset({ kind, ...rest }: DatasetSettings, directory: string): Promise<Dataset> {
  const definition = datasetDefinitions.get(kind);
  if (!definition)
    throw new ConfigurationError(
      'training-invalid',
      `dataset.kind: ${kind} is not one of ${[...datasetDefinitions.keys()].join(', ')}`,
    );
  const settings = definition.settings.safeParse(rest);
  if (!settings.success) {
    const [issue] = settings.error.issues;
    throw new ConfigurationError('training-invalid', `dataset.${issue.path.join('.')}: ${issue.message}`);
  }
  return definition.open(settings.data, directory);
}
