import 'uplot/dist/uPlot.min.css';
import { type AffectdClientError, connectStream, systemTimers } from '../io/client/index.js';
import { ActPanel } from './act-panel.js';
import { AffectPlane } from './affect-plane.js';
import { AffectTraces } from './affect-traces.js';
import { AnswerPanel } from './answer-panel.js';
import { byId, setText } from './element.js';
import { EmptyState } from './empty-state.js';
import { EventLog } from './event-log.js';
import { EvidenceBanner } from './evidence-banner.js';
import { IndexPanel } from './index-panel.js';
import { MarkerPanel } from './marker-panel.js';
import { ModelChoice } from './model-choice.js';
import { NetworkPanel } from './network-panel.js';
import { pageClock } from './page-clock.js';
import { PageHeader } from './page-header.js';
import { SensorPanel } from './sensor-panel.js';
import { SessionList } from './session-list.js';
import { SessionStatuses } from './session-statuses.js';
import { ShelfPanel } from './shelf-panel.js';
import { SignalPanel } from './signals/signal-panel.js';
import { COLUMNS_PER_S } from './signals/signal-series.js';
import {
  announcement,
  initialState,
  isOnPlane,
  type PageAction,
  type PageMessage,
  reduce,
  selectedSession,
  shownEvidence,
} from './state.js';
import { TruthPanel } from './truth-panel.js';

/** How often ages are written anew while nothing arrives, s: a sensor that was pulled shows within a second. */
const TICK_S = 0.25;

const page = new URL(location.href);
const token = page.searchParams.get('token');
let state = initialState;
let drawn = initialState;
let frameDue = false;

const banner = new EvidenceBanner(byId('evidence'));
const header = new PageHeader(byId('header'));
const sessions = new SessionList(byId('sessions'), (session) => dispatch({ type: 'select', session }));
const models = new ModelChoice(byId('models'), (session, model) =>
  dispatch({ type: 'select-model', session, model }),
);
const plane = new AffectPlane(byId('plane'));
const traces = new AffectTraces(byId('traces'));
const truth = new TruthPanel(byId('truth'), (shown) => dispatch({ type: 'show-truth', shown }));
const answers = new AnswerPanel(byId('answers'));
const indices = new IndexPanel(byId('indices'));
const markers = new MarkerPanel(byId('markers'), (session, text, time_unix) =>
  client.call('marker', { session, text, time_unix }),
);
const sensors = new SensorPanel(byId('sensors'));
const signals = new SignalPanel(byId('signals'), {
  watch: watchSignals,
  changed: () => statuses.changed(pageClock()),
});
const statuses = new SessionStatuses(
  async () => (await client.call('sessions', {})).sessions,
  () => meetOpen(),
);
const acts = new ActPanel(
  byId('acts'),
  {
    record: (session, action) => client.call('record', { session, action }),
    baseline: (session, action) => client.call('baseline', { session, action }),
  },
  () => {
    const now_s = pageClock();
    statuses.refresh(now_s);
    // A recording has a file with its first sample.
    statuses.changed(now_s);
  },
);
const network = new NetworkPanel(byId('network'), {
  outlets: () => client.call('lsl', {}),
  inlet: (action, uid) => client.call('inlet', { action, uid, ...intoShown(action) }),
});
const shelf = new ShelfPanel(byId('shelf'), () => client.call('recordings', {}), token === null);
const events = new EventLog(byId('log'), requestFrame);
const empty = new EmptyState(byId('empty'), page);

/** Messages only change the state; the page is drawn once a frame, however many there were. */
function dispatch(action: PageAction): void {
  state = reduce(state, action);
  requestFrame();
}

function requestFrame(): void {
  if (frameDue) return;
  frameDue = true;
  requestAnimationFrame(draw);
}

