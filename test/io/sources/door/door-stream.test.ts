import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../../src/core/clock.js';
import type { SessionEvent } from '../../../../src/core/event.js';
import { Random } from '../../../../src/core/random.js';
import type { Chunk, StreamInfo, StreamMessage } from '../../../../src/core/signal.js';
import { DoorStream, type StampOrigin } from '../../../../src/io/sources/door/door-stream.js';
import { SharedSessions } from '../../../../src/io/sources/door/shared-sessions.js';
import { canonicalStreams } from '../../../../src/signal/dialects/canonical-stream.js';

/** A session on one clock of ours, with a door for each stream. */
function session() {
  const clock = new VirtualClock(5000, 1_700_000_000);
  const shared = new SharedSessions().of('lab');
  const messages: StreamMessage[] = [];
  const events: SessionEvent[] = [];
  const door = (name: string, type: string, sfreq: number, origin: StampOrigin): DoorStream =>
    new DoorStream({
      ...{ clock, shared, session: 'lab' },
      parts: canonicalStreams({
        ...{ id: name, name, type, sfreq, sourceId: '' },
        channels: [{ label: type === 'EEG' ? 'Cz' : 'left_x', unit: type === 'EEG' ? 'uV' : 'px', type }],
      }),
      originOf: () => origin,
      emit: (message) => messages.push(message),
      events: (event) => events.push(event),
    });
  return { clock, door, messages, events };
}

const chunksOf = (messages: readonly StreamMessage[], id: string): Chunk[] =>
  messages.flatMap((message) =>
    message.kind === 'chunk' && message.chunk.info.id === id ? [message.chunk] : [],
  );
const send = (door: DoorStream, stamps: readonly number[]): void =>
  door.take(stamps, { values: new Float64Array(stamps.length).fill(1), text: null }, false);

describe('a headset over LSL and an eye tracker over WebSocket', () => {
  it.each([0, 50e-6, -50e-6])(
    'are one session: within 20 ms after 30 s, through 0 to 200 ms of jitter, a wall clock 3 s off and a drift of %d',
    (drift) => {
      const { clock, door, messages, events } = session();
      const random = new Random(7);
      const eeg = door('cap', 'EEG', 250, { kind: 'lsl', clock: 'lsl of here', isProbed: true });
      const gaze = door('eyes', 'Gaze', 60, { kind: 'unix', clock: 'unix of there' });
      eeg.measure({ time: clock.now(), offset: 2e-5, uncertainty: 1e-4 });
      const start = clock.now();
      const wall = (t: number): number => 1_700_000_003 + (t - start) * (1 + drift);
      /** True time of each sample of the tracker, in the order of sending: six in a message, the last one just measured. */
      const truths: number[] = [];
      let lastArrival = start;
      for (let k = 0; k < 60 * 10; k++) {
        const sent = Array.from({ length: 6 }, (_, i) => start + (6 * k + i) / 60);
        truths.push(...sent);
        lastArrival = Math.max(lastArrival, sent[5] + 0.005 + 0.2 * random.uniform());
        clock.after(lastArrival - start, () => send(gaze, sent.map(wall)));
      }
      for (let k = 0; k < 60 * 20; k++) {
        const first = start + k / 20;
        const stamps = Array.from({ length: 12 + (k % 2) }, (_, i) => first + i / 250);
        clock.after(first + 0.055 - start, () => send(eeg, stamps));
      }
      clock.every(5, () => gaze.roundTrip(0.01));
      clock.advance(62);
      const given = chunksOf(messages, 'eyes').flatMap(({ times }) => [...times]);
      expect(given.length).toBe(truths.length);
      const late = given.slice(30 * 60).map((time, i) => Math.abs(time - truths[30 * 60 + i]));
      expect(Math.max(...late)).toBeLessThan(0.02);
      // The headset's stamps carry no estimated term.
      for (const { times } of chunksOf(messages, 'cap')) expect(times[0] % 0.05).toBeLessThan(0.0500001);
      expect(chunksOf(messages, 'cap')[0].times[0]).toBe(start);
      expect(events.map(({ code }) => code)).toEqual(['stream-assumed-aligned']);
    },
  );

  it('don’t move one another: the tracker’s clock steps by an hour, and the headset stays as it is', () => {
    const run = (step_s: number): readonly StreamMessage[] => {
      const { clock, door, messages } = session();
      const eeg = door('cap', 'EEG', 64, { kind: 'session', clock: 'session' });
      const gaze = door('eyes', 'Gaze', 60, { kind: 'unix', clock: 'unix of there' });
      for (let k = 0; k < 400; k++) {
        clock.advance(0.05);
        send(
          eeg,
          Array.from({ length: 4 }, (_, i) => (4 * k + i) / 64),
        );
        const stepped = k > 200 ? step_s : 0;
        send(gaze, [
          1.7e9 + k / 20 + stepped,
          1.7e9 + k / 20 + 1 / 60 + stepped,
          1.7e9 + k / 20 + 2 / 60 + stepped,
        ]);
      }
      return messages;
    };
    const cap = (messages: readonly StreamMessage[]) =>
      chunksOf(messages, 'cap').map(({ times }) => [...times]);
    const plain = run(0);
    for (const step_s of [3600, -3600, 2, -2, -5]) expect(cap(run(step_s))).toEqual(cap(plain));
  });
});

