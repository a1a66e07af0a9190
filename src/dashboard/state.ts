import type {
  AffectMessage,
  ConnectionState,
  DroppedParams,
  IndicesMessage,
  MarkersMessage,
  QualityMessage,
  SysMessage,
  TruthMessage,
} from '../io/client/index.js';
import { type InvalidReason, maskText } from './reason-text.js';

/** What the traces show, s of session time. */
export const TRACE_SPAN_S = 180;
/** What the plane's trail shows, s of session time. */
export const TRAIL_SPAN_S = 30;
/** Bounds of what the page remembers, however long it stays open. */
export const POINT_LIMIT = 4096;
export const EVENT_LIMIT = 200;
export const SESSION_LIMIT = 50;
export const MODEL_LIMIT = 16;
export const MARKER_LIMIT = 50;
/** A session is silent when nothing came from it for so long, s. */
export const SILENT_AFTER_S = 5;

export type Evidence = AffectMessage['evidence'];
export type ModalityState = AffectMessage['modalities'][string];
export type Contribution = NonNullable<AffectMessage['contribution']>[string];
export type InputState = QualityMessage['inputs'][string];

/** One prediction, as the charts need it. */
export interface AffectPoint {
  readonly time: number;
  readonly window: AffectMessage['window'];
  readonly valence: number | null;
  readonly arousal: number | null;
  readonly interval: AffectMessage['interval'];
  readonly valid: boolean;
  readonly reason: InvalidReason | null;
}

/** What one model of a session predicts. */
export interface ModelState {
  /** Arrival of its last prediction on the page's clock, s. */
  readonly heard_s: number;
  readonly affect: AffectMessage;
  /** In order of session time, within {@link TRACE_SPAN_S} of the last. */
  readonly points: readonly AffectPoint[];
}

/** A marker, at session time `time`, s. */
export type ToldMarker = Pick<MarkersMessage, 'time' | 'source' | 'text'>;

export interface SessionState {
  readonly name: string;
  /** Arrival of its last message on the page's clock, s. */
  readonly heard_s: number;
  readonly closed: boolean;
  readonly quality: QualityMessage | null;
  /** By node, in the order in which they were heard first. */
  readonly models: ReadonlyMap<string, ModelState>;
  /** The node whose predictions are shown; null before the first. */
  readonly model: string | null;
  /** Whether a person chose it. */
  readonly modelChosen: boolean;
  /** What the shown model says, of `models`. */
  readonly affect: AffectMessage | null;
  readonly points: readonly AffectPoint[];
  /** What nodes of indices said last, by node. */
  readonly indices: ReadonlyMap<string, IndicesMessage>;
  /** The newest last. */
  readonly markers: readonly ToldMarker[];
  /** The same of what is known to be true; empty where nobody tells it. */
  readonly truths: readonly TruthPoint[];
}

/** What was told to be true at a moment; null = missing. */
export interface TruthPoint {
  readonly time: number;
  readonly valence: number | null;
  readonly arousal: number | null;
}

export interface LoggedEvent {
  /** Rises by one with each event that the page received. */
  readonly id: number;
  readonly session: string;
  readonly time: number | null;
  readonly time_unix: number;
  readonly event: SysMessage['event'];
}

export interface PageState {
  readonly connection: ConnectionState;
  /** Why the connection is not there, or what the daemon refused. */
  readonly problem: string | null;
  /** By name, in order of appearance. */
  readonly sessions: ReadonlyMap<string, SessionState>;
  readonly selected: string | null;
  /** Whether a person chose the session; the page moves on from a silent one only where nobody did. */
  readonly chosen: boolean;
  /** Whether a person asked for the truth, which is hidden at first: who sees it believes to have seen it in the estimate. */
  readonly truthShown: boolean;
  /** Newest last. */
  readonly events: readonly LoggedEvent[];
  /** Events received in all. */
  readonly eventCount: number;
  /** Messages that the daemon dropped because this page read too slowly. */
  readonly dropped: number;
}

export type PageMessage =
  | AffectMessage
  | IndicesMessage
  | MarkersMessage
  | QualityMessage
  | SysMessage
  | TruthMessage;

