import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/core/clock.js';
import type { StreamMessage } from '../../../src/core/signal.js';
import { SharedSessions } from '../../../src/io/sources/door/shared-sessions.js';
import { syntheticSource } from '../../../src/io/sources/synthetic.js';
import { simulateSession } from '../../../src/simulation/session.js';

function play(params: Record<string, unknown>, clock = new VirtualClock()) {
  const received: { at: number; message: StreamMessage }[] = [];
  let isComplete = false;
  let failure: unknown = null;
  const source = syntheticSource.create(syntheticSource.params.parse(params), {
    clock,
    session: 's1',
    sessions: new SharedSessions(),
    events: () => {},
  });
  const subscription = source.messages$.subscribe({
    next: ({ session, message }) => {
      expect(session).toBe('s1');
      received.push({ at: clock.now(), message });
    },
    complete: () => {
      isComplete = true;
    },
    error: (error) => {
      failure = error;
    },
  });
  return { clock, received, subscription, isComplete: () => isComplete, failure: () => failure };
}

const chunksIn = (received: readonly { at: number; message: StreamMessage }[]) =>
  received.flatMap(({ at, message }) => (message.kind === 'chunk' ? [{ at, chunk: message.chunk }] : []));

describe('synthetic source', () => {
  it('gives each chunk when its last sample is measured, on the session clock', () => {
    const { clock, received } = play({ only: ['eeg', 'temp'] }, new VirtualClock(50));
    expect(chunksIn(received).every(({ chunk }) => chunk.times[0] === 50)).toBe(true);
    clock.advance(3);
    const chunks = chunksIn(received);
    for (const { at, chunk } of chunks) {
      const last = chunk.times[chunk.times.length - 1];
      expect(last).toBeLessThanOrEqual(at + 1e-6);
      expect(at - last).toBeLessThan(0.06);
      expect(chunk.times.length).toBeLessThanOrEqual(Math.ceil(chunk.info.sfreq / 20));
    }
    expect(chunks.at(-1)!.at).toBeGreaterThan(52.9);
  });

  it('refuses faults that only a door can take in', () => {
    const { received, failure } = play({ only: ['eda'], faults: 'backward:eda@1-2' });
    expect(received).toEqual([]);
    expect(String(failure())).toContain("fault 'backward': a synthetic source can't have it");
  });

  it('plays what simulateSession gives, then closes the streams and completes', () => {
    const { clock, received, isComplete } = play({ only: ['ppg'], duration_s: 2, seed: 4 });
    expect(isComplete()).toBe(false);
    clock.advance(2.1);
    const expected = [
      ...simulateSession({ profile: 'epoc', seed: 4, duration_s: 2, only: ['ppg'], chunksPerSecond: 20 }),
    ];
    expect(received.map(({ message }) => message)).toEqual(expected);
    expect(isComplete()).toBe(true);
  });

  it('runs faster with speed', () => {
    const { clock, isComplete } = play({ only: ['eda'], duration_s: 10, speed: 5 });
    clock.advance(1.5);
    expect(isComplete()).toBe(false);
    clock.advance(0.6);
    expect(isComplete()).toBe(true);
  });

  it('injects faults', () => {
    const { clock, received } = play({ only: ['eda'], duration_s: 5, faults: 'drop:EDA@1-3' });
    clock.advance(6);
    const stamps = chunksIn(received)
      .filter(({ chunk }) => chunk.info.type === 'EDA')
      .flatMap(({ chunk }) => [...chunk.times]);
    expect(stamps.some((t) => t >= 1 && t < 3)).toBe(false);
    expect(stamps.some((t) => t >= 3)).toBe(true);
  });

  it('stops when unsubscribed, and two subscribers are strangers', () => {
    const first = play({ only: ['eda'] });
    const second = play({ only: ['eda'] });
    first.clock.advance(1);
    first.subscription.unsubscribe();
    const count = first.received.length;
    first.clock.advance(1);
    expect(first.received.length).toBe(count);
    second.clock.advance(1);
    expect(second.received.map(({ message }) => message)).toEqual(
      first.received.map(({ message }) => message),
    );
  });

  it('fails with the code of the fault list', () => {
    expect(play({ faults: 'nonsense' }).failure()).toMatchObject({ code: 'faults-invalid' });
  });

  it('has strict parameters', () => {
    expect(syntheticSource.params.safeParse({ profil: 'epoc' }).success).toBe(false);
  });
});
