import { describe, expect, it } from 'vitest';
import { windowFacts } from '../../../../src/learn/evaluate/blind/window-facts.js';
import { anExample } from '../../fit/an-example.js';

const frame = (masks: readonly (readonly number[])[], absent: readonly number[] = []) =>
  masks.map((mask, m) => ({
    values: new Float32Array(mask.length),
    mask: Uint8Array.from(mask),
    present: !absent.includes(m),
  }));

describe('windowFacts', () => {
  it('keeps each pattern of absence once, and none that never changes', () => {
    const examples = [
      // Both features of the first modality go together, and with it; the second's third is never there.
      anExample({
        frame: frame([
          [1, 1],
          [1, 1, 0],
        ]),
      }),
      anExample({
        frame: frame(
          [
            [1, 1],
            [1, 1, 0],
          ],
          [0],
        ),
      }),
      anExample({
        frame: frame([
          [1, 1],
          [1, 0, 0],
        ]),
      }),
    ];
    const facts = windowFacts(examples, 1);
    expect(facts.map(({ masks }) => [...masks])).toEqual([
      [1, 1],
      [0, 1],
      [1, 0],
    ]);
    expect(facts[1].present).toEqual([false, true]);
  });

  it('places windows in their session and trial, and looks one back, across trials but not sessions', () => {
    const at = (session: string, trial: string, since_start: number, since_onset: number, c: number) =>
      anExample({ session, trial, since_start, since_onset, label: { targets: {}, class: c } });
    const facts = windowFacts(
      [at('1', 'a', 0, 0, 0), at('1', 'a', 10, 10, 0), at('1', 'b', 40, 0, 1), at('2', 'c', 0, 0, 1)],
      10,
    );
    expect(facts.map(({ session_share, trial_share }) => [session_share, trial_share])).toEqual([
      [0, 0],
      [0.25, 1],
      [1, 0],
      [0, 0],
    ]);
    expect(facts.map(({ previous }) => previous?.class ?? null)).toEqual([null, 0, 0, null]);
    expect(facts.map(({ trial_hop }) => trial_hop)).toEqual([0, 1, 0, 0]);
  });
});
