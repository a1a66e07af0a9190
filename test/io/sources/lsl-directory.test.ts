import { describe, expect, it } from 'vitest';
import type { LslStreamInfo } from '../../../src/io/lsl/stream-info.js';
import { LslDirectory, type LslDoor } from '../../../src/io/sources/lsl/lsl-directory.js';

const outlet = (uid: string, sourceId = 'serial', name = 'cap') =>
  ({ uid, name, type: 'EEG', sourceId, channelCount: 1, channelFormat: 'float32' }) as LslStreamInfo;

/** A directory, and a door that sees what it is told and notes what it is to end. */
function directoryOf(...sighted: readonly LslStreamInfo[]) {
  const directory = new LslDirectory();
  const seen = [...sighted];
  const ended: string[] = [];
  const door: LslDoor = {
    sighted: seen,
    received: [],
    ...{ wants: () => true, sessionOf: () => 'lab', receptionOf: () => null },
    end: (uid) => void ended.push(uid),
  };
  return { directory, leaveDoor: directory.enter(door), ended, seen };
}

describe('an outlet that somebody disconnects', () => {
  it('is left alone, and so is what comes in its place, but not those beside it', () => {
    const [a, twin, other] = [outlet('a'), outlet('twin'), outlet('other', 'another')];
    const { directory, ended } = directoryOf(a, twin, other);
    directory.leave(a);
    expect(ended).toEqual(['a']);
    expect([a, outlet('a again'), twin, other].map((info) => directory.isLeft(info))).toEqual([
      ...[true, true, false, false],
    ]);
    expect([a, twin].map((info) => directory.unasked.admits(info))).toEqual([false, true]);
  });

  it('without a source id is left alone itself, and nothing else', () => {
    const a = outlet('a', '');
    const { directory } = directoryOf(a);
    directory.leave(a);
    expect([a, outlet('a again', '')].map((info) => directory.isLeft(info))).toEqual([true, false]);
  });

  it('is one like any other once somebody connects it; its twin that was disconnected too is not', () => {
    const [a, twin] = [outlet('a'), outlet('twin')];
    const { directory } = directoryOf(a, twin);
    directory.leave(a);
    const wish = directory.ask(a, null);
    expect(directory.isLeft(a)).toBe(false);
    directory.forget(wish);
    expect(directory.unasked.admits(outlet('a again'))).toBe(true);

    directory.leave(a);
    directory.leave(twin);
    directory.ask(twin, null);
    expect([a, twin].map((info) => directory.isLeft(info))).toEqual([true, false]);
  });

  it('is forgotten once 256 others were disconnected after it', () => {
    const { directory } = directoryOf();
    for (let k = 0; k <= 256; k++) directory.leave(outlet(`uid ${k}`, `serial ${k}`));
    expect([0, 1, 256].map((k) => directory.isLeft(outlet(`uid ${k}`, `serial ${k}`)))).toEqual([
      ...[false, true, true],
    ]);
  });
});

describe('an outlet that somebody connects', () => {
  it('is no source’s, nor is what comes in its place, until it is disconnected', () => {
    const [a, twin] = [outlet('a'), outlet('twin')];
    const { directory } = directoryOf(a, twin);
    const wish = directory.ask(a, 'ann');
    expect([a, outlet('a again'), twin].map((info) => directory.unasked.admits(info))).toEqual([
      ...[false, false, true],
    ]);
    directory.moved('a', 'a again');
    expect(directory.wishFor(outlet('a again'))).toBe(wish);
    directory.leave(outlet('a again'));
    expect(directory.wishes).toBe(0);
    expect(directory.isLeft(outlet('a third'))).toBe(true);
  });
});

it('sees what its doors see, while they are open', () => {
  const { directory, leaveDoor, seen } = directoryOf(outlet('a'));
  seen.push(outlet('b'));
  expect([...directory.sighted().keys()]).toEqual(['a', 'b']);
  leaveDoor();
  expect([...directory.sighted().keys()]).toEqual([]);
});
