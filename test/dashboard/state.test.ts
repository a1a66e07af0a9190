import { describe, expect, it } from 'vitest';
import { maskReasons } from '../../src/core/features.js';
import { invalidReasons } from '../../src/core/prediction.js';
import { channelKind, channelSummary } from '../../src/dashboard/channel-state.js';
import { connectionText } from '../../src/dashboard/connection-text.js';
import { duration, sessionTime, signed } from '../../src/dashboard/number-text.js';
import { invalidText, maskText } from '../../src/dashboard/reason-text.js';
import {
  announcement,
  blankStretches,
  EVENT_LIMIT,
  initialState,
  MODEL_LIMIT,
  type PageAction,
  type PageState,
  POINT_LIMIT,
  reduce,
  SESSION_LIMIT,
  SILENT_AFTER_S,
  selectedSession,
  shownEvidence,
  TRACE_SPAN_S,
  TRAIL_SPAN_S,
  traceColumns,
  trailRuns,
  truthAt,
  truthRuns,
} from '../../src/dashboard/state.js';
import { affect, quality, sys, truth } from './messages.js';

type Message = Extract<PageAction, { type: 'message' }>['message'];

function stateAfter(messages: readonly Message[], at_s = 0, state: PageState = initialState): PageState {
  return messages.reduce((s, message) => reduce(s, { type: 'message', message, at_s }), state);
}

function pointsOf(...messages: Message[]) {
  return selectedSession(stateAfter(messages))!.points;
}

const gone = { valid: false, reason: 'too-few-modalities' } as const;

describe('sessions', () => {
  it('appear with their first message; the first is shown until a person chooses', () => {
    let state = stateAfter([affect({ time: 4, session: 'a' }), quality({ time: 4, session: 'b' })]);
    expect([...state.sessions.keys()]).toEqual(['a', 'b']);
    expect(state.selected).toBe('a');
    state = reduce(state, { type: 'select', session: 'b' });
    expect(state.selected).toBe('b');
    expect(reduce(state, { type: 'select', session: 'never heard of' })).toBe(state);
  });

  it('hand the page on when they fall silent, unless a person chose', () => {
    const silent = SILENT_AFTER_S + 1;
    const seen = stateAfter([affect({ time: 4, session: 'a' })]);
    expect(stateAfter([affect({ time: 4, session: 'b' })], silent, seen).selected).toBe('b');
    const chosen = reduce(seen, { type: 'select', session: 'a' });
    expect(stateAfter([affect({ time: 4, session: 'b' })], silent, chosen).selected).toBe('a');
  });

  it('are forgotten, the longest silent first, but never the one that is shown', () => {
    let state = initialState;
    for (let i = 0; i < SESSION_LIMIT + 5; i++)
      state = stateAfter([affect({ time: 4, session: `s${i}` })], i * 0.01, state);
    expect(state.sessions.size).toBe(SESSION_LIMIT);
    expect(state.sessions.has('s0')).toBe(true);
    expect(state.sessions.has('s1')).toBe(false);
    expect(state.sessions.has(`s${SESSION_LIMIT + 4}`)).toBe(true);
  });

  it('open and close by events, and daemon events make none', () => {
    let state = stateAfter([
      sys({ code: 'engine-chosen', level: 'info', message: 'onnx' }, { session: '' }),
      sys({ code: 'session-opened', level: 'info', message: 'opened' }, { session: 'a' }),
    ]);
    expect([...state.sessions.keys()]).toEqual(['a']);
    state = stateAfter(
      [sys({ code: 'session-closed', level: 'info', message: 'closed' }, { session: 'a' })],
      1,
      state,
    );
    expect(state.sessions.get('a')!.closed).toBe(true);
    expect(stateAfter([affect({ time: 4, session: 'a' })], 2, state).sessions.get('a')!.closed).toBe(false);
  });

  it('keep the predictions of several models apart; the first is shown until a person chooses', () => {
    const two = (time: number) => [
      affect({ time, node: 'calm', valence: 0.1 }),
      affect({ time, node: 'stress', valence: -0.6 }),
    ];
    let state = stateAfter([...two(4), ...two(5)]);
    const session = () => selectedSession(state)!;
    expect([...session().models.keys()]).toEqual(['calm', 'stress']);
    expect(session().points.map(({ valence }) => valence)).toEqual([0.1, 0.1]);
    state = reduce(state, { type: 'select-model', session: 's1', model: 'stress' });
    expect(session().points.map(({ valence }) => valence)).toEqual([-0.6, -0.6]);
    state = stateAfter(two(6), SILENT_AFTER_S + 1, state);
    expect([session().model, session().affect?.valence, session().points.length]).toEqual([
      'stress',
      -0.6,
      3,
    ]);
    expect(reduce(state, { type: 'select-model', session: 's1', model: 'never heard of' })).toBe(state);
  });

  it('move on from a model that a changed pipeline has no more, unless a person chose', () => {
    const seen = stateAfter([affect({ time: 4, node: 'old' })]);
    const next = stateAfter([affect({ time: 20, node: 'new' })], SILENT_AFTER_S + 1, seen);
    expect(selectedSession(next)!.model).toBe('new');
    const chosen = reduce(seen, { type: 'select-model', session: 's1', model: 'old' });
    const kept = stateAfter([affect({ time: 20, node: 'new' })], SILENT_AFTER_S + 1, chosen);
    expect(selectedSession(kept)!.model).toBe('old');
  });

  it('forget the model that has been silent longest, never the one that is shown', () => {
    let state = initialState;
    for (let i = 0; i < MODEL_LIMIT + 3; i++)
      state = stateAfter([affect({ time: 4, node: `n${i}` })], i * 0.01, state);
    const { models } = selectedSession(state)!;
    expect(models.size).toBe(MODEL_LIMIT);
    expect([models.has('n0'), models.has('n1')]).toEqual([true, false]);
  });

  it('keep the objects of what a message does not touch', () => {
    const before = stateAfter([affect({ time: 4, session: 'a' }), affect({ time: 4, session: 'b' })]);
    const later = stateAfter([affect({ time: 5, session: 'b' })], 0, before);
    expect(later.sessions.get('a')).toBe(before.sessions.get('a'));
    expect(later.events).toBe(before.events);
    expect(before.sessions.get('b')!.points).toHaveLength(1);
  });
});

