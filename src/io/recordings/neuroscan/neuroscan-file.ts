import { InputError } from '../../../core/errors.js';
import { decodeText } from '../files/decode-text.js';
import { RandomAccessFile } from '../files/random-access-file.js';

const SETUP_BYTES = 900;
const ELECTRODE_BYTES = 75;
const BLOCK_BYTES = 1 << 20;
/** Bits of the amplifier for 1 uV at a sensitivity of 1. */
const BITS_PER_UV = 204.8;

export interface NeuroscanChannel {
  readonly label: string;
  /** uV = (stored - baseline) * gain; NaN where the header has no usable calibration. */
  readonly gain: number;
  readonly baseline: number;
}

export interface NeuroscanEvent {
  /** Index of the sample at which it happened. */
  readonly sample: number;
  /** Code on the trigger inputs; `keyboard/1`, `keypad/1` for answers. */
  readonly value: string;
}

/**
 * A continuous Neuroscan file (Scan 4, .cnt): a header of 900 bytes, 75 more for each electrode, integers of 16 or 32 bits
 * little-endian, then a table of events (http://paulbourke.net/dataformats/eeg/). The header doesn't tell the integers'
 * width: it follows from the number of samples and the place of the table of events.
 */
export class NeuroscanFile {
  readonly sfreq: number;
  readonly channels: readonly NeuroscanChannel[];
  /** Samples of each channel. */
  readonly count: number;
  readonly events: readonly NeuroscanEvent[];
  /** Start, s since 1970, the header's date taken as UTC; null where it tells none. */
  readonly start_unix_s: number | null;
  /** What was wrong with the file, one line each. */
  readonly problems: string[] = [];
  readonly #file: RandomAccessFile;
  readonly #dataStart: number;
  readonly #width: 2 | 4;
  /** Samples of a channel that follow each other before the next channel's. */
  readonly #run: number;