export type PageAction =
  | {
      /** What a session told before the page came, oldest first. */
      readonly type: 'history';
      readonly session: string;
      readonly messages: readonly PageMessage[];
    }
  | {
      /** Sessions that are open as the page comes, some of which may be silent. */
      readonly type: 'open-sessions';
      readonly sessions: readonly string[];
      readonly at_s: number;
    }
  | { readonly type: 'connection'; readonly state: ConnectionState }
  | { readonly type: 'problem'; readonly problem: string }
  | { readonly type: 'dropped'; readonly dropped: DroppedParams }
  | { readonly type: 'select'; readonly session: string }
  | { readonly type: 'select-model'; readonly session: string; readonly model: string }
  | { readonly type: 'show-truth'; readonly shown: boolean }
  | {
      readonly type: 'message';
      readonly message: PageMessage;
      /** Arrival on the page's clock, s. */
      readonly at_s: number;
    };

export const initialState: PageState = {
  connection: 'connecting',
  problem: null,
  sessions: new Map(),
  selected: null,
  chosen: false,
  truthShown: false,
  events: [],
  eventCount: 0,
  dropped: 0,
};

/** The page after `action`; parts that it doesn't touch stay the same objects, so that views can skip them. */
export function reduce(state: PageState, action: PageAction): PageState {
  switch (action.type) {
    case 'connection':
      return {
        ...state,
        connection: action.state,
        problem: action.state === 'open' ? null : state.problem,
      };
    case 'problem':
      return { ...state, problem: action.problem };
    case 'dropped':
      return { ...state, dropped: state.dropped + action.dropped.count };
    case 'select':
      return state.sessions.has(action.session)
        ? { ...state, selected: action.session, chosen: true }
        : state;
    case 'select-model':
      return withModel(state, action.session, action.model);
    case 'show-truth':
      return { ...state, truthShown: action.shown };
    case 'open-sessions':
      return action.sessions
        .filter((name) => !state.sessions.has(name))
        .reduce((known, name) => withSession(known, name, action.at_s, () => ({})), state);
    case 'history':
      return withHistory(state, action.session, action.messages);
    case 'message': {
      const { message, at_s } = action;
      if (message.stream === 'sys') return withEvent(state, message, at_s);
      if (message.stream === 'truth') return withTruth(state, message, at_s);
      if (message.stream === 'markers') return withMarker(state, message, at_s);
      return withSession(state, message.session, at_s, dataOf(message, at_s));
    }
  }
}

/** What the newest prediction is worth to whoever sees it: nothing that comes from simulated sensors is validated. */
export function shownEvidence(session: SessionState | null): Evidence | null {
  const affect = session?.affect ?? null;
  return affect?.simulated ? 'simulated' : (affect?.evidence ?? null);
}

/** Whether a session has, or may yet have, a place on the plane: a model that tells classes alone, or a pipeline without a model, has none. */
export function isOnPlane({ affect, points, indices }: SessionState): boolean {
  if (affect === null) return indices.size === 0;
  return !affect.classes || points.some(({ valence, arousal }) => valence !== null || arousal !== null);
}

export function selectedSession(state: PageState): SessionState | null {
  return state.selected === null ? null : (state.sessions.get(state.selected) ?? null);
}

export function isSilent(session: SessionState, now_s: number): boolean {
  return session.closed || now_s - session.heard_s > SILENT_AFTER_S;
}

type Change = (session: SessionState) => Partial<SessionState>;

function dataOf(message: AffectMessage | IndicesMessage | QualityMessage, at_s: number): Change {
  if (message.stream === 'quality') return () => ({ quality: message, closed: false });
  if (message.stream === 'indices')
    return ({ indices }) => ({ indices: new Map(indices).set(message.node, message), closed: false });
  return (session) => {
    const { node } = message;
    const models = new Map(session.models);
    const points = withPoint(models.get(node)?.points ?? [], message);
    models.set(node, { heard_s: at_s, affect: message, points });
    const current = session.model === null ? undefined : models.get(session.model);
    const follow = !current || (!session.modelChosen && at_s - current.heard_s > SILENT_AFTER_S);
    const model = follow ? node : session.model;
    if (models.size > MODEL_LIMIT) {
      const others = [...models].filter(([name]) => name !== node && name !== model);
      models.delete(others.reduce((a, b) => (b[1].heard_s < a[1].heard_s ? b : a))[0]);
    }
    return { closed: false, models, ...shown(models, model) };
  };
}

