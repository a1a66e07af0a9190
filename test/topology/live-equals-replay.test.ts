import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { SessionRecorder } from '../../src/cli/session-recorder.js';
import { VirtualClock } from '../../src/core/clock.js';
import type { StreamInfo, StreamMessage } from '../../src/core/signal.js';
import { openRecording } from '../../src/recordings/open.js';
import { chunkOf, streamInfo } from '../../src/testing/stream-fixtures.js';
import { checkPipeline } from '../../src/topology/check.js';
import { PipelineDocument } from '../../src/topology/document.js';
import type { GraphOutput } from '../../src/topology/graph-output.js';
import { loggedSources, spansOf } from '../../src/topology/match-streams.js';
import { replay } from '../../src/topology/replay.js';
import { type LoadedPipeline, runSession } from '../../src/topology/run-session.js';
import { Switch } from '../../src/topology/switch.js';
import { temporaryFolder } from '../setup/temporary-folder.js';

const { pipeline } = checkPipeline(
  new PipelineDocument(
    'test.yaml',
    `
sources:
  eeg: { type: websocket, stream_type: EEG }
  temp: { type: websocket, stream_type: TEMP }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 2, hop_s: 0.5 }
  skin: { type: extract, input: temp, features: [skin-temperature], window_s: 2, hop_s: 0.5 }
`,
  ),
);
if (!pipeline) throw new Error('bad pipeline');
const loaded = { pipeline, runners: new Map() };
const eeg = streamInfo({ type: 'EEG', sfreq: 100, labels: ['Cz'], unit: 'uV' });
const temp = streamInfo({ type: 'TEMP', sfreq: 10, labels: ['hand'], unit: 'degC' });

/** What a device measures from `from` to `to`, s, and when it comes: `delay_s` later, what was held back all at `held`. */
interface Sent {
  readonly info: StreamInfo;
  readonly from: number;
  readonly to: number;
  readonly chunk_s: number;
  readonly delay_s: number;
  readonly held?: readonly [from: number, to: number];
}

function arrivals(sent: readonly Sent[]): { at: number; message: StreamMessage }[] {
  return sent
    .flatMap(({ info, from, to, chunk_s, delay_s, held }) => {
      const n = Math.round(chunk_s * info.sfreq);
      return Array.from({ length: Math.round((to - from) / chunk_s) }, (_, k) => {
        const first = Math.round((from + k * chunk_s) * 1000) / 1000;
        const row = Float64Array.from({ length: n }, (_, i) => {
          const t = first + i / info.sfreq;
          return info.type === 'EEG' ? 20 * Math.sin(60 * t) + 9 * Math.sin(t * t) : 30 + 0.01 * t * t;
        });
        const came = first + chunk_s + delay_s;
        const at = held && came >= held[0] && came < held[1] ? held[1] : came;
        return { at, message: { kind: 'chunk', chunk: chunkOf(info, [row], first) } as StreamMessage };
      });
    })
    .sort((a, b) => a.at - b.at);
}

const folder = temporaryFolder();

const textOf = (output: GraphOutput): string | null =>
  output.kind === 'features'
    ? JSON.stringify([output.node, output.vector.time, [...output.vector.values], [...output.vector.present]])
    : null;

/** A stream that opens or ends while others go on. */
interface Happening {
  readonly at: number;
  readonly message: StreamMessage;
}

/** What the session gives live, and what the replay of its recording gives. */
async function both(
  name: string,
  sent: readonly Sent[],
  until: number,
  {
    chunk = null,
    happenings,
  }: { readonly chunk?: number | null; readonly happenings?: readonly Happening[] } = {},
) {
  const clock = new VirtualClock();
  const source = new Subject<StreamMessage>();
  const path = join(folder, name);
  const recorder = new SessionRecorder(path, { clock, events: () => {} });
  const live: string[] = [];
  const bound: string[] = [];
  source
    .pipe(
      runSession({
        ...{ session: 's', loaded: new Switch<LoadedPipeline>(loaded), clock, events: () => {} },
        log: (message) => {
          recorder.take({ session: 's', message });
          if (message.kind === 'bind') bound.push(`${message.source}=${message.stream}`);
        },
      }),
    )
    .subscribe(({ output }) => {
      const text = textOf(output);
      if (text) live.push(text);
    });
  const infos = [...new Set(sent.map(({ info }) => info))];
  const given = happenings ?? [
    ...infos.map((info): Happening => ({ at: 0, message: { kind: 'open', info } })),
    ...infos.map(({ id }): Happening => ({ at: until, message: { kind: 'close', id } })),
  ];
  // What opens does so before its samples, what closes after them.
  const isBefore = ({ message }: Happening): boolean => message.kind === 'open' || message.kind === 'zero';
  const opens = given.filter(isBefore);
  const rest = given.filter((happening) => !isBefore(happening));
  for (const { at, message } of [...opens, ...arrivals(sent), ...rest].sort((a, b) => a.at - b.at)) {
    clock.advance(Math.max(0, at - clock.now()));
    source.next(message);
  }
  source.complete();
  recorder.close();
  const recording = await openRecording(join(path, readdirSync(path)[0]));
  const replayed: string[] = [];
  const told: string[] = [];
  const messages = recording.messages({ chunk, clockSync: true, events: () => {} });
  for await (const output of replay(messages, {
    ...{ session: 's', loaded, features: true, inArrivalOrder: recording.inArrivalOrder ?? false },
    spans: spansOf(recording.streams),
    logged: loggedSources(pipeline!, recording.bound),
    events: ({ code }) => told.push(code),
  })) {
    const text = textOf(output as GraphOutput);
    if (text) replayed.push(text);
  }
  await recording.close();
  return { live, replayed, bound, told };
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
    expect(live.some((line) => JSON.parse(line)[3].every((mask: number) => mask === 0))).toBe(true);
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
        ...[eeg, temp].map(({ id }): Happening => ({ at: 12.5, message: { kind: 'close', id } })),
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
            ...[A, B, temp].map(({ id }): Happening => ({ at: 72, message: { kind: 'close', id } })),
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
