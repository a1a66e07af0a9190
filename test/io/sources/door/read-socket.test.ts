import { describe, expect, it } from 'vitest';
import { ReadSocket } from '../../../../src/io/sources/door/read-socket.js';

describe('ReadSocket', () => {
  it('is awaited from its pause until samples are as late as before it', () => {
    const socket = new ReadSocket();
    socket.came(9, 'eeg', 0.2);
    expect(socket.isAwaited('s', 9)).toBe(false);
    socket.pause(10);
    // What was read before the pause, and looked at in it.
    socket.came(10.1, 'eeg', 0.3);
    expect(socket.isAwaited('s', 15)).toBe(true);
    socket.read(20);
    socket.came(20, 'eeg', 10);
    socket.came(20.1, 'eeg', 0.8);
    expect(socket.isAwaited('s', 20.1)).toBe(true);
    socket.came(20.2, 'eeg', 0.6);
    expect(socket.isAwaited('s', 20.2)).toBe(false);
  });

  it('is awaited until each of its streams is of the present: the backlog of one may lie behind another’s', () => {
    const socket = new ReadSocket();
    for (const stream of ['eeg', 'gaze', 'ecg']) socket.came(9, stream, 0.1);
    socket.pause(10);
    socket.read(20);
    socket.came(20, 'eeg', 0.1);
    expect(socket.isAwaited('s', 20)).toBe(true);
    socket.came(20.1, 'gaze', 9);
    socket.came(20.2, 'gaze', 0.2);
    expect(socket.isAwaited('s', 20.2)).toBe(true);
    // One that has nothing to give holds the others for a second.
    socket.came(20.9, 'eeg', 0.1);
    expect(socket.isAwaited('s', 20.9)).toBe(true);
    socket.came(21.2, 'eeg', 0.1);
    expect(socket.isAwaited('s', 21.2)).toBe(false);
  });

  it('is awaited until all of its streams are of the present at once', () => {
    const socket = new ReadSocket();
    for (const stream of ['eeg', 'gaze']) socket.came(9, stream, 0);
    socket.pause(10);
    socket.read(20);
    socket.came(20, 'eeg', 0.1);
    socket.came(20.1, 'gaze', 9);
    socket.came(20.9, 'gaze', 0.2);
    expect(socket.isAwaited('s', 20.9)).toBe(true);
    socket.came(20.9, 'eeg', 0.1);
    expect(socket.isAwaited('s', 20.9)).toBe(false);
  });

  it('is awaited for 1 s by a stream that is late and comes no nearer to the present', () => {
    const socket = new ReadSocket();
    for (const stream of ['eeg', 'cues']) socket.came(9, stream, 0);
    socket.pause(10);
    socket.read(12);
    socket.came(12.1, 'cues', 2);
    // Its network is slower than it was.
    for (let now = 12.1; now < 13.1; now += 0.1) {
      socket.came(now, 'eeg', 0.9);
      expect(socket.isAwaited('s', now)).toBe(true);
    }
    socket.came(13.2, 'eeg', 0.9);
    expect(socket.isAwaited('s', 13.2)).toBe(false);
  });

  it('knows nothing of the lateness of a stream that was not placed yet', () => {
    const socket = new ReadSocket();
    socket.came(9, 'eeg', Number.POSITIVE_INFINITY);
    socket.pause(9.2);
    socket.read(15);
    socket.came(15, 'eeg', 6);
    expect(socket.isAwaited('s', 15)).toBe(true);
    socket.came(15.1, 'eeg', 0.1);
    expect(socket.isAwaited('s', 15.1)).toBe(false);
  });

  it('is awaited no longer once it gives nothing for 1 s', () => {
    const socket = new ReadSocket();
    socket.pause(10);
    socket.read(20);
    socket.came(20.9, 'eeg', 10);
    expect([20, 21.8, 21.95].map((now) => socket.isAwaited('s', now))).toEqual([true, true, false]);
    socket.pause(100);
    expect(socket.isAwaited('s', 100)).toBe(true);
  });

  it('is awaited for 30 s at most by a session that could take more, for as long as need be by one that can’t', () => {
    const socket = new ReadSocket();
    socket.pause(10);
    expect([39, 41].map((now) => socket.isAwaited('s', now))).toEqual([true, false]);
    // Pauses while it catches up begin nothing anew.
    socket.read(42);
    socket.came(42, 'eeg', 30);
    socket.pause(43);
    expect(socket.isAwaited('s', 43)).toBe(false);
    socket.holdFor('s');
    expect([socket.isAwaited('s', 500), socket.isAwaited('other', 500)]).toEqual([true, false]);
    socket.read(500);
    for (let now = 500; now < 530; now += 0.5) {
      socket.came(now, 'eeg', 900 - now);
      expect(socket.isAwaited('s', now)).toBe(true);
    }
    socket.came(530.5, 'eeg', 369);
    expect(socket.isAwaited('s', 530.5)).toBe(false);
  });
});

