import { describe, expect, it } from 'vitest';
import { ReadSocket } from '../../../../src/io/sources/door/read-socket.js';
import { type SharedSession, SharedSessions } from '../../../../src/io/sources/door/shared-sessions.js';

describe('SharedSession', () => {
  it('waits for a socket that one of its streams goes on through, once it was cut', () => {
    const session = new SharedSessions().of('s');
    const [first, second] = [new ReadSocket(), new ReadSocket()];
    session.comesThrough('eeg', first, 0);
    session.came('eeg', 0.1, 9);
    expect(session.isCatchingUp(9)).toBe(false);
    first.cut(10);
    expect(session.isCatchingUp(10)).toBe(false);
    session.comesThrough('eeg', second, 15);
    expect(session.isCatchingUp(15)).toBe(true);
    session.came('eeg', 5, 15.1);
    expect(session.isCatchingUp(15.1)).toBe(true);
    session.came('eeg', 0.1, 15.2);
    expect(session.isCatchingUp(15.2)).toBe(false);
  });

  it.each([
    ['has ended', (session: SharedSession) => session.release(['gaze'])],
    ['comes elsewhere', (session: SharedSession) => session.comesThrough('gaze', new ReadSocket(), 9.5)],
  ])('waits no longer for what a socket brings of a stream that %s', (_, leaves) => {
    const session = new SharedSessions().of('s');
    const socket = new ReadSocket();
    for (const id of ['eeg', 'gaze']) {
      session.comesThrough(id, socket, 0);
      session.came(id, 0.1, 9);
    }
    leaves(session);
    socket.pause(11);
    socket.read(12);
    session.came('eeg', 0.1, 12.1);
    expect(session.isCatchingUp(12.1)).toBe(false);
  });

  it('tells its streams from those of another session that come through the same socket under the same names', () => {
    const sessions = new SharedSessions();
    const [one, other] = [sessions.of('one'), sessions.of('other')];
    const socket = new ReadSocket();
    for (const session of [one, other]) {
      session.comesThrough('eeg', socket, 0);
      session.came('eeg', 0.1, 9);
    }
    socket.pause(10);
    socket.read(20);
    one.came('eeg', 0.1, 20);
    expect([one, other].map((session) => session.isCatchingUp(20))).toEqual([true, true]);
    other.came('eeg', 10, 20.1);
    other.came('eeg', 0.1, 20.2);
    expect([one, other].map((session) => session.isCatchingUp(20.2))).toEqual([false, false]);
  });
});
