import type { Seconds } from '../../core/clock.js';
import type { ModelFrame } from '../../core/model.js';
import type { Label } from '../datasets/dataset.js';

/** Where a window comes from: what splits go by. */
export interface Origin {
  readonly person: string;
  /** Recording session of the person. */
  readonly session: string;
  /** Unique within the person. */
  readonly trial: string;
  /** Clip or task, shared by people; null where there is none. */
  readonly stimulus: string | null;
  /** Place of the trial in its session, from 0. */
  readonly position: number;
  /** Place of the trial's file in its session, from 0. */
  readonly file: number;
}

/**
 * One labelled window. Its frame may be read from a file, or made, each time it is asked for: ask once, and hold a batch
 * of frames at most, since all of them may be more than memory holds. (`{ ...example }` asks.)
 */
export interface Example extends Origin {
  readonly window: readonly [Seconds, Seconds];
  /** From the start of its session to the window's; recordings of one session count one after another, without pauses. */
  readonly since_start: Seconds;
  /** From the start of its trial to the window's. */
  readonly since_onset: Seconds;
  readonly frame: ModelFrame;
  readonly label: Label;
}

/** `example` with the frame that `frame` makes whenever it is asked for; its own isn't asked for here. */
export function withFrame(example: Omit<Example, 'frame'>, frame: () => ModelFrame): Example {
  const { person, session, trial, stimulus, position, file } = example;
  const { window, since_start, since_onset, label } = example;
  return {
    person,
    session,
    trial,
    stimulus,
    position,
    file,
    window,
    since_start,
    since_onset,
    get frame() {
      return frame();
    },
    label,
  };
}

export function sameTrial(a: Origin, b: Origin): boolean {
  return a.person === b.person && a.trial === b.trial;
}

/** Examples by person, people in order of first appearance. */
export function byPerson<E extends Origin>(examples: readonly E[]): ReadonlyMap<string, readonly E[]> {
  const people = new Map<string, E[]>();
  for (const example of examples) {
    const own = people.get(example.person);
    if (own) own.push(example);
    else people.set(example.person, [example]);
  }
  return people;
}
