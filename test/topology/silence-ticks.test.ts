import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import type { StreamMessage } from '../../src/core/signal.js';
import { chunkOf, streamInfo } from '../../src/testing/stream-fixtures.js';
import { SilenceTicks } from '../../src/topology/silence-ticks.js';

const eeg = streamInfo({ type: 'EEG', sfreq: 4, labels: ['Cz'], unit: 'uV' });
/** One second of samples. */
const chunk = (t: number) => chunkOf(eeg, [[1, 2, 3, 4]], t);

function textOf(message: StreamMessage): string {
  if (message.kind === 'open') return `open ${message.info.type}`;
  if (message.kind === 'chunk') return message.chunk.times.join(' ');
  return message.kind;
}

function start() {
  const clock = new VirtualClock(1000);
  const told: string[] = [];
  const ticks = new SilenceTicks(clock, (message) => told.push(textOf(message)));
  return { clock, ticks, take: (): string[] => told.splice(0) };
}

describe('SilenceTicks', () => {
  it('say nothing while samples come', () => {
    const { clock, ticks, take } = start();
    for (let t = 0; t < 5; t++) {
      ticks.hear(chunk(t));
      clock.advance(1.9);
    }
    ticks.close();
    expect(take()).toEqual([]);
  });

  it('tell after two silent seconds how far time has come, from where the samples ended', () => {
    const { clock, ticks, take } = start();
    ticks.hear(chunk(50));
    clock.advance(2.5);
    expect(take()).toEqual(['open Ticks', '51.25', '51.5']);
    ticks.hear(chunk(53));
    clock.advance(2.25);
    expect(take()).toEqual(['54.25']);
    ticks.close();
    expect(take()).toEqual(['close']);
    clock.advance(60);
    expect(take()).toEqual([]);
  });

  it('have nothing to say of a session that never sent a sample', () => {
    const { clock, take } = start();
    clock.advance(60);
    expect(take()).toEqual([]);
  });

  it('are quiet once nobody listens', () => {
    const { clock, ticks, take } = start();
    ticks.hear(chunk(0));
    ticks.stop();
    clock.advance(60);
    expect(take()).toEqual([]);
  });
});
