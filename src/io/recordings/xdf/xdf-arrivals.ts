import type { Seconds } from '../../../core/clock.js';
import { isUnixStamp } from '../../../signal/timebase/unix-stamps.js';
import type { XdfStream } from './xdf-index.js';
import type { XdfStamps } from './xdf-stamps.js';

/** Offsets of clocks are told without their uncertainty: half a round trip in a laboratory's network, s. */
export const OFFSET_UNCERTAINTY_S: Seconds = 5e-4;

/** Offsets prove how time went if so much of what was recorded, and of its time, lies between the first and the last of them. */
const PROVEN_SHARE = 0.5;
/** A longer step between stamps may be a pause or another clock: what lies on its two sides is judged apart, s. */
const RUN_STEP_S: Seconds = 1;
/** Newest stamps lie behind the time at which an offset was measured by how long samples travel and wait, so much at most beyond the least, s. */
const LATE_S: Seconds = 1;
/** And ahead of it by no more than this. */
const AHEAD_S: Seconds = 0.25;
/** A stream that is further off, always, travels so long, or is on another clock, s. */
const OTHER_CLOCK_S: Seconds = 0.5;
/** Before the first and after the last proof stamps may go so much faster than bytes, and be so far off. */
const BYTES_FACTOR = 3;
const BYTES_OFF_S: Seconds = 1;
/** The order of the file says nothing of a stream that arrives in less than half of the time that its stamps take, s. */
const ORDERED_SHARE = 0.5;
const ORDERED_S: Seconds = 10;

/** A place in the file, and how far time had come there. */
interface Knot {
  readonly place: number;
  readonly time: Seconds;
}

/** Knots in order of their place. */
interface Knots {
  readonly places: number[];
  readonly times: Seconds[];
}

/** What {@link XdfArrivals} has to know of one stream: the place and the newest stamp of every piece, in order. */
class StreamPieces {
  readonly places: number[] = [];
  readonly newest: Seconds[] = [];
  samples = 0;

  constructor(readonly stream: XdfStream) {}

  add({ place, stamps }: XdfStamps): void {
    this.places.push(place);
    this.newest.push(stamps[stamps.length - 1]);
    this.samples += stamps.length;
  }

  /** Median stamp, s; 0 without any. */
  get typicalStamp(): Seconds {
    const stamps = Float64Array.from(this.newest).sort();
    return stamps[stamps.length >> 1] ?? 0;
  }

  /** The pieces whose stamps go on, on the recorder's clock where offsets tell that. */
  goingOn(): Knot[] {
    const times = this.places.map((place, i) => onRecordersClock(this.stream, place, this.newest[i], null));
    return increasing(times).map((i) => ({ place: this.places[i], time: times[i] }));
  }

  /** Whether no stamp moves. */
  get isStill(): boolean {
    return this.newest.length > 1 && this.newest.every((stamp) => stamp === this.newest[0]);
  }
}

/**
 * When the samples of a foreign XDF arrived, on the recorder's clock, as the order of the file tells: a recorder writes what
 * has come, and measures every stream's clock each few seconds, which proves how far time had come at that place of the
 * file. In between the stamps of those streams tell that keep up with the proofs; else bytes. Without proofs the
 * stream whose stamps go on longest, without those that don't go on, stands for them.
 *
 * It looks at the whole file, so that neither a single stamp that is off nor a clock that steps moves what it tells.
 */
export class XdfArrivals {
  readonly #pieces: readonly StreamPieces[];
  #knots: Knots | null = null;

  constructor(streams: readonly XdfStream[]) {
    this.#pieces = streams.map((stream) => new StreamPieces(stream));
  }

  /** Takes the next piece of stream `s` in. All are to be taken in before anything is asked. */
  add(s: number, piece: XdfStamps): void {
    this.#pieces[s].add(piece);
  }

  /** Whether the stamps of stream `s` never move. */
  isStill(s: number): boolean {
    return this.#pieces[s].isStill;
  }

  /** Median stamp of stream `s`, s; 0 without any. */
  typicalStamp(s: number): Seconds {
    return this.#pieces[s].typicalStamp;
  }

