import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { channelOf, type StreamInfo } from '../../../src/core/signal.js';
import { openRecording } from '../../../src/io/recordings/open.js';
import { mask } from '../../../src/signal/transforms/mask.js';
import { assertChunkInvariant } from '../../../src/testing/chunk-invariance.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';
import { noise, troubledChunks } from './signals.js';

const create = (params: Record<string, unknown> = {}) => mask.create(mask.params.parse(params));
const eeg = streamInfo({ type: 'EEG', sfreq: 100, labels: ['Fp1', 'Fp2'], unit: 'uV' });

function masked(
  info: StreamInfo,
  rows: readonly number[][],
  params: Record<string, unknown> = {},
): Float64Array[] {
  const processor = create(params);
  processor.reset(info, 'start');
  const out: Float64Array[] = [];
  processor.process(chunkOf(info, rows, 0), (chunk) => {
    for (let c = 0; c < rows.length; c++) out.push(channelOf(chunk, c));
  });
  return out;
}

/** Stretches of masked samples, [from, to). */
function stretches(row: Float64Array): number[][] {
  const found: number[][] = [];
  for (let i = 0; i < row.length; i++) {
    if (!Number.isNaN(row[i])) continue;
    if (found.at(-1)?.[1] === i) found.at(-1)![1]++;
    else found.push([i, i + 1]);
  }
  return found;
}

describe('mask', () => {
  const live = noise(600, 1).map((x) => 30 * x);

  it('leaves a living channel alone, masks a flat one from flat_s on until it lives again', () => {
    const flat = live.map((x, i) => (i >= 200 && i < 400 ? 5 : x));
    const rows = masked(eeg, [flat, live]);
    expect(rows[1]).toEqual(Float64Array.from(live));
    expect(stretches(rows[0])).toEqual([[299, 400]]);
    expect(stretches(masked(eeg, [flat, live], { flat_s: 0.5 })[0])).toEqual([[249, 400]]);
    expect(stretches(masked(eeg, [flat, live], { flat_s: 0 })[0])).toEqual([]);
  });

  it('takes a range below 0.1 uV of EEG as flat', () => {
    const hum = live.map((x, i) => (i >= 200 && i < 400 ? 5 + 0.04 * Math.sin(i) : x));
    expect(stretches(masked(eeg, [hum, live])[0])).toEqual([[299, 400]]);
    expect(stretches(masked(eeg, [hum, live], { flat_range: 0 })[0])).toEqual([]);
  });

  it('masks a channel that sits at its rail', () => {
    const railed = live.map((x, i) => (i >= 300 && i < 350 ? 187500 : i >= 500 && i < 520 ? -187500 : x));
    expect(stretches(masked(eeg, [railed, live])[0])).toEqual([
      [309, 350],
      [509, 520],
    ]);
  });

  it('masks what cannot be', () => {
    const wild = live.map((x, i) => (i === 100 ? 1e9 : i === 101 ? Number.NEGATIVE_INFINITY : x));
    expect(stretches(masked(eeg, [wild, live])[0])).toEqual([[100, 102]]);
    const eda = streamInfo({ type: 'EDA', sfreq: 4, labels: ['eda'], unit: 'uS' });
    expect(stretches(masked(eda, [[1, 0, 0, 2, 200]])[0])).toEqual([
      [1, 3],
      [4, 5],
    ]);
    const gaze: StreamInfo = {
      ...streamInfo({ type: 'Gaze', sfreq: 60, labels: ['left_x', 'left_pupil'], unit: 'px' }),
      channels: [
        { label: 'left_x', unit: 'px', type: 'gaze' },
        { label: 'left_pupil', unit: 'mm', type: 'pupil' },
      ],
    };
    const rows = masked(gaze, [
      [0, 1900, 500],
      [0, 3, 3],
    ]);
    expect(rows.map(stretches)).toEqual([[], [[0, 1]]]);
    expect(stretches(masked(eda, [[1, 5, 1]], { max: 4 })[0])).toEqual([[1, 2]]);
  });

  it('lets an offset of 1e5 uV and slow signals that stand still pass', () => {
    const offset = masked(eeg, [live.map((x) => x + 1e5), live]);
    expect(stretches(offset[0])).toEqual([]);
    const temperature = streamInfo({ type: 'TEMP', sfreq: 4, labels: ['temp'], unit: 'degC' });
    expect(stretches(masked(temperature, [new Array(400).fill(33.11)])[0])).toEqual([]);
  });

  it('lets a living channel pass however coarse its converter', () => {
    for (const step of [0.5, 1, 5]) {
      // 60 s of an alpha rhythm on a slow drift, at rest for half of each second.
      const coarse = noise(6000, 3).map((x, i) => {
        const beat = Math.max(0, Math.sin((2 * Math.PI * i) / 100)) * Math.sin((2 * Math.PI * i) / 10);
        return step * Math.round((20 * beat + 6 * x + 15 * Math.sin(i / 500)) / step);
      });
      expect(stretches(masked(eeg, [coarse, live])[0])).toEqual([]);
    }
  });

  const eegmat = fileURLToPath(new URL('../../../../shared/recordings/eegmat/', import.meta.url));
  it.skipIf(!existsSync(eegmat)).each(['Subject00_1', 'Subject02_1', 'Subject02_2'])(
    'masks nothing of %s but the two seconds of padding at its end',
    async (name) => {
      const recording = await openRecording(`${eegmat}${name}.edf`);
      const [end] = recording.streams.map((s) => s.last!).sort((a, b) => b - a);
      const processors = new Map<string, ReturnType<typeof create>>();
      const watched = new Set<string>();
      let early = 0;
      let late = 0;
      for await (const m of recording.messages({ chunk: null, clockSync: true, events: () => {} })) {
        if (m.kind === 'open') {
          const processor = create();
          processor.reset(m.info, 'start');
          processors.set(m.info.id, processor);
        } else if (m.kind === 'chunk') {
          const { info } = m.chunk;
          watched.add(info.type);
          processors.get(info.id)!.process(m.chunk, ({ times, data }) => {
            for (const [i, x] of data.entries())
              if (Number.isNaN(x)) times[i % times.length] < end - 2 ? early++ : late++;
          });
        }
      }
      await recording.close();
      expect(watched).toContain('EEG');
      expect(watched).toContain('ECG');
      expect(early).toBe(0);
      expect(late).toBeGreaterThan(0);
    },
  );

  it('forgets a flat stretch at a gap', () => {
    const processor = create();
    processor.reset(eeg, 'start');
    const flat = [new Array(90).fill(1), new Array(90).fill(1)];
    const out: number[][] = [];
    for (const gap of [false, true])
      processor.process(chunkOf(eeg, flat, gap ? 5 : 0, gap), (chunk) =>
        out.push(...stretches(channelOf(chunk, 1))),
      );
    expect(out).toEqual([
      [9, 90],
      [9, 90],
    ]);
  });

  it('does not depend on chunks; instances share nothing', () => {
    assertChunkInvariant(create, troubledChunks(eeg));
    assertChunkInvariant(() => create({ flat_s: 0.3, min: -20, max: 900 }), troubledChunks(eeg));
  });

  it('refuses an empty range', () => {
    expect(mask.physics!(mask.params.parse({ min: 3, max: 3 }), {})).toHaveLength(1);
  });
});
