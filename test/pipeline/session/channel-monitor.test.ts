import { describe, expect, it } from 'vitest';
import { ChannelMonitor } from '../../../src/pipeline/session/channel-monitor.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';
import { noise } from '../../signal/transforms/signals.js';

const eeg = streamInfo({ type: 'EEG', sfreq: 200, labels: ['Fp1', 'Fp2', 'O1', 'O2'], unit: 'uV' });
const live = noise(600, 1).map((x) => 20 * x);

describe('ChannelMonitor', () => {
  it('tells the state of each channel and the quality of its last 2 s', () => {
    const monitor = new ChannelMonitor(eeg);
    const hum = live.map((x, i) => x + 300 * Math.sin((2 * Math.PI * 60 * i) / 200));
    const railed = live.map((x, i) => (i % 20 < 10 ? 187500 : x));
    monitor.push(chunkOf(eeg, [live, hum, railed, live.map(() => 4)], 0));
    const [fine, mains, stuck, dead] = monitor.take(3);
    expect([fine, mains, stuck, dead].map((c) => c.state)).toEqual(['ok', 'ok', 'railed', 'flat']);
    expect(fine.quality!.line_60!).toBeLessThan(0.1);
    expect(mains.quality!.line_60!).toBeGreaterThan(0.99);
    expect(stuck.quality).toMatchObject({ flat: 0, railed: 0.5 });
    expect(dead.quality).toMatchObject({ flat: 1, amplitude: 0, line_50: null });
  });

  it('counts what came since the last look', () => {
    const monitor = new ChannelMonitor(eeg);
    const half = live.slice(0, 100).map((x, i) => (i < 25 ? Number.NaN : x));
    monitor.push(chunkOf(eeg, [half, half.map(() => Number.NaN), half, half], 0));
    const [first, second] = monitor.take(0.5);
    expect([first.coverage, first.state]).toEqual([0.75, 'ok']);
    expect([second.coverage, second.state]).toEqual([0, 'missing']);
    // Less than 2 s of it.
    expect(Object.values(first.quality!)).toEqual([null, null, null, null, null, null]);
    expect(monitor.take(1).map((c) => c.state)).toEqual(['missing', 'missing', 'missing', 'missing']);
  });

  it('leaves samples from its time on to the next look, however early they come', () => {
    const row = live.slice(0, 200).map((x, i) => (i < 100 ? 4 : i < 150 ? Number.NaN : x));
    const rows = [row, row, row, row];
    const whole = new ChannelMonitor(eeg);
    whole.push(chunkOf(eeg, rows, 0));
    const looks = [0.5, 1].map((time) => whole.take(time));
    expect(looks.map(([{ coverage, state }]) => [coverage, state])).toEqual([
      [1, 'flat'],
      [0.5, 'ok'],
    ]);
    const parts = new ChannelMonitor(eeg);
    const halves = [0, 100].map((from) => rows.map((own) => own.slice(from, from + 100)));
    const again = halves.map((half, k) => {
      parts.push(chunkOf(eeg, half, k / 2));
      return parts.take((k + 1) / 2);
    });
    expect(again).toEqual(looks);
  });

  it('says nothing of the quality of what is no electrode', () => {
    const eda = streamInfo({ type: 'EDA', sfreq: 4, labels: ['eda'], unit: 'uS' });
    const monitor = new ChannelMonitor(eda);
    monitor.push(chunkOf(eda, [[1, 2, 3]], 0));
    expect(monitor.take(1)).toEqual([{ label: 'eda', coverage: 1, state: 'ok' }]);
  });
});
