import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import type { Example } from '../../../src/learn/examples/example.js';
import { LEAST_PEOPLE, SkillMeasure } from '../../../src/learn/fit/skill.js';
import { anExample } from './an-example.js';

const none = new Float32Array();
const dimensions = { heads: ['valence'], classes: [] } as const;

/** What a measure finds of people whose 40 windows `told` gives values for, of their labels and noise. */
function found(
  people: number,
  told: (label: number, noise: number, person: number) => number,
  constant = 0,
): string[] {
  const normal = new Random(7).gaussian;
  const measure = new SkillMeasure(dimensions, { valence: constant });
  for (let person = 0; person < people; person++) {
    const labels = Array.from({ length: 40 }, () => Math.max(-1, Math.min(1, 0.5 * normal())));
    const examples = labels.map((valence, i) =>
      anExample({ person: `p${person}`, window: [4 * i, 4 * i + 4], valence, arousal: 0, frame: [] }),
    );
    measure.add(
      examples,
      Float32Array.from(labels, (label) => told(label, normal(), person)),
      none,
    );
  }
  return measure.told();
}

describe('SkillMeasure of values', () => {
  it('finds what follows the label, though loosely', () => {
    expect(found(12, (label, noise) => 0.5 * label + 0.2 * noise)).toEqual(['valence']);
  });

  it.each([
    ['noise', (_: number, noise: number) => 0.5 * noise],
    ['a constant', () => 0.1],
    ['what goes the other way', (label: number) => -label],
    [
      'what follows the label, but errs more than a constant',
      (label: number, noise: number) => label + noise,
    ],
    [
      'what a single person gives away',
      (label: number, noise: number, person: number) => (person === 0 ? label : 0.1 * noise),
    ],
    ['what is no number', () => Number.NaN],
  ])('finds none in %s', (_, told) => {
    expect(found(12, told)).toEqual([]);
  });

  it('asks for so many people', () => {
    const perfect = (label: number): number => label;
    expect(found(LEAST_PEOPLE, perfect)).toEqual(['valence']);
    expect(found(LEAST_PEOPLE - 1, perfect)).toEqual([]);
  });
});

describe('SkillMeasure of classes', () => {
  /** @param push how far the logit of the right class is raised */
  function classes(push: number, of: (person: number, i: number) => number | null): string[] {
    const normal = new Random(2).gaussian;
    const outputs = { heads: [], classes: ['rest', 'talk', 'task'] };
    const measure = new SkillMeasure(outputs, {});
    for (let person = 0; person < 10; person++) {
      const examples: Example[] = Array.from({ length: 30 }, (_, i) => {
        const own = anExample({
          person: `p${person}`,
          window: [4 * i, 4 * i + 4],
          valence: 0,
          arousal: 0,
          frame: [],
        });
        return { ...own, label: { targets: {}, class: of(person, i) } };
      });
      const logits = examples.flatMap(({ label }) =>
        [0, 1, 2].map((c) => normal() + (c === label.class ? push : 0)),
      );
      measure.add(examples, none, Float32Array.from(logits));
    }
    return measure.told();
  }

  it('is in the order of probabilities, of people who have more than one class', () => {
    expect(classes(1, (_, i) => i % 3)).toEqual(['classes']);
    expect(classes(0, (_, i) => i % 3)).toEqual([]);
    expect(classes(-1, (_, i) => i % 3)).toEqual([]);
    expect(classes(1, (person) => person % 3)).toEqual([]);
    expect(classes(1, () => null)).toEqual([]);
  });

  it('is on whose side of the middle a value is, of heads that tell High from Low', () => {
    const measure = new SkillMeasure({ ...dimensions, binary_heads: true }, {});
    for (let person = 0; person < 10; person++) {
      const examples = Array.from({ length: 20 }, (_, i) =>
        anExample({
          person: `p${person}`,
          window: [i, i + 1],
          valence: i % 2 ? 0.4 : -0.4,
          arousal: 0,
          frame: [],
        }),
      );
      measure.add(
        examples,
        Float32Array.from(examples, (_, i) => (i % 2 ? 0.9 : 0.8)),
        none,
      );
    }
    expect(measure.told()).toEqual(['valence']);
  });
});