  /** Throws `InputError` where there is no such header. */
  constructor(readonly path: string) {
    this.#file = new RandomAccessFile(path);
    try {
      const header = Buffer.from(this.#file.read(0, SETUP_BYTES));
      if (!isNeuroscanHeader(header)) throw unreadable(path, 'its header is cut or not of a Neuroscan file');
      const electrodes = header.readUInt16LE(370);
      this.sfreq = header.readUInt16LE(376);
      this.#dataStart = SETUP_BYTES + ELECTRODE_BYTES * electrodes;
      if (this.#file.size < this.#dataStart) throw unreadable(path, 'its header is cut');
      this.channels = this.#readChannels(electrodes);
      this.start_unix_s = startOf(header);

      const told = header.readUInt32LE(864);
      const table = this.#findTable(header.readUInt32LE(886), told);
      this.#width = table.width;
      const row = electrodes * this.#width;
      const run = header.readInt32LE(894);
      this.#run = run > this.#width ? Math.floor(run / this.#width) : 1;
      const end = Math.min(this.#file.size, table.at);
      const rows = Math.max(0, Math.floor((end - this.#dataStart) / row));
      this.count = rows - (rows % this.#run);
      if (table.at > this.#file.size)
        this.problems.push(`the header tells ${told} samples, the file holds ${this.count}: it was cut`);
      this.events = table.at < this.#file.size ? this.#readEvents(table.at) : [];
    } catch (error) {
      this.#file.close();
      throw error;
    }
  }

  /** A pass over the samples: each call gives the next `n` as [C, n], uV. */
  read(): (n: number) => Float64Array {
    const channels = this.channels.length;
    const rowBytes = channels * this.#width;
    // Whole runs of all channels, so that a block starts with the first channel.
    const capacity = this.#run * Math.max(1, Math.floor(BLOCK_BYTES / (rowBytes * this.#run)));
    let block = { from: 0, n: 0, values: new Int32Array(0) as Int16Array | Int32Array };
    let at = 0;
    return (n) => {
      const data = new Float64Array(channels * n).fill(Number.NaN);
      for (let done = 0; done < n && at < this.count; ) {
        if (at < block.from || at >= block.from + block.n)
          block = this.#block(at - (at % this.#run), capacity);
        const m = Math.min(n - done, block.from + block.n - at);
        for (let i = 0; i < m; i++) {
          const place = at + i - block.from;
          const inRun = place % this.#run;
          const start = (place - inRun) * channels + inRun;
          for (let c = 0; c < channels; c++) {
            const { gain, baseline } = this.channels[c];
            data[c * n + done + i] = (block.values[start + c * this.#run] - baseline) * gain;
          }
        }
        at += m;
        done += m;
      }
      return data;
    };
  }

  close(): void {
    this.#file.close();
  }

  #block(from: number, capacity: number): { from: number; n: number; values: Int16Array | Int32Array } {
    const n = Math.min(capacity, this.count - from);
    const bytes = new Uint8Array(n * this.channels.length * this.#width);
    this.#file.readInto(bytes, this.#dataStart + from * this.channels.length * this.#width);
    return {
      from,
      n,
      values: this.#width === 2 ? new Int16Array(bytes.buffer) : new Int32Array(bytes.buffer),
    };
  }

  #readChannels(electrodes: number): NeuroscanChannel[] {
    const all = Buffer.from(this.#file.read(SETUP_BYTES, electrodes * ELECTRODE_BYTES));
    return Array.from({ length: electrodes }, (_, c) => {
      const electrode = all.subarray(c * ELECTRODE_BYTES, (c + 1) * ELECTRODE_BYTES);
      const label = textOf(electrode, 0, 10);
      const gain = (electrode.readFloatLE(59) * electrode.readFloatLE(71)) / BITS_PER_UV;
      const isCalibrated = Number.isFinite(gain) && gain !== 0;
      if (!isCalibrated) this.problems.push(`channel '${label}' has no usable calibration; masked`);
      return { label, gain: isCalibrated ? gain : Number.NaN, baseline: electrode.readInt16LE(47) };
    });
  }

  /**
   * Where the samples end and the table of events starts. Beyond 2 GiB the header's place overflowed in some versions: then
   * it is where the samples end by one of the two widths.
   */
  #findTable(told: number, samples: number): { readonly at: number; readonly width: 2 | 4 } {
    const values = samples * this.channels.length;
    const width = values > 0 ? Math.floor((told - this.#dataStart) / values) : 0;
    if (told >= this.#dataStart && (width === 2 || width === 4)) return { at: told, width };
    for (const candidate of [4, 2] as const) {
      const at = this.#dataStart + values * candidate;
      if (values > 0 && this.#isTable(at)) return { at, width: candidate };
    }
    const isThere = told >= this.#dataStart && this.#isTable(told);
    this.problems.push('the header’s number of samples fits no width; taken as 16 bits');
    return { at: isThere ? told : this.#file.size, width: 2 };
  }

  #isTable(at: number): boolean {
    const head = this.#file.read(at, TABLE_HEAD_BYTES);
    if (head.length < TABLE_HEAD_BYTES) return false;
    return head[0] in eventBytes && at + TABLE_HEAD_BYTES + head.readUInt32LE(1) <= this.#file.size;
  }

  #readEvents(at: number): NeuroscanEvent[] {
    const head = Buffer.from(this.#file.read(at, TABLE_HEAD_BYTES));
    const bytes = eventBytes[head[0]];
    if (head.length < TABLE_HEAD_BYTES || bytes === undefined) {
      this.problems.push('its table of events is of no known kind; read without events');
      return [];
    }
    const length = Math.min(head.readUInt32LE(1), this.#file.size - at - TABLE_HEAD_BYTES);
    const table = Buffer.from(this.#file.read(at + TABLE_HEAD_BYTES, length));
    const row = this.channels.length * this.#width;
    const found: NeuroscanEvent[] = [];
    let outside = 0;
    for (let place = 0; place + bytes <= table.length; place += bytes) {
      const offset = table.readUInt32LE(place + 4);
      const sample = head[0] === BY_SAMPLE ? offset : Math.floor((offset - this.#dataStart) / row);
      const value = eventText(table.readUInt16LE(place), table[place + 2], table[place + 3] & 0xf);
      if (sample >= 0 && sample < this.count) found.push({ sample, value });
      else outside++;
    }
    if (outside > 0) this.problems.push(`${outside} events lie outside the samples; left out`);
    return found.sort((a, b) => a.sample - b.sample);
  }
}

/** Bytes of an event, by kind of table. */
const eventBytes: Readonly<Record<number, number | undefined>> = { 1: 8, 2: 19, 3: 19 };
/** The kind of table whose events tell a sample's index; the others tell a place in the file. */
const BY_SAMPLE = 3;
const TABLE_HEAD_BYTES = 9;

/** Whether a file starts with the fixed part of the header. */
export function isNeuroscanHeader(head: Uint8Array): boolean {
  if (head.length < SETUP_BYTES) return false;
  const header = Buffer.from(head.buffer, head.byteOffset, SETUP_BYTES);
  return (
    /^Version \d/.test(textOf(header, 0, 12)) && header.readUInt16LE(370) > 0 && header.readUInt16LE(376) > 0
  );
}

function eventText(trigger: number, keyboard: number, keypad: number): string {
  if (trigger === 0 && keyboard > 0) return `keyboard/${keyboard}`;
  if (trigger === 0 && keypad > 0) return `keypad/${keypad}`;
  return String(trigger);
}

function textOf(bytes: Buffer, from: number, length: number): string {
  const text = bytes.subarray(from, from + length);
  const end = text.indexOf(0);
  return decodeText(end < 0 ? text : text.subarray(0, end)).trim();
}

/** `08/04/18` or, where the first number is no month, day first; taken as UTC. */
function startOf(header: Buffer): number | null {
  const date = /^(\d\d?)\D(\d\d?)\D(\d\d|\d{4})$/.exec(textOf(header, 225, 10));
  const time = /^(\d\d?):(\d\d):(\d\d)$/.exec(textOf(header, 235, 12));
  if (!date || !time) return null;
  const [first, second, year] = date.slice(1).map(Number);
  const [month, day] = first > 12 ? [second, first] : [first, second];
  const [hour, minute, s] = time.slice(1).map(Number);
  if (month < 1 || month > 12 || day < 1 || day > 31) return null;
  const whole = year >= 100 ? year : year >= 80 ? 1900 + year : 2000 + year;
  return Date.UTC(whole, month - 1, day, hour, minute, s) / 1000;
}

function unreadable(path: string, why: string): InputError {
  return new InputError('recording-unreadable', `${path}: ${why}; export it again`);
}
