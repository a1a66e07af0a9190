import type { Seconds } from '../core/clock.js';
import { ConfigurationError } from '../core/errors.js';
import type { Chunk, StreamInfo, StreamMessage } from '../core/signal.js';
import { ASKED_FAULTS } from '../signal/dialects/asked-fault.js';
import { Acceleration } from './acceleration.js';
import { type Affect, AffectTrajectory } from './affect-trajectory.js';
import { Annotation } from './annotation.js';
import { ChunkOrder, clockError_s } from './device-faults.js';
import { Eeg } from './eeg.js';
import { Eye } from './eye.js';
import type { FaultCarrier } from './fault-grammar.js';
import {
  askedFaults,
  checkFaults,
  cutsOf,
  type FaultPlan,
  parseFaults,
  type RestartKind,
  requireCarried,
  StreamFaults,
  stallsOf,
} from './faults.js';
import { ecg, ppg } from './heart.js';
import { FacialMuscle } from './muscle.js';
import { drawPerson, type Person } from './person.js';
import {
  type Profile,
  type ProfileName,
  profileNames,
  profiles,
  type SensorName,
  sensorNames,
} from './profile.js';
import type { Signal, Subject } from './signal.js';
import { SkinConductance } from './skin-conductance.js';
import { SkinTemperature } from './skin-temperature.js';

export interface SimulationOptions {
  readonly profile: ProfileName;
  /** Same seed, same bytes. Draws the person, the trajectory and all noise. */
  readonly seed: number | string;
  /** How long; Infinity for a session without end. A longer session begins with the same samples. */
  readonly duration_s: Seconds;
  /** Sensors worn; default all of the profile. The others' samples don't depend on it. */
  readonly only?: readonly SensorName[] | undefined;
  /** Fault list, see {@link parseFaults}. */
  readonly faults?: string | undefined;
  /** What takes the session to who gets it: faults that it can't carry are refused. Default: anything. */
  readonly carrier?: FaultCarrier | undefined;
  /** Stamp of the first sample. Default 0. */
  readonly start_s?: Seconds | undefined;
  /** Chunks a second of each stream, where it has that many samples. Default 1. */
  readonly chunksPerSecond?: number | undefined;
  /** Somebody particular instead of the person drawn from the seed. */
  readonly person?: Person | undefined;
  /** A trajectory of one's own instead of the one drawn from the seed. */
  readonly affect?: Affect | undefined;
}

/** A message, and when a receiver gets it: s after the session's start. */
export interface Arrival {
  readonly arrival_s: Seconds;
  readonly message: StreamMessage;
}

const makers: Readonly<Record<SensorName, (subject: Subject, info: StreamInfo) => Signal>> = {
  eeg: (subject, info) => new Eeg(subject, info),
  gaze: (subject, info) => new Eye(subject, info),
  ecg,
  ppg,
  eda: (subject, info) => new SkinConductance(subject, info),
  temp: (subject, info) => new SkinTemperature(subject, info),
  emg: (subject, info) => new FacialMuscle(subject, info),
  acc: (subject, info) => new Acceleration(subject, info),
};

/** Rate of the stream that carries the truth, Hz. */
const ANNOTATION_HZ = 10;

function annotationInfo(seed: number | string): StreamInfo {
  return {
    id: 'annotation',
    name: 'simulated affect',
    type: 'Annotation',
    sourceId: `simulated-${seed}-annotation`,
    sfreq: ANNOTATION_HZ,
    channels: ['valence', 'arousal'].map((label) => ({ label, unit: '[-1,1]', type: 'Annotation' })),
    simulated: true,
  };
}

function sensorInfo(sensor: SensorName, profile: Profile, seed: number | string): StreamInfo {
  const { type, name, sfreq_hz, channels } = profile[sensor];
  const sourceId = `simulated-${seed}-${sensor}`;
  return { id: sensor, name, type, sourceId, sfreq: sfreq_hz, channels, simulated: true };
}

function askedFaultsInfo(seed: number | string): StreamInfo {
  return {
    id: 'faults',
    name: ASKED_FAULTS,
    type: 'Markers',
    sourceId: `simulated-${seed}-faults`,
    sfreq: 0,
    channels: [{ label: 'fault', unit: '', type: 'Markers' }],
    simulated: true,
  };
}

