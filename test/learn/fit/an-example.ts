import type { Example } from '../../../src/learn/examples/example.js';

/** An example of which a test says what matters to it. */
export function anExample(
  given: Partial<Example> & { readonly valence?: number; readonly arousal?: number } = {},
): Example {
  const { valence, arousal, ...rest } = given;
  const targets = {
    ...(valence !== undefined && { valence }),
    ...(arousal !== undefined && { arousal }),
  };
  return {
    person: 'p',
    session: 's',
    trial: 't',
    stimulus: null,
    position: 0,
    file: 0,
    window: [0, 4],
    since_start: 0,
    since_onset: 0,
    frame: [],
    label: { targets, class: null },
    ...rest,
  };
}