describe('ReadSocket of a sender whose connection before was cut', () => {
  /** One that brought some streams until 10 s. */
  const cutSocket = (...streams: readonly string[]): ReadSocket => {
    const socket = new ReadSocket();
    for (const stream of streams) socket.came(9, stream, 0.2);
    socket.cut(10);
    return socket;
  };

  it('is awaited until all streams that it takes over, or may yet, are as late as before the cut', () => {
    const before = cutSocket('eeg', 'gaze');
    const socket = new ReadSocket();
    expect(socket.isAwaited('s', 15)).toBe(false);
    socket.goesOn('eeg', before, 15);
    socket.came(15.1, 'eeg', 5);
    socket.came(15.2, 'eeg', 0.2);
    expect(socket.isAwaited('s', 15.9)).toBe(true);
    socket.goesOn('gaze', before, 15.9);
    expect(socket.isAwaited('s', 16.8)).toBe(true);
    socket.came(16.8, 'gaze', 6);
    socket.came(16.9, 'gaze', 0.7);
    socket.came(16.9, 'eeg', 0.7);
    expect(socket.isAwaited('s', 16.9)).toBe(false);
    expect(before.isAwaited('s', 16.9)).toBe(false);
  });

  it('is awaited for 1 s where it brings nothing, or some of the streams never', () => {
    const mute = new ReadSocket();
    mute.goesOn('eeg', cutSocket('eeg'), 15);
    expect([15.9, 16.1].map((now) => mute.isAwaited('s', now))).toEqual([true, false]);
    const half = new ReadSocket();
    half.goesOn('eeg', cutSocket('eeg', 'gaze'), 15);
    half.came(15.1, 'eeg', 5);
    half.came(15.2, 'eeg', 0.2);
    half.came(16.2, 'eeg', 0.2);
    expect(half.isAwaited('s', 16.2)).toBe(false);
    // It doesn't wait for that stream when it is paused later.
    half.pause(20);
    half.read(21);
    half.came(21, 'eeg', 0.2);
    expect(half.isAwaited('s', 21)).toBe(false);
  });

  it('is awaited for 30 s at most, however often it is cut again', () => {
    let socket = cutSocket('eeg');
    for (let now = 15; now <= 45; now += 0.5) {
      const next = new ReadSocket();
      next.goesOn('eeg', socket, now);
      expect(next.isAwaited('s', now)).toBe(true);
      next.came(now + 0.1, 'eeg', now - 9);
      next.cut(now + 0.4);
      expect(next.isAwaited('s', now + 0.4)).toBe(false);
      socket = next;
    }
    const next = new ReadSocket();
    next.goesOn('eeg', socket, 45.5);
    expect(next.isAwaited('s', 45.5)).toBe(false);
    // Once nobody waited for a while, it is awaited again.
    next.cut(45.6);
    const later = new ReadSocket();
    later.goesOn('eeg', next, 50);
    expect(later.isAwaited('s', 50)).toBe(true);
  });

  it('is awaited anew where a session was too slow for the one before', () => {
    const before = new ReadSocket();
    before.came(9, 'eeg', 0.2);
    before.pause(10);
    before.holdFor('s');
    before.cut(60);
    expect(before.isAwaited('s', 60)).toBe(false);
    const socket = new ReadSocket();
    socket.goesOn('eeg', before, 60.5);
    expect(socket.isAwaited('s', 60.5)).toBe(true);
  });
});
