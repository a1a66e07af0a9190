import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/core/clock.js';
import type { SessionEvent } from '../../../src/core/event.js';
import type { StreamInfo } from '../../../src/core/signal.js';
import { AskedFaults } from '../../../src/pipeline/run/asked-faults.js';
import { streamInfo } from '../../../src/testing/stream-fixtures.js';

const asking: StreamInfo = {
  ...streamInfo({ type: 'Markers', sfreq: 0, labels: ['fault'], unit: '' }),
  ...{ name: 'affectd-faults', simulated: true },
};
const marker = (value: string) => ({ stream: asking.id, time: 1, value });

function made(isObeyed: boolean) {
  const clock = new VirtualClock();
  const events: SessionEvent[] = [];
  return { clock, events, asked: new AskedFaults(isObeyed, clock, (event) => events.push(event)) };
}

describe('what a simulator asks a daemon for', () => {
  const { simulated: _, ...untold } = asking;
  it.each([
    ['isn’t told to be simulated', untold],
    ['has another name', { ...asking, name: 'cues' }],
    ['carries numbers', { ...asking, type: 'Other' as const }],
  ])('is nothing where its stream %s', (_, stream) => {
    const { asked, events } = made(true);
    expect(asked.take(stream, marker('throw'))).toBeNull();
    asked.take(stream, marker('slow-model=2'));
    expect(asked.slower()).toBeNull();
    expect(events).toEqual([]);
  });

  it('is told to be refused once, whatever it is', () => {
    const { asked, events } = made(false);
    for (const value of ['throw', 'slow-model=2', 'throw'])
      expect(asked.take(asking, marker(value))).toBeNull();
    expect(asked.slower()).toBeNull();
    expect(events.map(({ code }) => code)).toEqual(['fault-refused']);
  });

  it.each(['', 'throws', 'slow-model', 'slow-model=', 'slow-model=-1', 'slow-model=1e9', 'slow-model=100'])(
    'is refused where it isn’t known: %s',
    (value) => {
      const { asked, events } = made(true);
      expect(asked.take(asking, marker(value))).toBeNull();
      expect(asked.slower()).toBeNull();
      expect(events.map(({ code }) => code)).toEqual(['fault-refused']);
    },
  );

  it('is a model that takes so much longer until it is asked for no more, or the session ends', async () => {
    const { asked, clock } = made(true);
    const ended: string[] = [];
    const wait = (name: string) => asked.slower()!.then(() => ended.push(name));
    asked.take(asking, marker('slow-model=2.5'));
    const first = wait('first');
    clock.advance(2.4);
    await Promise.resolve();
    expect(ended).toEqual([]);
    clock.advance(0.1);
    await first;
    const second = wait('second');
    asked.close();
    await second;
    expect(asked.slower()).toBeNull();
    asked.take(asking, marker('slow-model=1'));
    asked.take(asking, marker('slow-model=0'));
    expect(asked.slower()).toBeNull();
  });
});