/** A stretch of one stream, not yet in its place among the others. */
interface Piece {
  readonly order_s: Seconds;
  /** Whether it was held back: it comes before what is sent at once. */
  readonly isHeld: boolean;
  /** Its place among those that are held back as long, before that of its stream. */
  readonly heldOrder_s: Seconds;
  readonly stream: number;
  readonly arrival: Arrival;
}

const inOrderOfArrival = (a: Piece, b: Piece): number =>
  a.order_s - b.order_s ||
  Number(b.isHeld) - Number(a.isHeld) ||
  a.heldOrder_s - b.heldOrder_s ||
  a.stream - b.stream;

/** The stream as it is after a fault of its device. `times`: how often it has begun. */
function begunAnew(info: StreamInfo, base: StreamInfo, kind: RestartKind, times: number): StreamInfo {
  const { channels } = info;
  const anew = { ...info, id: `${base.id}-${times}` };
  if (kind === 'label')
    return { ...anew, channels: channels.map((channel) => ({ ...channel, label: `${channel.label}x` })) };
  if (kind === 'layout')
    return { ...anew, channels: [...channels, { ...channels.at(-1)!, label: `extra${channels.length}` }] };
  return anew;
}

/** One stream of the session: signal, faults, rounding and stamps. */
class Wire {
  readonly #faults: StreamFaults;
  readonly #order = new ChunkOrder<Piece>();
  #info: StreamInfo;
  #starts = 1;
  /** Samples that are due, and not whole: another rate has parts of one. */
  #due = 0;
  /** The furthest piece; what comes of a stream that begins anew comes behind it. */
  #furthest: Pick<Piece, 'order_s'> & Pick<Arrival, 'arrival_s'> = { order_s: 0, arrival_s: 0 };
  #notBefore = this.#furthest;
  #second = 0;
  #hasSamples = false;
  #isGap = false;

  constructor(
    readonly signal: Signal,
    readonly index: number,
    plan: FaultPlan,
    readonly options: SimulationOptions,
  ) {
    this.#faults = new StreamFaults(plan, signal.info, options.seed);
    this.#info = signal.info;
  }

  /** The stream as it is now. */
  get info(): StreamInfo {
    return this.#info;
  }

  /** What nothing comes behind any more. */
  flush(): Piece[] {
    return this.#order.flush();
  }

  /** The next second's chunks: cut at chunk borders, at missing samples, and where samples begin or cease to be held back. */
  next(): Piece[] {
    const { info } = this.signal;
    const n = info.sfreq;
    const data = this.signal.next();
    this.#faults.disturb(this.#second, data);
    const parts = this.options.chunksPerSecond ?? 1;
    const pieces: Piece[] = [];
    let from = 0;
    for (let part = 1; part <= parts; part++) {
      const border = Math.ceil((part * n) / parts);
      for (let k = from; k < border; k++) {
        const t = this.#second + k / n;
        const first = this.#second + from / n;
        const isMissing = t >= this.options.duration_s || this.#faults.isMissing(t);
        if (
          isMissing ||
          this.#faults.holdAt(t) !== this.#faults.holdAt(first) ||
          this.#faults.stretchAt(t) !== this.#faults.stretchAt(first)
        ) {
          this.#cut(data, from, k, pieces);
          from = k;
        }
        if (!isMissing) continue;
        from = k + 1;
        this.#isGap = this.#hasSamples;
      }
      this.#cut(data, from, border, pieces);
      from = border;
    }
    this.#second++;
    return pieces;
  }

