import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import type { StreamInfo } from '../../../src/core/signal.js';
import { SharedSignals } from '../../../src/learn/examples/shared-signal.js';

const info = (sfreq: number, channels = 1): StreamInfo => ({
  id: 'eda',
  name: 'EDA',
  type: 'EDA',
  sourceId: '',
  sfreq,
  channels: Array.from({ length: channels }, (_, c) => ({ label: `ch${c}`, unit: 'uS', type: 'EDA' })),
});

function noise(seed: number, samples: number): Float64Array {
  const { uniform } = new Random(seed);
  return Float64Array.from({ length: samples }, () => Math.round(uniform() * 1000) / 1000);
}

/** Adds one channel in chunks of a length of its own. */
function add(signals: SharedSignals, values: Float64Array, sfreq: number, chunk: number, start = 0): void {
  for (let from = 0; from < values.length; from += chunk) {
    const data = values.slice(from, from + chunk);
    const times = Float64Array.from(data, (_, i) => start + (from + i) / sfreq);
    signals.add({ info: info(sfreq), data, times, gapBefore: false });
  }
}

describe('SharedSignals', () => {
  it.each([4, 64])('finds a minute of another person’s recording at %i Hz, wherever it stands', (sfreq) => {
    const minute = 60 * sfreq;
    for (const [seed, cut] of [
      [1, 0],
      [2, 1],
      [3, 37],
      [4, 7 * sfreq + 1],
    ]) {
      const first = noise(seed, 5 * minute);
      const second = noise(seed + 100, 4 * minute);
      second.set(first.subarray(2 * minute, 3 * minute), cut);
      const signals = new SharedSignals();
      signals.begin('ann');
      add(signals, first, sfreq, 97);
      expect(signals.begin('bob')).toBeNull();
      add(signals, second, sfreq, 61, 1000);
      const found = signals.end();
      expect(found).toMatchObject({ people: ['ann', 'bob'], stream: 'EDA', channel: 'ch0' });
      expect(found!.at).toBeGreaterThanOrEqual(1000 + cut / sfreq - 1e-9);
      expect(found!.at).toBeLessThanOrEqual(1000 + cut / sfreq + 30 + 1e-9);
    }
  });

  it('says nothing of less than half a minute, of a person’s own repetitions, or of what does not move', () => {
    const [first, second] = [noise(5, 1200), noise(6, 1200)];
    second.set(first.subarray(300, 300 + 100), 200);
    const flat = new Float64Array(2400).fill(0.25);
    const signals = new SharedSignals();
    signals.begin('ann');
    add(signals, first, 4, 50);
    signals.end();
    add(signals, first, 4, 33);
    add(signals, flat, 4, 50);
    signals.begin('bob');
    add(signals, second, 4, 50);
    signals.end();
    add(signals, flat, 4, 50);
    expect(signals.end()).toBeNull();
  });

  it('asks for two minutes at 1 Hz, where short stretches are alike by chance', () => {
    const first = noise(7, 600);
    const second = noise(8, 600);
    second.set(first.subarray(100, 340), 50);
    const signals = new SharedSignals();
    signals.begin('ann');
    add(signals, first, 1, 10);
    signals.begin('bob');
    add(signals, second, 1, 10);
    expect(signals.end()).toMatchObject({ people: ['ann', 'bob'] });
  });
});