function shown(
  models: SessionState['models'],
  model: string | null,
): Pick<SessionState, 'model' | 'affect' | 'points'> {
  const state = model === null ? undefined : models.get(model);
  return { model, affect: state?.affect ?? null, points: state?.points ?? [] };
}

function withModel(state: PageState, name: string, model: string): PageState {
  const session = state.sessions.get(name);
  if (!session?.models.has(model)) return state;
  const sessions = new Map(state.sessions);
  sessions.set(name, { ...session, modelChosen: true, ...shown(session.models, model) });
  return { ...state, sessions };
}

/** Nor is a marker, which a person may set at any time. */
function withMarker(
  state: PageState,
  { session, time, source, text }: MarkersMessage,
  at_s: number,
): PageState {
  const known = state.sessions.get(session);
  return withSession(state, session, known?.heard_s ?? at_s, ({ markers, closed }) => ({
    markers: [...markers.slice(1 - MARKER_LIMIT), { time, source, text }],
    closed,
  }));
}

/**
 * Puts what a session told before the page came before what it has told since. The page has more of its own where a session began anew
 * meanwhile: then that stays.
 */
function withHistory(state: PageState, name: string, messages: readonly PageMessage[]): PageState {
  const session = state.sessions.get(name);
  if (!session) return state;
  const past = messages.reduce<PageState>(
    (told, message) => reduce(told, { type: 'message', message, at_s: session.heard_s }),
    { ...initialState, sessions: new Map([[name, newSession(name, session.heard_s)]]), selected: name },
  );
  const before = past.sessions.get(name)!;
  const models = new Map(before.models);
  for (const [node, model] of session.models)
    models.set(node, { ...model, points: joined(models.get(node)?.points ?? [], model.points) });
  const sessions = new Map(state.sessions).set(name, {
    ...session,
    ...{ models, ...shown(models, session.model ?? before.model) },
    truths: joined(before.truths, session.truths),
    markers: [
      ...before.markers,
      ...session.markers.filter((own) => !before.markers.some((told) => isSame(told, own))),
    ],
    indices: new Map([...before.indices, ...session.indices]),
  });
  const seen = new Set(state.events.map(({ time_unix, event }) => `${time_unix} ${event.code}`));
  const told = past.events.filter(({ time_unix, event }) => !seen.has(`${time_unix} ${event.code}`));
  const eventCount = state.eventCount + told.length;
  const events = [...told, ...state.events]
    .sort((a, b) => a.time_unix - b.time_unix)
    .slice(-EVENT_LIMIT)
    .map((event, i, all) => ({ ...event, id: eventCount - all.length + 1 + i }));
  return { ...state, sessions, events, eventCount };
}

const isSame = (a: ToldMarker, b: ToldMarker): boolean => a.time === b.time && a.text === b.text;

/** Moments of `past` that are older than all of `now`, and those of `now`, within {@link TRACE_SPAN_S} of the last. */
function joined<Moment extends { readonly time: number }>(
  past: readonly Moment[],
  now: readonly Moment[],
): readonly Moment[] {
  const first = now[0]?.time ?? Number.POSITIVE_INFINITY;
  const all = [...past.filter(({ time }) => time < first), ...now];
  const last = all.at(-1)?.time ?? 0;
  return all.filter(({ time }) => time >= last - TRACE_SPAN_S).slice(-POINT_LIMIT);
}

/** A truth is no sign of life: what the sensors and the model say is. */
function withTruth(state: PageState, message: TruthMessage, at_s: number): PageState {
  const known = state.sessions.get(message.session);
  return withSession(state, message.session, known?.heard_s ?? at_s, ({ truths, closed }) => ({
    truths: withMoment(truths, truthPoint(message)),
    closed,
  }));
}

function truthPoint({ time, valence, arousal }: TruthMessage): TruthPoint {
  return { time, valence, arousal };
}