function draw(): void {
  frameDue = false;
  const now_s = pageClock();
  const session = selectedSession(state);
  const evidence = shownEvidence(session);
  empty.update(state);
  byId('instrument').hidden = state.sessions.size === 0;
  banner.update(session);
  header.update(state, now_s);
  sessions.update(state, now_s);
  models.update(session);
  plane.update(session, now_s, state.truthShown);
  traces.update(session, now_s, state.truthShown);
  truth.update(session, state.truthShown);
  const isPlaced = session === null || isOnPlane(session);
  byId('instrument').classList.toggle('has-no-plane', !isPlaced);
  byId('plane').hidden = !isPlaced;
  byId('traces').hidden = !isPlaced;
  answers.update(session);
  indices.update(session);
  const status = statuses.of(session?.name ?? null);
  acts.update(status, Date.now() / 1000);
  markers.update(session);
  sensors.update(session);
  signals.update(session?.name ?? null, status, now_s);
  events.update(state);
  document.title = `${evidence === 'simulated' ? 'SIMULATED: ' : ''}${session ? `${session.name}, ` : ''}affectd`;
  setText(
    byId('dropped'),
    state.dropped > 0 ? `${state.dropped} messages were dropped: this page reads too slowly.` : '',
  );
  const said = announcement(drawn, state);
  if (said !== null) setText(byId('announcer'), said);
  drawn = state;
}

/** Takes what tells of sessions, and asks for the past of those that are new. */
function meet(action: PageAction): void {
  const before = new Set(state.sessions.keys());
  dispatch(action);
  for (const session of state.sessions.keys()) if (!before.has(session)) askHistory(session);
}

function take(message: PageMessage): void {
  meet({ type: 'message', message, at_s: pageClock() });
}

/** Who looks at a session wants the outlet in that one. */
function intoShown(action: 'connect' | 'disconnect'): { session?: string } {
  const session = selectedSession(state);
  return action === 'connect' && session && !session.closed ? { session: session.name } : {};
}

/** What is there, though it may be silent. */
function meetOpen(): void {
  const open = statuses.all.map(({ session }) => session);
  meet({ type: 'open-sessions', sessions: open, at_s: pageClock() });
}

/** What a session told before this page came. A daemon that knows no history, or of none, has nothing to show. */
function askHistory(session: string): void {
  client.call('history', { session, streams: ['affect', 'indices', 'markers', 'sys', 'truth'] }).then(
    ({ messages }) => dispatch({ type: 'history', session, messages: messages as PageMessage[] }),
    () => {},
  );
}

let watched: string | null = null;

/** Signals of one session alone are asked for: those of all are more than a page can show. */
function watchSignals(session: string | null): void {
  if (watched !== null) client.unsubscribe({ streams: ['signals'], session: watched }).catch(() => {});
  watched = session;
  if (session === null) return;
  // A daemon that tells no signals has nothing to draw.
  client
    .subscribe({
      ...{ streams: ['signals'], session, policy: 'drop-oldest' },
      max_points_per_s: COLUMNS_PER_S,
    })
    .catch(() => {});
}

function tick(): void {
  for (const asked of [statuses, network, shelf]) asked.look(pageClock());
  requestFrame();
  systemTimers.after(TICK_S, tick);
}

const client = connectStream(page.origin, token === null ? {} : { token });
const refused = (error: AffectdClientError) => {
  // Why it closed was told with the close.
  if (error.code !== 'closed') dispatch({ type: 'problem', problem: error.message });
};
client.on('state', (connection) => {
  dispatch({ type: 'connection', state: connection });
  if (connection === 'open') statuses.refresh(pageClock());
});
client.on('disconnected', ({ reason }) => {
  if (reason) dispatch({ type: 'problem', problem: reason });
});
client.on('error', refused);
client.on('dropped', (dropped) => dispatch({ type: 'dropped', dropped }));
const streams = ['affect', 'indices', 'markers', 'quality', 'sys', 'truth'] as const;
for (const stream of streams) client.on(stream, take);
client.on('signals', (message) => {
  signals.take(message, pageClock());
  requestFrame();
});
client.subscribe({ streams: [...streams], explain: true }).then(({ failure }) => {
  if (failure.length > 0)
    dispatch({ type: 'problem', problem: failure.map(({ message }) => message).join('; ') });
}, refused);
tick();