  #cut(data: Float64Array, from: number, to: number, pieces: Piece[]): void {
    const length = to - from;
    if (length <= 0) return;
    const n = this.signal.info.sfreq;
    const first_s = this.#second + from / n;
    const last_s = this.#second + (to - 1) / n;
    for (const kind of this.#faults.takeRestarts(first_s)) pieces.push(...this.#beginAnew(kind, first_s));
    const info = this.#info;
    const faults = this.#faults.sentAt(first_s);
    const rate = faults.find(({ kind }) => kind === 'rate')?.amount ?? 1;
    if (rate !== 1) this.#due += length * rate;
    const samples = rate === 1 ? length : Math.floor(this.#due);
    if (rate !== 1) this.#due -= samples;
    if (samples === 0) return;
    const values = new Float64Array(info.channels.length * samples);
    const measured = this.signal.info.channels.length;
    // Rounded to what a float32 recording or wire keeps, so that it brings back the same bits.
    for (let c = 0; c < info.channels.length; c++) {
      const row = Math.min(c, measured - 1) * n + from;
      for (let k = 0; k < samples; k++)
        values[c * samples + k] = Math.fround(
          data[row + (rate === 1 ? k : Math.floor((k * length) / samples))],
        );
    }
    const start_s = (this.options.start_s ?? 0) + this.#faults.stampOffset_s;
    const times = new Float64Array(samples);
    // One division from the sample's number: stamps carry no accumulated error.
    for (let k = 0; k < samples; k++) {
      const place = this.#second * n + from + (rate === 1 ? k : (k * length) / samples);
      times[k] = start_s + place / n;
      if (faults.length > 0) times[k] += clockError_s(faults, place / n);
    }
    if (faults.some(({ kind }) => kind === 'backward')) times.reverse();
    const chunk: Chunk = { info, data: values, times, gapBefore: this.#isGap };
    this.#hasSamples = true;
    this.#isGap = false;
    const piece = this.#piece({ kind: 'chunk', chunk }, first_s, last_s);
    const sent = this.#order.pass(piece, faults);
    // What waited for another chunk comes with it.
    pieces.push(
      ...sent.map(({ arrival: { message } }) => ({ ...piece, arrival: { ...piece.arrival, message } })),
    );
  }

  /** The stream ends, and begins as another one. */
  #beginAnew(kind: RestartKind, at_s: Seconds): Piece[] {
    const waiting = this.#order.flush();
    const { id } = this.#info;
    this.#info = begunAnew(this.#info, this.signal.info, kind, ++this.#starts);
    this.#hasSamples = false;
    this.#notBefore = this.#furthest;
    const messages: StreamMessage[] = [
      ...waiting.map(({ arrival }) => arrival.message),
      { kind: 'close', id },
      { kind: 'open', info: this.#info },
    ];
    const pieces = messages.map((message) => this.#piece(message, at_s, at_s));
    this.#notBefore = this.#furthest;
    return pieces;
  }

  /** A message about what was measured from `first_s` to `last_s`, in its place. */
  #piece(message: StreamMessage, first_s: Seconds, last_s: Seconds): Piece {
    const delay_s = this.#faults.delay_s(first_s);
    const hold = this.#faults.holdAt(first_s);
    const heldUntil_s = hold?.to ?? 0;
    const order_s = Math.max(first_s + delay_s, heldUntil_s, this.#notBefore.order_s);
    const arrival_s = Math.max(last_s + delay_s, heldUntil_s, this.#notBefore.arrival_s);
    this.#furthest = {
      order_s: Math.max(order_s, this.#furthest.order_s),
      arrival_s: Math.max(arrival_s, this.#furthest.arrival_s),
    };
    // Behind what it must not overtake, it is in no other order than that.
    const isHeld = hold !== null && order_s > this.#notBefore.order_s;
    return {
      ...{ order_s, isHeld },
      heldOrder_s: isHeld && hold.kind === 'stall' ? first_s : 0,
      stream: this.index,
      arrival: { arrival_s, message },
    };
  }
}

/** The markers that ask the daemon for faults. */
function asking(
  plan: FaultPlan,
  info: StreamInfo,
  stream: number,
  { seed, duration_s, start_s = 0 }: SimulationOptions,
): Piece[] {
  const stalls = new StreamFaults(stallsOf(plan), info, seed);
  return askedFaults(plan).flatMap(({ time, value }): Piece[] => {
    if (time >= duration_s) return [];
    const held = stalls.holdAt(time);
    const arrival_s = Math.max(time, held?.to ?? 0);
    const message: StreamMessage = {
      kind: 'marker',
      marker: { stream: info.id, time: start_s + time, value },
    };
    return [
      {
        ...{ order_s: arrival_s, isHeld: held !== null, heldOrder_s: time, stream },
        arrival: { arrival_s, message },
      },
    ];
  });
}

function check(options: SimulationOptions): void {
  const problem = (message: string) => new ConfigurationError('simulation-invalid', message);
  if (!profileNames.includes(options.profile))
    throw problem(`no profile '${options.profile}'; use one of ${profileNames.join(', ')}`);
  for (const sensor of options.only ?? [])
    if (!sensorNames.includes(sensor))
      throw problem(`no sensor '${sensor}' to simulate; use ${sensorNames.join(', ')}`);
  if (!(options.duration_s > 0)) throw problem(`duration ${options.duration_s} s: it must be above 0`);
  const parts = options.chunksPerSecond ?? 1;
  if (!Number.isInteger(parts) || parts < 1)
    throw problem(`${parts} chunks a second: a whole number is needed`);
}

/** The streams that {@link simulateSession} opens, in its order; at last the truth, and what asks the daemon for faults. */
export function simulatedStreams(
  options: Pick<SimulationOptions, 'profile' | 'seed' | 'only' | 'faults'>,
): StreamInfo[] {
  const worn = sensorNames.filter((sensor) => options.only?.includes(sensor) ?? true);
  return [
    ...worn.map((sensor) => sensorInfo(sensor, profiles[options.profile], options.seed)),
    annotationInfo(options.seed),
    ...(askedFaults(parseFaults(options.faults ?? '')).length > 0 ? [askedFaultsInfo(options.seed)] : []),
  ];
}

/** When connections of a simulated session break, s after its start. */
export function simulatedCuts({ faults = '' }: Pick<SimulationOptions, 'faults'>): readonly Seconds[] {
  return cutsOf(parseFaults(faults));
}

/**
 * A person wearing a profile's sensors, as messages with their times of arrival: every stream's `open`, chunks in
 * order of their first stamp (late ones and those held back where they arrive), every `close`. Made second by second, so
 * memory does not grow with the duration.
 * @throws ConfigurationError `simulation-invalid`, `faults-invalid`, at once, before the first message is asked for
 */
export function simulateArrivals(options: SimulationOptions): Iterable<Arrival> {
  check(options);
  const plan = parseFaults(options.faults ?? '');
  if (options.carrier) requireCarried(plan, options.carrier);
  const infos = simulatedStreams(options);
  checkFaults(
    plan,
    infos.filter((info) => info.type !== 'Annotation' && info.type !== 'Markers'),
  );
  return { [Symbol.iterator]: () => arrivals(options, plan, infos) };
}

function* arrivals(
  options: SimulationOptions,
  plan: FaultPlan,
  infos: readonly StreamInfo[],
): Generator<Arrival, void, undefined> {
  const subject: Subject = {
    seed: options.seed,
    person: options.person ?? drawPerson(options.seed),
    affect: options.affect ?? new AffectTrajectory(options.seed),
  };
  const wires = infos.flatMap((info, index) => {
    if (info.type === 'Markers') return [];
    const sensor = sensorNames.find((name) => name === info.id);
    return sensor
      ? new Wire(makers[sensor](subject, info), index, plan, options)
      : new Wire(new Annotation(subject.affect, info), index, stallsOf(plan), options);
  });
  for (const info of infos) yield { arrival_s: 0, message: { kind: 'open', info } };
  let pieces = infos.flatMap((info, index) =>
    info.type === 'Markers' ? asking(plan, info, index, options) : [],
  );
  let last_s = 0;
  for (let second = 0; second < options.duration_s || pieces.length > 0; second++) {
    if (second < options.duration_s) pieces.push(...wires.flatMap((wire) => wire.next()));
    if (second + 1 >= options.duration_s) pieces.push(...wires.flatMap((wire) => wire.flush()));
    pieces.sort(inOrderOfArrival);
    const ready = pieces.filter((piece) => piece.order_s < second + 1);
    pieces = pieces.slice(ready.length);
    for (const { arrival } of ready) {
      last_s = Math.max(last_s, arrival.arrival_s);
      yield arrival;
    }
  }
  for (const [index, { id }] of infos.entries()) {
    const own = wires.find((wire) => wire.index === index)?.info.id ?? id;
    yield { arrival_s: last_s, message: { kind: 'close', id: own } };
  }
}

/**
 * {@link simulateArrivals} without the times of arrival: what a recording of the session holds.
 * @throws ConfigurationError as {@link simulateArrivals}
 */
export function simulateSession(options: SimulationOptions): Iterable<StreamMessage> {
  const arriving = simulateArrivals(options);
  return {
    *[Symbol.iterator]() {
      for (const { message } of arriving) yield message;
    },
  };
}
