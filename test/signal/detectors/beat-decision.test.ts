import { describe, expect, it } from 'vitest';
import {
  type BeatCandidate,
  BeatDecision,
  type BeatRules,
} from '../../../src/signal/detectors/beat-decision.js';

const rules: BeatRules = {
  refractory_s: 0.25,
  late_s: 0.36,
  late_share: 0.4,
  threshold_share: 0.27,
  search_share: 0.66,
};

const wave = (time: number, size: number, around = 0): BeatCandidate => ({ time, size, around });
/** One a second, of size 10 unless told otherwise. */
const beats = (from: number, to: number, size = 10) =>
  Array.from({ length: to - from }, (_, i) => wave(from + i, size));

function decide(candidates: readonly BeatCandidate[]): number[] {
  const found: number[] = [];
  const decision = new BeatDecision(rules, (time) => found.push(time));
  for (const candidate of [...candidates].sort((a, b) => a.time - b.time))
    decision.push(candidate, candidate.time + 0.2);
  decision.finish(null);
  return found;
}

const times = (candidates: readonly BeatCandidate[]) => candidates.map(({ time }) => time);

describe('BeatDecision', () => {
  it('takes what is large, those of the first seconds belatedly, and leaves noise', () => {
    const regular = beats(0, 20);
    const noise = regular.map(({ time }) => wave(time + 0.5, 1));
    expect(decide([...regular, ...noise])).toEqual(times(regular));
  });

  it('leaves late waves of the same beat, however large the threshold would have them be', () => {
    const regular = beats(0, 20);
    expect(decide([...regular, ...regular.map(({ time }) => wave(time + 0.3, 3.9))])).toEqual(times(regular));
    const early = regular.map(({ time }) => wave(time + 0.37, 3.9));
    expect(decide([...regular, ...early])).toHaveLength(40);
  });

  it('looks again for beats that have become small, and follows them', () => {
    const sizes = [...beats(0, 10), ...beats(10, 30, 2.3)];
    expect(decide(sizes)).toEqual(times(sizes));
  });

  it('holds back what is far too large, unless it stays', () => {
    const once = [...beats(0, 10), wave(10.5, 200), ...beats(11, 20)];
    expect(decide(once)).toEqual(times(once).filter((time) => time !== 10.5));
    const stays = [...beats(0, 10), ...beats(10, 30, 200)];
    expect(decide(stays)).toEqual(times(stays));
  });

  it('wants what is less than half as large as usual to stand out of what is around it', () => {
    const regular = beats(0, 20);
    const at = (around: number) => regular.map(({ time }) => wave(time + 0.5, 4, around));
    expect(decide([...regular, ...at(3.5)])).toEqual(times(regular));
    expect(decide([...regular, ...at(2)])).toHaveLength(40);
  });

  it('lets a pause pass in which small waves come, and expects less after a long silence', () => {
    const pause = [...beats(0, 10), wave(11, 1.2), wave(12, 1.2), wave(13, 1.2), ...beats(14, 20)];
    expect(decide(pause)).toEqual(times([...beats(0, 10), ...beats(14, 20)]));
    const weak = [...beats(0, 10), ...beats(10, 60, 0.5)];
    expect(decide(weak).filter((time) => time > 30).length).toBeGreaterThan(20);
  });
});
