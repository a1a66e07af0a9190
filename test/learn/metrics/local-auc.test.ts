import { describe, expect, it } from 'vitest';
import {
  type LocalWindow,
  localAreas,
  localAuc,
  localAucProblem,
} from '../../../src/learn/metrics/local-auc.js';

/** Windows of 4 s every 2 s, wholly within trials of which each has a label; scores are told by time and label. */
function session(
  trials: readonly { readonly onset: number; readonly end: number; readonly positive: boolean }[],
  score: (time: number, positive: boolean) => number,
): LocalWindow[] {
  return trials.flatMap(({ onset, end, positive }, t) => {
    const windows: LocalWindow[] = [];
    for (let start = onset; start + 4 <= end; start += 2)
      windows.push({ start, end: start + 4, trial: `${t}`, onset, positive, score: score(start, positive) });
    return windows;
  });
}
const blocks = (lengths: readonly number[], first = false) => {
  let at = 0;
  return lengths.map((length, i) => {
    const onset = at;
    at += length;
    return { onset, end: at, positive: (i % 2 === 1) !== first };
  });
};
const drift = (time: number): number => time;
const truth = (_: number, positive: boolean): number => Number(positive);

describe('localAreas', () => {
  it('is 1 for what knows the label, and half of what only drifts once there are rises and falls', () => {
    const trials = blocks([600, 300, 100, 50]);
    expect(localAreas([session(trials, truth)])).toEqual({ rises: 1, falls: 1 });
    expect(localAreas([session(trials, drift)])).toEqual({ rises: 1, falls: 0 });
    expect(localAuc([localAreas([session(trials, drift)])]).auc).toBe(0.5);
  });

  it('takes windows wholly within 200 s, and none beyond another change', () => {
    // Beyond 200 s of the change the score is the wrong way round.
    const near = (start: number): boolean => start >= 400 && start + 4 <= 800;
    const score = (start: number, positive: boolean): number => Number(near(start) === positive);
    expect(localAreas([session(blocks([600, 600]), score)])).toEqual({ rises: 1, falls: Number.NaN });
    // Of a block of 20 s only its own windows count, though 200 s reach beyond it.
    const short = session(blocks([300, 20, 300]), truth);
    const spoilt = short.map((own) => (own.start > 400 || own.start < 90 ? { ...own, score: 5 } : own));
    expect(localAreas([spoilt]).rises).toBe(1);
  });

  it('counts from where the trial begins, so that a long pause leaves nothing to compare with', () => {
    const trials = (pause: number) => [
      { onset: 0, end: 100, positive: false },
      { onset: 100 + pause, end: 200 + pause, positive: true },
    ];
    expect(localAreas([session(trials(150), truth)]).rises).toBe(1);
    expect(localAreas([session(trials(201), truth)]).rises).toBeNaN();
  });

  it('leaves out windows across a change within a trial', () => {
    // Windows of 4 s every second; the label is that of their middle, the change is at 20.
    const score = (start: number): number => (start + 4 <= 20 ? 0 : start >= 20 ? 1 : 0.5);
    const windows = Array.from({ length: 37 }, (_, start): LocalWindow => {
      const crosses = start < 20 && start + 4 > 20;
      return {
        start,
        end: start + 4,
        trial: 't',
        onset: 0,
        positive: start + 2 > 20,
        // The wrong way round where it crosses.
        score: crosses ? Number(start + 2 <= 20) : score(start),
      };
    });
    expect(localAreas([windows]).rises).toBe(1);
  });

  it('averages the changes of a person, then people, then both directions', () => {
    const two = session(blocks([100, 100, 100, 100, 100]), (time, positive) =>
      time < 200 ? Number(positive) : 0,
    );
    expect(localAreas([two])).toEqual({ rises: 0.75, falls: 0.75 });
    const people = [
      { rises: 1, falls: 0.5 },
      { rises: 0.5, falls: Number.NaN },
    ];
    expect(localAuc(people)).toEqual({ rises: 0.75, falls: 0.5, auc: 0.625 });
  });

  it('keeps sessions apart', () => {
    const [calm, stressed] = [false, true].map((positive) =>
      session([{ onset: 0, end: 60, positive }], truth),
    );
    expect(localAreas([calm, stressed])).toEqual({ rises: Number.NaN, falls: Number.NaN });
  });
});

describe('localAucProblem', () => {
  it('says what is missing', () => {
    const of = (rises: number, falls: number) => localAucProblem(localAuc([{ rises, falls }]));
    expect(of(0.7, 0.8)).toBeNull();
    expect(of(Number.NaN, 0.8)).toMatch('no label rises');
    expect(of(0.7, Number.NaN)).toMatch('no label falls');
    expect(of(Number.NaN, Number.NaN)).toMatch('no label changes');
  });
});
