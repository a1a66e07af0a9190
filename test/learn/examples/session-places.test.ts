import { describe, expect, it } from 'vitest';
import { type SessionPlace, SessionPlaces } from '../../../src/learn/examples/session-places.js';

describe('SessionPlaces', () => {
  it('lays the recordings of a session one after another, those of another session from 0', () => {
    const places = new SessionPlaces();
    const met: SessionPlace[] = [];
    const add = (session: string, ends: readonly number[]): void => {
      places.place({ session }, (place) => {
        met.push(place);
        return ends.map((end) => ({ window: [end - 4, end] as const }));
      });
    };
    add('1', [4, 62, 8]);
    add('1', []);
    add('2', [4]);
    add('1', [30]);
    add('1', [4]);
    expect(met).toEqual([
      { file: 0, before: 0 },
      { file: 1, before: 62 },
      { file: 0, before: 0 },
      { file: 2, before: 62 },
      { file: 3, before: 92 },
    ]);
  });
});