describe('what is remembered', () => {
  it('is the span of the traces, and no more points than the limit', () => {
    const slow = pointsOf(...Array.from({ length: 1000 }, (_, i) => affect({ time: i })));
    expect(slow[0].time).toBe(999 - TRACE_SPAN_S);
    expect(slow.at(-1)!.time).toBe(999);
    const fast = pointsOf(...Array.from({ length: POINT_LIMIT + 100 }, (_, i) => affect({ time: i / 1000 })));
    expect(fast).toHaveLength(POINT_LIMIT);
    expect(fast.at(-1)!.time).toBeCloseTo((POINT_LIMIT + 99) / 1000);
  });

  it('begins anew where session time goes back', () => {
    expect(
      pointsOf(affect({ time: 80 }), affect({ time: 81 }), affect({ time: 4 })).map((p) => p.time),
    ).toEqual([4]);
  });

  it('takes a message that is said again, as after a reconnect, once', () => {
    const points = pointsOf(
      affect({ time: 4 }),
      affect({ time: 5 }),
      affect({ time: 5 }),
      affect({ time: 6 }),
    );
    expect(points.map((p) => p.time)).toEqual([4, 5, 6]);
  });

  it('holds the last events under rising numbers', () => {
    const event = { code: 'gap-found', level: 'warn', message: '' } as const;
    const state = stateAfter(Array.from({ length: EVENT_LIMIT + 7 }, () => sys(event)));
    expect(state.events).toHaveLength(EVENT_LIMIT);
    expect(state.events.at(-1)!.id).toBe(EVENT_LIMIT + 7);
    expect(state.eventCount).toBe(EVENT_LIMIT + 7);
  });
});

