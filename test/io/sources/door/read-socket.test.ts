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
    socket.came(21.1, 'eeg', 0.1);
    expect(socket.isAwaited('s', 21.1)).toBe(false);
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
      socket.came(now, 'eeg', 400);
      expect(socket.isAwaited('s', now)).toBe(true);
    }
    socket.came(530.5, 'eeg', 400);
    expect(socket.isAwaited('s', 530.5)).toBe(false);
  });
});