  /** When what ends at a place arrived, for the places of stream `s` in order. */
  arrivalsOf(s: number): (place: number) => Seconds {
    this.#knots ??= knotsOf(this.#pieces);
    const byOrder = interpolated(this.#knots);
    const own = this.#pieces[s].goingOn();
    if (own.length < 2) return byOrder;
    const [first, last] = [own[0], own[own.length - 1]];
    const at = interpolated(this.#knots);
    const from_s = at(first.place);
    const ordered_s = at(last.place) - from_s;
    const own_s = last.time - first.time;
    if (ordered_s >= ORDERED_SHARE * own_s || own_s - ordered_s < ORDERED_S) return byOrder;
    const shift_s = isUnixStamp(first.time) === isUnixStamp(from_s) ? 0 : from_s - first.time;
    return interpolated(rising(own.map(({ place, time }) => ({ place, time: time + shift_s }))));
  }
}

function knotsOf(pieces: readonly StreamPieces[]): Knots {
  const proofs = proofsOf(pieces);
  return proofs ? between(pieces, proofs) : byLongest(pieces);
}

/** Where clocks were measured, and when, if that tells of enough of the file. */
function proofsOf(pieces: readonly StreamPieces[]): Knots | null {
  const measured = pieces
    .flatMap(({ stream: { clockOffsets, clockOffsetsAt, isMapped } }) =>
      // Those of our own writer repeat stamps.
      isMapped
        ? []
        : clockOffsets.map(({ time, offset }, i) => ({ place: clockOffsetsAt[i], time: time + offset })),
    )
    .sort((a, b) => a.place - b.place);
  const kept = increasing(measured.map(({ time }) => time)).map((i) => measured[i]);
  if (kept.length < 2 || !(kept[kept.length - 1].time > kept[0].time)) return null;
  const [first, last] = [kept[0].place, kept[kept.length - 1].place];
  let all = 0;
  let proven = 0;
  for (const { places, samples } of pieces) {
    const inside = places.reduce((count, place) => count + (place >= first && place <= last ? 1 : 0), 0);
    all += samples;
    proven += places.length > 0 ? (samples * inside) / places.length : 0;
  }
  const longest_s = pieces.reduce((most_s, piece) => Math.max(most_s, spanOf(piece.goingOn())), 0);
  const proven_s = kept[kept.length - 1].time - kept[0].time;
  if (proven < PROVEN_SHARE * all || proven_s < PROVEN_SHARE * longest_s) return null;
  return { places: kept.map(({ place }) => place), times: kept.map(({ time }) => time) };
}

/** Proofs, and between them the stamps of streams that keep up with them. */
function between(pieces: readonly StreamPieces[], proofs: Knots): Knots {
  const told = pieces
    .filter(({ newest }) => newest.length > 0)
    .map((piece) => new ProvenStream(piece, proofs));
  const [close, far] = [
    told.filter(({ shift_s }) => shift_s === 0),
    told.filter(({ shift_s }) => shift_s !== 0),
  ];
  const knots: Knot[] = proofs.places.map((place, k) => ({
    place,
    time: proofs.times[k],
  }));
  for (let k = -1; k < proofs.places.length; k++) {
    const within = close.flatMap((stream) => stream.knotsAfter(k));
    for (const knot of within.length > 0 ? within : far.flatMap((stream) => stream.knotsAfter(k)))
      knots.push(knot);
  }
  knots.sort((a, b) => a.place - b.place);
  return rising(knots);
}

/** One stream's stamps on the recorder's clock, judged by proofs of how far time had come. */
class ProvenStream {
  /** What is added to its stamps beyond their measured offsets; 0 where they are on the recorder's clock. */
  readonly shift_s: Seconds;
  readonly #proofs: Knots;
  readonly #places: number[] = [];
  readonly #times: Seconds[] = [];
  /** [n] run of each piece. */
  readonly #runs: number[] = [];
  /** [proofs + 1] first piece after each proof; the first of all stands for those before any. */
  readonly #from: number[] = [0];
  readonly #least_s: Seconds;

  constructor({ stream, places, newest }: StreamPieces, proofs: Knots) {
    this.#proofs = proofs;
    const times = places.map((place, i) => onRecordersClock(stream, place, newest[i], proofs));
    for (const i of increasing(times)) {
      const n = this.#times.length;
      const isOther = n > 0 && times[i] - this.#times[n - 1] > RUN_STEP_S;
      this.#runs.push(n === 0 ? 0 : this.#runs[n - 1] + (isOther ? 1 : 0));
      this.#places.push(places[i]);
      this.#times.push(times[i]);
    }
    for (const place of proofs.places) {
      let i = this.#from[this.#from.length - 1];
      while (i < this.#places.length && this.#places[i] < place) i++;
      this.#from.push(i);
    }
    const lags = proofs.times.flatMap((_, k) => this.#lagAt(k) ?? []).sort((a, b) => a - b);
    const behind = lags.filter((lag) => lag >= -AHEAD_S);
    // A clock that stepped ahead was right before.
    const usual = behind.length >= 0.3 * lags.length ? behind : lags;
    this.#least_s = usual[Math.floor(0.2 * usual.length)] ?? 0;
    this.shift_s = Math.abs(this.#least_s) <= OTHER_CLOCK_S ? 0 : this.#least_s;
  }

  /** What the stream tells of time between proof `k` and the next; -1: before the first. */
  knotsAfter(k: number): Knot[] {
    const { places, times } = this.#proofs;
    const [low, high] = this.#boundsAfter(k);
    const from = this.#from[k + 1];
    const to = k + 2 < this.#from.length ? this.#from[k + 2] : this.#places.length;
    const knots: Knot[] = [];
    for (let start = from; start < to; ) {
      let end = start + 1;
      while (end < to && this.#runs[end] === this.#runs[start]) end++;
      const left = k >= 0 && start === from ? this.#lagAt(k) : null;
      const right = k + 1 < places.length && end === to ? this.#lagAt(k + 1) : null;
      const isKept = [left, right].every((lag) => lag === null || this.#keepsUp(lag));
      for (let i = start; i < end && isKept; i++) {
        const time = this.#times[i] + this.shift_s;
        const beyond_s =
          k < 0
            ? BYTES_OFF_S + BYTES_FACTOR * this.#byBytes(places[0] - this.#places[i])
            : k + 1 === places.length
              ? BYTES_OFF_S + BYTES_FACTOR * this.#byBytes(this.#places[i] - places[k])
              : 0;
        const isLow = k < 0 ? time < times[0] - beyond_s : time < low;
        const isHigh = k + 1 === places.length ? time > times[k] + beyond_s : time > high;
        if (!isLow && !isHigh) knots.push({ place: this.#places[i], time });
      }
      start = end;
    }
    return knots;
  }

  #boundsAfter(k: number): [low: Seconds, high: Seconds] {
    const { times } = this.#proofs;
    return [times[k] ?? Number.NEGATIVE_INFINITY, times[k + 1] ?? Number.POSITIVE_INFINITY];
  }

  #byBytes(bytes: number): Seconds {
    const { places, times } = this.#proofs;
    const last = places.length - 1;
    return (bytes * (times[last] - times[0])) / (places[last] - places[0]);
  }

  /** How far the stream was behind at proof `k`; null where it didn't go on across it. */
  #lagAt(k: number): Seconds | null {
    const next = this.#from[k + 1];
    if (next === 0 || next >= this.#places.length || this.#runs[next] !== this.#runs[next - 1]) return null;
    return this.#proofs.times[k] - this.#times[next - 1];
  }

  #keepsUp(lag_s: Seconds): boolean {
    const off_s = lag_s - this.shift_s;
    return (
      off_s >= -(this.shift_s === 0 ? AHEAD_S : LATE_S) && off_s <= LATE_S + this.#least_s - this.shift_s
    );
  }
}

/** A stamp by the offset measured before it or, where that one is of another clock than the next, by the one that fits. */
function onRecordersClock(
  { clockOffsets, clockOffsetsAt }: XdfStream,
  place: number,
  stamp: Seconds,
  proofs: Knots | null,
): Seconds {
  const next = firstAfter(clockOffsetsAt, place);
  const [before, after] = [clockOffsets[next - 1], clockOffsets[next]].map((measured) =>
    measured === undefined
      ? null
      : stamp + (Math.abs(measured.offset) <= OFFSET_UNCERTAINTY_S ? 0 : measured.offset),
  );
  if (before === null || after === null) return before ?? after ?? stamp;
  if (!proofs || Math.abs(after - before) <= RUN_STEP_S) return before;
  const proven = proofs.times[Math.min(firstAfter(proofs.places, place), proofs.times.length - 1)];
  return Math.abs(after - proven) < Math.abs(before - proven) ? after : before;
}

/** Without proofs: by the stream whose stamps go on longest, by others where it has not begun or has ended. */
function byLongest(pieces: readonly StreamPieces[]): Knots {
  const moving = pieces.filter(({ newest, isStill }) => newest.length > 0 && !isStill);
  const onLsl = moving.filter(({ typicalStamp }) => !isUnixStamp(typicalStamp));
  const told = (onLsl.length > 0 ? onLsl : moving)
    .map((stream) => {
      const kept = withoutLoneEnds(stream.goingOn());
      return { kept, span_s: (spanOf(kept) * kept.length) / stream.newest.length };
    })
    .sort((a, b) => b.span_s - a.span_s);
  const [longest, ...others] = told;
  if (!longest) return byCount(pieces);
  // Time had come as far as the stream that is most ahead of it, if that is no other clock.
  const reached = interpolated(rising(longest.kept));
  const leads = others.map(({ kept }) => {
    const ahead = Float64Array.from(kept, ({ place, time }) => time - reached(place)).sort();
    return ahead[ahead.length >> 1];
  });
  const lead_s = leads.reduce((most, lead) => (lead > most && lead <= ORDERED_S ? lead : most), 0);
  let knots = withPausesFilled(
    longest.kept.map(({ place, time }) => ({ place, time: time + lead_s })),
    others.flatMap(({ kept }) => kept),
  );
  for (const { kept } of others) {
    const [first, last] = [knots[0], knots[knots.length - 1]];
    const before = kept.filter(({ place, time }) => place < first.place && time <= first.time);
    const after = kept.filter(({ place, time }) => place > last.place && time >= last.time);
    const isNear = (a: Seconds, b: Seconds) => Math.abs(a - b) <= ORDERED_S;
    knots = [
      ...(before.length > 0 && isNear(before[before.length - 1].time, first.time) ? before : []),
      ...knots,
      ...(after.length > 0 && isNear(after[0].time, last.time) ? after : []),
    ];
  }
  return rising(knots);
}

/** Where knots step far, others tell when time did: the first piece behind a pause of all is rarely the knots' own. */
function withPausesFilled(knots: readonly Knot[], others: readonly Knot[]): Knot[] {
  const told = [...others].sort((a, b) => a.place - b.place);
  let next = 0;
  return knots.flatMap((knot, k) => {
    const from = next;
    while (next < told.length && told[next].place < knot.place) next++;
    const before = knots[k - 1]?.time ?? knot.time;
    if (knot.time - before <= RUN_STEP_S) return [knot];
    return [...told.slice(from, next).filter(({ time }) => time > before && time <= knot.time), knot];
  });
}

/** Where no stamp moves, samples of the stream that has most of them are counted. */
function byCount(pieces: readonly StreamPieces[]): Knots {
  const [most] = [...pieces].sort((a, b) => b.samples - a.samples);
  const { places, samples, stream } = most;
  if (places.length < 2) return { places: [0], times: [0] };
  const took_s = stream.sfreq > 0 ? samples / stream.sfreq : 0;
  return { places: [places[0], places[places.length - 1]], times: [took_s / places.length, took_s] };
}

function spanOf(knots: readonly Knot[]): Seconds {
  const going = withoutLoneEnds(knots);
  return going.length < 2 ? 0 : going[going.length - 1].time - going[0].time;
}

/** First and last stamps that lie far from the next one don't go on. */
function withoutLoneEnds(kept: readonly Knot[]): readonly Knot[] {
  let [from, to] = [0, kept.length];
  while (to - from > 2 && kept[from + 1].time - kept[from].time > RUN_STEP_S) from++;
  while (to - from > 2 && kept[to - 1].time - kept[to - 2].time > RUN_STEP_S) to--;
  return to - from > 2 ? kept.slice(from, to) : kept;
}

function rising(knots: readonly Knot[]): Knots {
  let latest = Number.NEGATIVE_INFINITY;
  const times = knots.map(({ time }) => {
    latest = Math.max(latest, time);
    return latest;
  });
  return { places: knots.map(({ place }) => place), times };
}

/** Time at places that rise, by bytes between knots and beyond them. */
function interpolated({ places, times }: Knots): (place: number) => Seconds {
  const last = places.length - 1;
  const perByte = last > 0 ? (times[last] - times[0]) / (places[last] - places[0]) : 0;
  let k = 0;
  return (place) => {
    while (k < last && places[k + 1] <= place) k++;
    if (place <= places[k]) return times[k] - perByte * (places[k] - place);
    if (k === last) return times[k] + perByte * (place - places[k]);
    return times[k] + ((times[k + 1] - times[k]) * (place - places[k])) / (places[k + 1] - places[k]);
  };
}

/** Index of the first of ascending `places` after `place`. */
function firstAfter(places: readonly number[], place: number): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (places[middle] <= place) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Indices of a longest subsequence that never falls: the others are off. */
function increasing(values: readonly number[]): number[] {
  const tails: number[] = [];
  const before = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    let [low, high] = [0, tails.length];
    if (high > 0 && values[tails[high - 1]] <= values[i]) low = high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (values[tails[middle]] <= values[i]) low = middle + 1;
      else high = middle;
    }
    before[i] = low > 0 ? tails[low - 1] : -1;
    tails[low] = i;
  }
  const kept = new Array<number>(tails.length);
  for (let at = tails.length - 1, i = tails[at] ?? -1; i >= 0; i = before[i]) kept[at--] = i;
  return kept;
}