describe('traces', () => {
  it('hold estimates and bounds, and nothing where a prediction is not valid', () => {
    const points = pointsOf(
      affect({ time: 4, valence: 0.5, interval: { level: 0.9, valence: [0.2, 0.8], arousal: [-1, 0] } }),
      affect({ time: 5, valence: 0.6, ...gone }),
      affect({ time: 6, valence: null, arousal: null, ...gone }),
      affect({ time: 7, valence: 0.1, interval: null }),
    );
    expect(traceColumns(points, 'valence')).toEqual([
      [4, 5, 6, 7],
      [0.5, null, null, 0.1],
      [0.2, null, null, null],
      [0.8, null, null, null],
    ]);
    expect(traceColumns(points, 'arousal')[3][0]).toBe(0);
  });

  it('are cut at holes', () => {
    const times = [4, 5, 6, 20, 21, 22];
    const [x, y] = traceColumns(pointsOf(...times.map((time) => affect({ time, valence: 0 }))), 'valence');
    expect(x).toEqual([4, 5, 6, 7, 20, 21, 22]);
    expect(y).toEqual([0, 0, 0, null, 0, 0, 0]);
  });

  it('name the stretches without a valid prediction, with their reasons', () => {
    const points = pointsOf(
      affect({ time: 4, valid: false, reason: 'warming-up' }),
      affect({ time: 5, valid: false, reason: 'warming-up' }),
      affect({ time: 6 }),
      affect({ time: 7 }),
      affect({ time: 8, ...gone }),
      affect({ time: 9, valid: false, reason: 'no-input' }),
      affect({ time: 10 }),
      affect({ time: 30 }),
      affect({ time: 31 }),
    );
    expect(blankStretches(points)).toEqual([
      { from: 3, to: 6, reason: 'warming-up' },
      { from: 7, to: 8, reason: 'too-few-modalities' },
      { from: 8, to: 10, reason: 'no-input' },
      { from: 10, to: 30, reason: null },
    ]);
  });

  it('have none where every prediction is valid', () => {
    expect(blankStretches(pointsOf(affect({ time: 4 }), affect({ time: 5 }), affect({ time: 6 })))).toEqual(
      [],
    );
    expect(blankStretches([])).toEqual([]);
  });
});

describe('the truth', () => {
  it('is hidden until a person asks for it', () => {
    const state = stateAfter([truth({ time: 1 })]);
    expect(state.truthShown).toBe(false);
    expect(reduce(state, { type: 'show-truth', shown: true }).truthShown).toBe(true);
  });

  it('is remembered as predictions are, and begins anew with the session', () => {
    const told = (...times: number[]) =>
      selectedSession(stateAfter(times.map((time) => truth({ time }))))!.truths.map(({ time }) => time);
    expect(told(1, 2, 2, 1 + TRACE_SPAN_S, 3 + TRACE_SPAN_S)).toEqual([1 + TRACE_SPAN_S, 3 + TRACE_SPAN_S]);
    expect(told(80, 81, 0)).toEqual([0]);
  });

  it('is no sign of life: a session whose sensors and model are silent stays silent', () => {
    const seen = stateAfter([affect({ time: 4 })]);
    const later = stateAfter([truth({ time: 20 })], 20, seen);
    expect(selectedSession(later)!.heard_s).toBe(0);
  });

  it('is drawn in runs that end where it is missing and at holes', () => {
    const times = [0, 0.1, 0.2, 0.3, 5, 5.1];
    const { truths } = selectedSession(
      stateAfter(times.map((time) => truth({ time, valence: time === 0.2 ? null : time / 10 }))),
    )!;
    const runs = truthRuns(truths, 'valence').map((run) => run.map(([time]) => time));
    expect(runs).toEqual([[0, 0.1], [0.3], [5, 5.1]]);
    expect(truthAt(truths, 0.25)?.time).toBe(0.2);
    expect(truthAt(truths, 4)).toBe(null);
  });
});

describe('what the newest prediction is worth', () => {
  it('is nothing where its sensors are simulated, whatever the daemon says of the model', () => {
    const of = (...messages: Message[]) => shownEvidence(selectedSession(stateAfter(messages)));
    expect(of(affect({ time: 4, evidence: 'validated' }))).toBe('validated');
    expect(of(affect({ time: 4, evidence: 'validated', simulated: true }))).toBe('simulated');
    expect(of(quality({ time: 4 }))).toBe(null);
  });
});

describe('the trail', () => {
  it('holds the last seconds, in runs that end at invalid points and holes', () => {
    const times = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => affect({ time: from + i }));
    const points = pointsOf(
      ...times(0, 80),
      affect({ time: 80, ...gone }),
      ...times(81, 90),
      ...times(95, 100),
      affect({ time: 100, valence: null, arousal: null, ...gone }),
    );
    const runs = trailRuns(points).map((run) => [run[0].time, run.at(-1)!.time]);
    expect(runs).toEqual([
      [100 - TRAIL_SPAN_S, 79],
      [81, 89],
      [95, 99],
    ]);
  });
});

