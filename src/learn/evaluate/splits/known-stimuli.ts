import { ConfigurationError } from '../../../core/errors.js';
import type { Placed } from './definition.js';
import { unitOf } from './unit.js';

/** The stimuli of `windows` in order of appearance. Throws `ConfigurationError` where a trial has none. */
export function knownStimuli(windows: readonly Placed[]): string[] {
  const without = windows.find(({ stimulus }) => stimulus === null);
  if (without)
    throw new ConfigurationError(
      'split-impossible',
      `split: trial ${without.trial} of ${without.person} has no stimulus to split by; split by trial or subject`,
    );
  return [...new Set(windows.map(unitOf.stimulus))];
}
