import type { ScoredWindow } from '../../../../src/learn/evaluate/rule/scored-window.js';

/** A window of which a test says what matters to it; 10 s long. */
export function scored(given: Partial<ScoredWindow> & { readonly value?: number } = {}): ScoredWindow {
  const { value = 0, ...rest } = given;
  const start = rest.start ?? 0;
  return {
    index: 0,
    person: 'p',
    session: `${rest.person ?? 'p'} 1`,
    trial: `${rest.person ?? 'p'} t`,
    stimulus: null,
    file: 0,
    start,
    end: start + 10,
    since_onset: start,
    label: 0,
    score: [value],
    ...rest,
  };
}
