import type { Seconds } from '../../core/clock.js';
import { type Chunk, channelOf, type StreamInfo } from '../../core/signal.js';

/** A stretch of one channel that was found under two people. */
export interface SharedStretch {
  readonly people: readonly [string, string];
  readonly stream: string;
  readonly channel: string;
  /** Where it begins under the second person, stamp of their own recording, s. */
  readonly at: Seconds;
}

/** A stretch this long under two people is always found; one of half the length may be. */
export const SHARED_S = 60;
/** Fewest samples of half a stretch: at 1 Hz, two hearts may beat alike for half a minute. */
const MIN_SAMPLES = 120;
/** A stretch tells a person only where it moves: share of its samples that differ from the one before. */
const MIN_CHANGES = 0.2;
/** Channels of a stream that are looked at: a copy copies all of them. */
const MAX_CHANNELS = 4;
/** Samples that choose a place. */
const GRAM = 8;

/**
 * Finds recordings that stand under two people. Places are chosen by what the signal is, not by where it stands
 * (winnowing, Schleimer, Wilkerson & Aiken 2003, doi:10.1145/872757.872770), so that a copy is found however it was cut
 * or shifted: of every half stretch the place whose next samples have the least hash, and from there half a
 * stretch is compared.
 */
export class SharedSignals {
  /** By the digest of half a stretch. */
  readonly #known = new Map<string, string>();
  readonly #tracks = new Map<string, Track>();
  #person = '';

  /** What follows is of this person. @returns the first stretch of the person before that somebody else has, too */
  begin(person: string): SharedStretch | null {
    const found = this.end();
    this.#person = person;
    return found;
  }

  add(chunk: Chunk): void {
    const { info } = chunk;
    if (info.sfreq <= 0 || info.type === 'Annotation') return;
    for (let c = 0; c < Math.min(MAX_CHANNELS, info.channels.length); c++) {
      const key = `${info.id} ${c}`;
      let track = this.#tracks.get(key);
      if (!track) {
        track = new Track(info, info.channels[c].label || `#${c + 1}`);
        this.#tracks.set(key, track);
      }
      track.add(channelOf(chunk, c), chunk.times);
    }
  }

  /** Ends a recording, whose streams' ids mean nothing in the next one. */
  end(): SharedStretch | null {
    let found: SharedStretch | null = null;
    for (const track of this.#tracks.values())
      for (const [digest, at] of track.stretches()) {
        const other = this.#known.get(digest);
        if (other === undefined) this.#known.set(digest, this.#person);
        else if (other !== this.#person)
          found ??= {
            people: [other, this.#person],
            stream: track.info.name,
            channel: track.channel,
            at,
          };
      }
    this.#tracks.clear();
    return found;
  }
}

/** One channel of one recording, as bits. */
class Track {
  #bits = new Uint32Array(1 << 12);
  #length = 0;
  readonly #marks: { readonly index: number; readonly time: Seconds }[] = [];

  constructor(
    readonly info: StreamInfo,
    readonly channel: string,
  ) {}

  add(values: Float64Array, times: Float64Array): void {
    this.#marks.push({ index: this.#length, time: times[0] });
    while (this.#length + values.length > this.#bits.length) {
      const larger = new Uint32Array(2 * this.#bits.length);
      larger.set(this.#bits);
      this.#bits = larger;
    }
    this.#bits.set(new Uint32Array(Float32Array.from(values).buffer), this.#length);
    this.#length += values.length;
  }

  /** Digest and stamp of each chosen half stretch. */
  *stretches(): Iterable<readonly [digest: string, at: Seconds]> {
    const bits = this.#bits.subarray(0, this.#length);
    const half = Math.max(MIN_SAMPLES, Math.round((SHARED_S / 2) * this.info.sfreq));
    const sums = new RollingHashes(bits);
    let last = -1;
    for (const place of leastPlaces(sums, bits.length, half)) {
      if (place === last || place + half > bits.length) continue;
      last = place;
      if (changes(bits, place, half) >= MIN_CHANGES * half)
        yield [sums.digest(place, half), this.#timeOf(place)];
    }
  }

  #timeOf(index: number): Seconds {
    let low = 0;
    let high = this.#marks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#marks[middle].index <= index) low = middle;
      else high = middle - 1;
    }
    const { index: first, time } = this.#marks[low];
    return time + (index - first) / this.info.sfreq;
  }
}

const BASES = [0x01000193, 0x85ebca6b] as const;

/** Polynomial hashes of any stretch, from sums over all samples before a place. */
class RollingHashes {
  readonly #sums: readonly Uint32Array[];

  constructor(bits: Uint32Array) {
    this.#sums = BASES.map((base) => {
      const sums = new Uint32Array(bits.length + 1);
      for (let i = 0; i < bits.length; i++) sums[i + 1] = Math.imul(sums[i], base) + mixed(bits[i]);
      return sums;
    });
  }

  /** 32 bits of `length` samples from `from`. */
  hash(from: number, length: number, which = 0): number {
    const sums = this.#sums[which];
    return (sums[from + length] - Math.imul(sums[from], power(BASES[which], length))) >>> 0;
  }

  digest(from: number, length: number): string {
    return `${length} ${this.hash(from, length)} ${this.hash(from, length, 1)}`;
  }
}

/** All 32 bits of a sample into all 32 bits (the finaliser of MurmurHash3). */
function mixed(bits: number): number {
  let h = bits;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const powers = new Map<string, number>();

/** `base` to the power of `exponent`, modulo 2^32. */
function power(base: number, exponent: number): number {
  const key = `${base} ${exponent}`;
  const known = powers.get(key);
  if (known !== undefined) return known;
  let [result, factor] = [1, base];
  for (let rest = exponent; rest > 0; rest >>>= 1) {
    if (rest & 1) result = Math.imul(result, factor);
    factor = Math.imul(factor, factor);
  }
  powers.set(key, result);
  return result;
}

/** For every run of `width` places the one of the least hash, the last of equals. */
function* leastPlaces(hashes: RollingHashes, length: number, width: number): Iterable<number> {
  const places = length - GRAM + 1;
  // A queue of places whose hashes rise: its head is the least of the run.
  const queue: { readonly place: number; readonly hash: number }[] = [];
  let head = 0;
  for (let place = 0; place < places; place++) {
    const hash = mixed(hashes.hash(place, GRAM));
    while (queue.length > head && queue[queue.length - 1].hash >= hash) queue.pop();
    queue.push({ place, hash });
    if (queue[head].place <= place - width) head++;
    if (place >= width - 1) yield queue[head].place;
  }
}

function changes(bits: Uint32Array, from: number, length: number): number {
  let count = 0;
  for (let i = from + 1; i < from + length; i++) if (bits[i] !== bits[i - 1]) count++;
  return count;
}
