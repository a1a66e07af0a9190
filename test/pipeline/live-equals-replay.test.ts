import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StreamInfo } from '../../src/core/signal.js';
import { streamInfo } from '../../src/testing/stream-fixtures.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import {
  type Arrival,
  arrivals,
  closed,
  inOrder,
  liveAndReplay,
  opened,
  pipelineOf,
  type Sent,
} from './live-and-replay.js';

const pipeline = pipelineOf(`
sources:
  eeg: { type: websocket, stream_type: EEG }
  temp: { type: websocket, stream_type: TEMP }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 2, hop_s: 0.5 }
  skin: { type: extract, input: temp, features: [skin-temperature], window_s: 2, hop_s: 0.5 }
`);
const eeg = streamInfo({ type: 'EEG', sfreq: 100, labels: ['Cz'], unit: 'uV' });
const temp = streamInfo({ type: 'TEMP', sfreq: 10, labels: ['hand'], unit: 'degC' });
const folder = temporaryFolder();

/** What the session gives live, and what the replay of its recording gives; without `happenings` all streams are open till `until`. */
async function both(
  name: string,
  sent: readonly Sent[],
  until: number,
  {
    chunk = null,
    happenings,
  }: { readonly chunk?: number | null; readonly happenings?: readonly Arrival[] } = {},
) {
  const infos = [...new Set(sent.map(({ info }) => info))];
  const given = happenings ?? [...opened(0, ...infos), ...closed(until, ...infos)];
  const run = await liveAndReplay(join(folder, name), pipeline, inOrder(given, arrivals(sent)), { chunk });
  const bound = run.log.flatMap((m) => (m.kind === 'bind' ? [`${m.source}=${m.stream}`] : []));
  return { ...run, bound, told: run.told.map(({ code }) => code) };
}

describe('the replay of a recorded session gives what was given live', () => {
  const head = { info: eeg, from: 0, to: 12, chunk_s: 0.1, delay_s: 0.02 };
  const hand = { info: temp, from: 0, to: 12, chunk_s: 0.3, delay_s: 0.05 };

  it('where a stream comes much later than another', async () => {
    const { live, replayed } = await both('late', [head, { ...hand, delay_s: 0.35 }], 12.5);
    expect(live.length).toBeGreaterThan(30);
    expect(replayed).toEqual(live);
  });

  it.each([1, 7, 4096])('in chunks of %i samples as well', async (chunk) => {
    const { live, replayed } = await both(
      `late-${chunk}`,
      [
        { ...head, chunk_s: 0.8 },
        { ...hand, delay_s: 0.35 },
      ],
      12.5,
      { chunk },
    );
    expect(replayed).toEqual(live);
  });

  it('where everything stood still, and came at once', async () => {
    const { live, replayed } = await both(
      'stall',
      [head, hand].map((sent) => ({ ...sent, held: [5, 10] as const })),
      12.5,
    );
    expect(live.some((line) => JSON.parse(line)[3]?.every((mask: number) => mask === 0))).toBe(true);
    expect(replayed).toEqual(live);
  });

  it('to the end of a silence that no sample ends', async () => {
    const { live, replayed } = await both('silence', [head, hand], 30);
    expect(JSON.parse(live.at(-1)!)[1]).toBeGreaterThan(25);
    expect(replayed).toEqual(live);
  });

  it('on the zero that was told', async () => {
    const { live, replayed } = await both('zero', [head, hand], 12.5, {
      happenings: [
        { at: 0, message: { kind: 'open', info: eeg } },
        { at: 0, message: { kind: 'open', info: temp } },
        { at: 0, message: { kind: 'zero', time: 0.3 } },
        ...[eeg, temp].map(({ id }): Arrival => ({ at: 12.5, message: { kind: 'close', id } })),
      ],
    });
    const [, time, values] = JSON.parse(live[0]);
    const plain = await both('no-zero', [head, hand], 12.5);
    expect(time).toBe(2);
    expect(values).not.toEqual(JSON.parse(plain.live[0])[2]);
    expect(replayed).toEqual(live);
  });

  describe('with what was decided live, and decides nothing anew', () => {
    const other = { ...eeg, id: 'other', name: 'other', sourceId: 'other' };
    const sender = { client: 'phone' };
    const [A, B] = [
      { ...eeg, ...sender },
      { ...other, ...sender },
    ];
    const of = (info: StreamInfo, from: number, to: number): Sent => ({ ...head, info, from, to });

    it('where a headset is cut, another takes its place, and the first returns', async () => {
      const { live, replayed, bound, told } = await both(
        'rebound',
        [of(A, 0, 10), of(B, 12, 70), of(A, 60, 70), { ...hand, to: 70 }],
        72,
        {
          happenings: [
            { at: 0, message: { kind: 'open', info: A } },
            { at: 0, message: { kind: 'open', info: temp } },
            { at: 10.5, message: { kind: 'close', id: A.id, cut: true } },
            { at: 12, message: { kind: 'open', info: B } },
            { at: 60, message: { kind: 'open', info: A } },
            ...[A, B, temp].map(({ id }): Arrival => ({ at: 72, message: { kind: 'close', id } })),
          ],
        },
      );
      expect(bound).toEqual(['eeg=eeg', 'temp=temp', 'eeg=other', 'eeg=eeg']);
      expect(live.length).toBeGreaterThan(250);
      expect(replayed).toEqual(live);
      expect(told).not.toContain('stream-matched');
      expect(told).not.toContain('source-rebound');
    });

    it('of a Muse whose EEG drops for 9 s, and at last for good, while its ACC goes on and feeds nothing', async () => {
      const acc = streamInfo({ type: 'ACC', sfreq: 50, labels: ['x'], unit: 'g' });
      const { live, replayed } = await both('muse', [of(eeg, 0, 20), of(eeg, 29, 40), of(acc, 0, 80)], 80);
      const times = live.flatMap((line) => {
        const [node, time] = JSON.parse(line);
        return node === 'de' ? [time as number] : [];
      });
      // A line at every hop, as long as the session is open.
      expect(times).toEqual(times.map((_, k) => 2 + 0.5 * k));
      expect(times.at(-1)).toBeGreaterThan(76);
      expect(replayed).toEqual(live);
    });
  });
});