function withPoint(points: readonly AffectPoint[], message: AffectMessage): readonly AffectPoint[] {
  const { time, window, valence, arousal, interval, valid, reason } = message;
  return withMoment(points, { time, window, valence, arousal, interval, valid, reason });
}

/** The moments of the last {@link TRACE_SPAN_S}, `point` the newest. */
function withMoment<Moment extends { readonly time: number }>(
  points: readonly Moment[],
  point: Moment,
): readonly Moment[] {
  const { time } = point;
  const last = points.at(-1);
  // Session time runs forwards; where it doesn't, another session took the name, and the two don't belong in one trace.
  if (!last || time < last.time) return [point];
  // After a reconnect the daemon says the newest message again.
  if (time === last.time) return [...points.slice(0, -1), point];
  let first = Math.max(0, points.length + 1 - POINT_LIMIT);
  while (first < points.length && points[first].time < time - TRACE_SPAN_S) first++;
  return [...points.slice(first), point];
}

function withSession(state: PageState, name: string, at_s: number, change: Change): PageState {
  const known = state.sessions.get(name);
  const before = known ?? newSession(name, at_s);
  const sessions = new Map(state.sessions);
  sessions.set(name, { ...before, heard_s: at_s, ...change(before) });
  const current = selectedSession(state);
  const follow = !current || (!state.chosen && isSilent(current, at_s));
  const selected = follow ? name : state.selected;
  if (!known && sessions.size > SESSION_LIMIT) {
    let oldest: SessionState | null = null;
    for (const session of sessions.values()) {
      if (session.name === name || session.name === selected) continue;
      if (!oldest || session.heard_s < oldest.heard_s) oldest = session;
    }
    if (oldest) sessions.delete(oldest.name);
  }
  return { ...state, sessions, selected };
}

function newSession(name: string, at_s: number): SessionState {
  return {
    ...{ name, heard_s: at_s, closed: false, quality: null, truths: [] },
    ...{ indices: new Map(), markers: [] },
    ...{ models: new Map(), modelChosen: false, ...shown(new Map(), null) },
  };
}

function withEvent(state: PageState, message: SysMessage, at_s: number): PageState {
  const { session, time, time_unix, event } = message;
  const id = state.eventCount + 1;
  const events = [...state.events.slice(-(EVENT_LIMIT - 1)), { id, session, time, time_unix, event }];
  const logged = { ...state, events, eventCount: id };
  if (event.code === 'session-opened') return withSession(logged, session, at_s, () => ({ closed: false }));
  if (event.code === 'session-closed' && state.sessions.has(session))
    return withSession(logged, session, at_s, () => ({ closed: true }));
  return logged;
}

/** A stretch of session time without a valid prediction. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  /** null: no message arrived. */
  readonly reason: InvalidReason | null;
}

/** The usual distance of predictions, s: the median, which a few lost messages don't move; 0 for less than two. */
function usualHop_s(points: readonly { readonly time: number }[]): number {
  if (points.length < 2) return 0;
  const hops = points.slice(1).map((point, i) => point.time - points[i].time);
  hops.sort((a, b) => a - b);
  return hops[hops.length >> 1];
}

/**
 * Where the traces have nothing to show. An invalid point rules from the point before it to the next valid
 * one; a distance of more than three hops is a hole.
 */
export function blankStretches(points: readonly AffectPoint[]): Stretch[] {
  const hop_s = usualHop_s(points);
  const stretches: Stretch[] = [];
  const add = (from: number, to: number, reason: InvalidReason | null) => {
    const last = stretches.at(-1);
    if (last && last.to === from && last.reason === reason)
      stretches[stretches.length - 1] = { from: last.from, to, reason };
    else if (to > from) stretches.push({ from, to, reason });
  };
  for (const [i, point] of points.entries()) {
    const before = points[i - 1];
    if (before && isHole(before, point, hop_s)) add(before.time, point.time, null);
    else if (before && !point.valid) add(before.time, point.time, point.reason);
    else if (before && !before.valid) add(before.time, point.time, before.reason);
    else if (!point.valid) add(point.time - hop_s, point.time, point.reason);
  }
  return stretches;
}