describe('what is said aloud', () => {
  const before = stateAfter([affect({ time: 4 })]);
  it.each([
    ['nothing for an ordinary prediction', stateAfter([affect({ time: 5 })], 0, before), null],
    ['a prediction that is not valid', stateAfter([affect({ time: 5, ...gone })], 0, before), /not valid/],
    [
      'a sensor that drops out, with the reason',
      stateAfter(
        [
          affect({
            time: 5,
            modalities: {
              eeg: { present: true, coverage: 1, weight: 1 },
              eye: { present: false, coverage: 0, weight: 0, reason: 'stale' },
            },
          }),
        ],
        0,
        before,
      ),
      /^eye is masked: stopped sending\.$/,
    ],
    ['a lost connection', reduce(before, { type: 'connection', state: 'reconnecting' }), /reconnecting/],
    ['another session', stateAfter([affect({ time: 4, session: 's2' })], 99, before), /Session s2/],
  ] as const)('%s', (_, state, words) => {
    const said = announcement(before, state);
    if (words === null) expect(said).toBeNull();
    else expect(said).toMatch(words);
  });
});

describe('the connection in words', () => {
  const open = reduce(initialState, { type: 'connection', state: 'open' });
  const live = stateAfter([affect({ time: 4 })], 10, open);
  it.each([
    [initialState, 0, 'connecting', ''],
    [open, 0, 'connected', 'no data yet'],
    [live, 10.5, 'live', 'data 12 ms old'],
    [live, 40, 'silent', 'last message 30 s ago'],
    [
      reduce(live, { type: 'connection', state: 'reconnecting' }),
      12,
      'reconnecting',
      'last message 2.0 s ago',
    ],
  ] as const)('%#: in the right words', (state, now_s, word, detail) => {
    expect(connectionText(state, now_s)).toMatchObject({ word, detail });
  });

  it('tells what the daemon refused until the connection is back', () => {
    const refused = reduce(reduce(open, { type: 'problem', problem: 'unauthorised' }), {
      type: 'connection',
      state: 'closed',
    });
    expect(connectionText(refused, 0)).toMatchObject({ word: 'closed', detail: 'unauthorised' });
    expect(reduce(refused, { type: 'connection', state: 'open' }).problem).toBeNull();
  });
});

describe('channels', () => {
  const channels = (states: string[]) => states.map((state) => ({ label: 'x', coverage: 1, state }));
  it('are summed up by state', () => {
    expect(channelSummary(channels(['ok']))).toBe('1 channel ok');
    expect(channelSummary(channels(['ok', 'flat', 'ok', 'nan', 'flat']))).toBe(
      '2 of 5 channels ok; 2 flat, 1 nan',
    );
  });
  it('take a shape by kind, a state never heard of too', () => {
    expect(['ok', 'railed', 'stale', 'warming-up', 'new-state'].map(channelKind)).toEqual([
      'ok',
      'flat',
      'missing',
      'waiting',
      'suspect',
    ]);
  });
});

describe('reasons', () => {
  it('are put into words, every one that the daemon may give', () => {
    for (const reason of invalidReasons) expect(invalidText(reason), reason).not.toBe(reason);
    for (const reason of [...maskReasons, 'unmapped-channels'])
      expect(maskText(reason), reason).not.toBe(reason);
    expect(maskText('of a later version')).toBe('of a later version');
  });
});

describe('numbers in words', () => {
  it('are of one width and sign', () => {
    expect([0.5, -0.5, -0.001, 1].map(signed)).toEqual(['+0.50', '\u22120.50', '+0.00', '+1.00']);
    expect([0.04, 9.94, 59.4, 125, 7500].map(duration)).toEqual([
      '0.0 s',
      '9.9 s',
      '59 s',
      '2 min 5 s',
      '2 h 5 min',
    ]);
    expect([0, 65, 3725, -3].map((t) => sessionTime(t))).toEqual(['0:00', '1:05', '1:02:05', '\u22120:03']);
    expect(sessionTime(59.96, 1)).toBe('1:00.0');
  });

  it('has the sessions that are open as it comes, the first of them shown, and those it knows as they are', () => {
    const heard = reduce(initialState, { type: 'message', message: affect({ time: 4 }), at_s: 1 });
    const named = reduce(heard, { type: 'open-sessions', sessions: ['s1', 's2', 's3'], at_s: 2 });
    expect([...named.sessions.keys()]).toEqual(['s1', 's2', 's3']);
    expect(named.sessions.get('s1')).toBe(heard.sessions.get('s1'));
    expect(named.selected).toBe('s1');
    const alone = reduce(initialState, { type: 'open-sessions', sessions: ['s2', 's3'], at_s: 2 });
    expect([alone.selected, alone.chosen]).toEqual(['s2', false]);
    const all = reduce(initialState, {
      ...{ type: 'open-sessions', at_s: 2 },
      sessions: Array.from({ length: 80 }, (_, i) => `p${i}`),
    });
    expect(all.sessions.size).toBe(SESSION_LIMIT);
  });
});