describe('a door', () => {
  it('tells the session’s zero once, behind the first stream’s opening', () => {
    const { clock, door, messages } = session();
    const eeg = door('cap', 'EEG', 64, { kind: 'session', clock: 'session' });
    const more = door('more', 'EEG', 64, { kind: 'session', clock: 'session' });
    // The very first stamp is nonsense: zero is what the next three agree on.
    send(eeg, [200_000, 10, 10 + 1 / 64, 10 + 2 / 64]);
    clock.advance(0.1);
    send(more, [10.1, 10.1 + 1 / 64]);
    expect(messages.map(({ kind }) => kind)).toEqual(['open', 'zero', 'chunk', 'open', 'chunk']);
    expect(messages[1]).toEqual({ kind: 'zero', time: 10, clock: 'session' });
    expect(chunksOf(messages, 'cap')[0].times[0]).toBeCloseTo(10 - 1 / 64, 6);
  });

  it.each([
    [250, 125, 1],
    [125, 250, 1],
    [0, 256, 1],
    [250, 90, 0],
  ])(
    'that is told %d Hz and sent %d opens the stream anew at the true rate within 6 s; beyond a factor of 2.5 it is masked',
    (told_hz, sent_hz, openings) => {
      const { clock, door, messages, events } = session();
      const eeg = door('cap', 'EEG', told_hz, { kind: 'session', clock: 'session' });
      for (let k = 0; k < 6.5 * sent_hz; k++) {
        clock.advance(1 / sent_hz);
        send(eeg, [k / sent_hz]);
      }
      const infos = messages.flatMap((message): StreamInfo[] =>
        message.kind === 'open' ? [message.info] : [],
      );
      expect(infos.map(({ sfreq }) => sfreq)).toEqual([told_hz, ...Array(openings).fill(sent_hz)]);
      const differs = events.filter(({ code }) => code === 'rate-differs');
      expect(differs).toHaveLength(1);
      expect(differs[0].time).toBeLessThan(6);
      const last = chunksOf(messages, 'cap').at(-1)!;
      expect(last.info.sfreq).toBe(infos.at(-1)!.sfreq);
      expect(Number.isNaN(last.data[0])).toBe(openings === 0);
    },
  );

  it('stamps by arrival where stamps never move, or are milliseconds', () => {
    for (const stampOf of [() => 0, (t: number) => 1000 * t]) {
      const { clock, door, messages, events } = session();
      const eeg = door('cap', 'EEG', 64, { kind: 'session', clock: 'session', isGuessed: true });
      for (let k = 0; k < 30 * 64; k++) {
        clock.advance(1 / 64);
        send(eeg, [stampOf(k / 64)]);
      }
      expect(events.map(({ code }) => code)).toContain('stamps-ignored');
      const { times } = chunksOf(messages, 'cap').at(-1)!;
      expect(Math.abs(times[0] - clock.now())).toBeLessThan(0.05);
    }
  });
});