function isHole(before: { readonly time: number }, point: { readonly time: number }, hop_s: number): boolean {
  return point.time - before.time > 3 * hop_s;
}

/** Runs of the truth about one dimension, [time, value] each; a run ends where it is missing, and at holes. */
export function truthRuns(
  truths: readonly TruthPoint[],
  dimension: 'valence' | 'arousal',
): (readonly [time: number, value: number])[][] {
  const hop_s = usualHop_s(truths);
  const runs: (readonly [number, number])[][] = [];
  let before: TruthPoint | null = null;
  for (const truth of truths) {
    const value = truth[dimension];
    if (value !== null) {
      if (!before || isHole(before, truth, hop_s)) runs.push([]);
      runs.at(-1)!.push([truth.time, value]);
    }
    before = value === null ? null : truth;
  }
  return runs;
}

/** The truth that was told last, no later than `time` and no more than a second before it. */
export function truthAt(truths: readonly TruthPoint[], time: number): TruthPoint | null {
  const last = truths.findLast((truth) => truth.time <= time);
  return last && time - last.time <= 1 ? last : null;
}

/** One dimension's trace: times, estimates, lower and upper bounds, [n] each; null = nothing to show. */
export type TraceColumns = [number[], (number | null)[], (number | null)[], (number | null)[]];

/** Columns for a chart. Invalid points are null, and a null stands in each hole, so that no line crosses it. */
export function traceColumns(points: readonly AffectPoint[], dimension: 'valence' | 'arousal'): TraceColumns {
  const hop_s = usualHop_s(points);
  const columns: TraceColumns = [[], [], [], []];
  const add = (...row: [number, number | null, number | null, number | null]) => {
    for (const [i, value] of row.entries()) (columns[i] as (number | null)[]).push(value);
  };
  for (const [i, point] of points.entries()) {
    if (i > 0 && isHole(points[i - 1], point, hop_s)) add(points[i - 1].time + hop_s, null, null, null);
    const value = point.valid ? point[dimension] : null;
    const bounds = value === null ? null : point.interval?.[dimension];
    add(point.time, value, bounds?.[0] ?? null, bounds?.[1] ?? null);
  }
  return columns;
}

/** Runs of valid points in the last {@link TRAIL_SPAN_S}, oldest first; a run ends at an invalid point or a hole. */
export function trailRuns(points: readonly AffectPoint[]): AffectPoint[][] {
  const last = points.at(-1);
  if (!last) return [];
  const hop_s = usualHop_s(points);
  const runs: AffectPoint[][] = [];
  let before: AffectPoint | null = null;
  for (const point of points) {
    if (point.time < last.time - TRAIL_SPAN_S) continue;
    const shown = point.valid && point.valence !== null && point.arousal !== null;
    if (shown) {
      if (!before || isHole(before, point, hop_s)) runs.push([]);
      runs.at(-1)!.push(point);
    }
    before = shown ? point : null;
  }
  return runs;
}

/** What a person who doesn't see the page should hear of a change, or null. */
export function announcement(before: PageState, after: PageState): string | null {
  const said: string[] = [];
  if (before.connection !== after.connection) said.push(connectionWords[after.connection]);
  const [old, now] = [selectedSession(before), selectedSession(after)];
  if (now && old?.name !== now.name) said.push(`Session ${now.name}.`);
  else if (old?.affect && now?.affect && old.affect !== now.affect) {
    if (old.affect.valid !== now.affect.valid)
      said.push(now.affect.valid ? 'Predictions are valid again.' : 'Predictions are not valid.');
    for (const [name, modality] of Object.entries(now.affect.modalities)) {
      const was = old.affect.modalities[name];
      if (was && was.present !== modality.present)
        said.push(modality.present ? `${name} is back.` : `${name} is masked: ${maskText(modality.reason)}.`);
    }
  }
  return said.length > 0 ? said.join(' ') : null;
}

const connectionWords: Record<ConnectionState, string> = {
  connecting: 'Connecting.',
  open: 'Connected.',
  reconnecting: 'The connection dropped; reconnecting.',
  closed: 'The connection is closed.',
};
