import { describe, expect, it } from 'vitest';
import type { SessionEvent } from '../../../src/core/event.js';
import type { ChunkProcessor } from '../../../src/core/processor.js';
import type { InputStatus } from '../../../src/pipeline/session/graph-output.js';
import {
  InterpolationWatch,
  type MissingChannel,
} from '../../../src/pipeline/session/interpolation-watch.js';
import { SessionGraph } from '../../../src/pipeline/session/session-graph.js';
import { simulateSession } from '../../../src/simulation/session.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';
import { loadShipped } from '../shipped.js';

const eeg = streamInfo({ type: 'EEG', sfreq: 4, labels: ['Fp1', 'Fp2', 'O1'], unit: 'uV' });

/** Fills in Fp1 alone. */
const fills: ChunkProcessor = {
  reset: (info) => info,
  process(chunk, emit) {
    const n = chunk.times.length;
    emit({ ...chunk, data: chunk.data.map((x, i) => (i < n && Number.isNaN(x) ? 0 : x)) });
  },
};

describe('InterpolationWatch', () => {
  it('tells each channel once, mended or not, and counts what is filled in between looks', () => {
    const told: MissingChannel[] = [];
    const watch = new InterpolationWatch(fills, (channel) => told.push(channel));
    watch.reset(eeg, 'start');
    const out: number[] = [];
    const emit = (chunk: { data: Float64Array }) => out.push(...chunk.data);
    const X = Number.NaN;
    watch.process(
      chunkOf(
        eeg,
        [
          [1, X, X, 1],
          [2, 2, 2, X],
          [3, 3, X, 3],
        ],
        0,
      ),
      emit,
    );
    expect(Object.fromEntries(watch.take())).toEqual({ Fp1: 0.5, Fp2: 0, O1: 0 });
    watch.process(
      chunkOf(
        eeg,
        [
          [X, X],
          [X, 2],
          [3, 3],
        ],
        1,
      ),
      emit,
    );
    expect(Object.fromEntries(watch.take())).toEqual({ Fp1: 1, Fp2: 0, O1: 0 });
    expect(told).toEqual([
      { label: 'Fp1', time: 0.25, mended: true, missing: 1, channels: 3 },
      { label: 'Fp2', time: 0.75, mended: false, missing: 1, channels: 3 },
      { label: 'O1', time: 0.5, mended: false, missing: 2, channels: 3 },
    ]);
    expect(out).toHaveLength(18);
  });

  it('makes events of a session, and shares beside its channels', async () => {
    const events: SessionEvent[] = [];
    const inputs: ReadonlyMap<string, InputStatus>[] = [];
    const graph = new SessionGraph({
      session: 's',
      pipeline: await loadShipped('epoc'),
      models: new Map(),
      ordered: true,
      monitor: true,
      events: (event) => events.push(event),
      emit: (output) => {
        if (output.kind === 'closed') inputs.push(output.inputs);
      },
    });
    const faults = 'nan:EEG.T7@3-,nan:EEG.O1@6-,nan:EEG.O2@6-';
    const session = { profile: 'epoc', seed: 'watch', duration_s: 9, only: ['eeg'], faults } as const;
    for (const message of simulateSession(session)) graph.push(message);
    graph.end();
    const known = events.filter(({ code }) => code.startsWith('channel-'));
    expect(known.map(({ code, message }) => [code, message.replace(/ at .*/, '')])).toEqual([
      ['channel-interpolated', 'eeg: T7 is missing'],
      ['channel-masked', 'eeg: T7 is missing'],
      ['channel-masked', 'eeg: O1 is missing'],
      ['channel-masked', 'eeg: O2 is missing'],
    ]);
    expect(known[0].message).toMatch(/at 3\.000 s; eeg_\w+ fills it in from the other 13 channels/);
    expect(known[1].message).toMatch(/with 3 of 14 channels: too many/);
    const shareAt = (look: ReadonlyMap<string, InputStatus>, label: string) =>
      look.get('eeg')!.channels.find((channel) => channel.label === label)!.interpolated!;
    expect(inputs.some((look) => shareAt(look, 'T7') === 1)).toBe(true);
    expect(shareAt(inputs.at(-1)!, 'T7')).toBe(0);
    expect(inputs.every((look) => shareAt(look, 'F3') === 0)).toBe(true);
  });
});
