import type { Seconds } from '../../../core/clock.js';
import { InputError } from '../../../core/errors.js';
import type { StreamInfo, StreamMessage } from '../../../core/signal.js';
import { tableOf } from '../../../core/table.js';
import { type CanonicalStream, canonicalStream } from '../../../signal/dialects/canonical-stream.js';
import { onGrid } from '../../../signal/timebase/session-time.js';
import { ChunkBuilder } from '../chunk-builder.js';
import { decodeText } from '../files/decode-text.js';
import { RandomAccessFile } from '../files/random-access-file.js';
import { readLines } from '../files/read-lines.js';
import { stemOf } from '../files/stem.js';
import { GapFinder } from '../gap-finder.js';
import { type DataMessage, mergeStreams } from '../merge.js';
import { ProblemCounts } from '../problem-counts.js';
import { estimateRate } from '../rate-estimate.js';
import type { ReadOptions, RecordedStream, Recording, RecordingFormat } from '../recording.js';
import { StreamSurvey } from '../stream-survey.js';
import {
  type DeviceEventKind,
  deviceEventStartText,
  deviceEventText,
  type Eye,
} from '../tables/device-event.js';
import { markerStream } from '../tables/table-recording.js';

/**
 * EyeLink ASC, as edf2asc writes it (EyeLink 1000 User Manual, 4.9): samples of one or two eyes, in blocks with pauses
 * between them, fixations, saccades and blinks as the tracker found them, and messages. Files that hold only the samples
 * or only the events are read too.
 */
export const eyeLink: RecordingFormat = {
  name: 'EyeLink ASC',
  recognise(path, head) {
    if (!head) return 0;
    const lines = Buffer.from(head).toString('latin1').split(/\r?\n/);
    if (lines.some((line) => line.startsWith('**') && /EYELINK|\.edf\b/i.test(line))) return 2;
    if (lines.some((line) => /^(START|SAMPLES|EVENTS)\s.*\b(LEFT|RIGHT)\b/.test(line))) return 2;
    const whole = lines.slice(0, -1);
    const isAsc = /\.asc$/i.test(path);
    if (whole.length > 0 && whole.every((line) => sampleLine.test(line) && (isAsc || warnings.test(line))))
      return 2;
    return isAsc ? 1 : 0;
  },
  async open(path) {
    const file = new RandomAccessFile(path);
    try {
      return new EyeLinkRecording(file);
    } catch (error) {
      file.close();
      throw error;
    }
  },
};

/** Time, then at least one eye's x, y and pupil. */
const sampleLine = /^\d+(\.\d+)?(\s+(\.|-?\d+(\.\d+)?)){3,}(\s+[.A-Z]+)?\s*$/;
/** Warnings about the corneal reflection behind the numbers: three characters for one eye, five for two. */
const warnings = /\s([.IMACRNFTBL]{3}|[.IMACRNFTBL]{5})(\s|$)/;

/** What a block's lines hold. */
interface Block {
  readonly eyes: readonly Eye[];
  /** Where one eye's name isn't told, its channels have none in their labels. */
  readonly isEyeKnown: boolean;
  /** `GAZE` in pixels of the display, `HREF` angles in the head's frame, `PUPIL` raw camera positions. */
  readonly position: string;
  /** `AREA`, `DIAMETER`, or '' where it isn't told. */
  readonly pupil: string;
  /** Hz; null where it isn't told. */
  readonly rate: number | null;
}

interface Sample {
  readonly time: Seconds;
  readonly block: Block;
  readonly words: readonly string[];
}

interface Text {
  readonly time: Seconds;
  readonly value: string;
}

interface TextStream {
  readonly info: StreamInfo;
  readonly texts: Text[];
}

interface Channel {
  readonly label: string;
  readonly unit: string;
  readonly type: string;
  readonly eye: Eye;
  readonly of: 'x' | 'y' | 'pupil';
}

const eyes = ['left', 'right'] as const;
/** Rows from which a rate is estimated that no line tells. */
const RATE_SAMPLES = 50_000;
const positionUnits = tableOf({ GAZE: 'px', HREF: 'href', PUPIL: 'raw' });
const kinds: Readonly<Record<string, DeviceEventKind>> = { FIX: 'fixation', SACC: 'saccade', BLINK: 'blink' };

class EyeLinkRecording implements Recording {
  readonly format = 'EyeLink ASC';
  readonly path: string;
  readonly stem: string;
  readonly streams: readonly RecordedStream[];
  readonly zero_unix_s = null;
  readonly problems: readonly string[];
  readonly #file: RandomAccessFile;
  readonly #canonical: CanonicalStream | null;
  readonly #channels: readonly Channel[];
  /** What the first block tells: blocks of another kind aren't mixed in. */
  readonly #first: Block | null;
  readonly #texts: readonly TextStream[];

  constructor(file: RandomAccessFile) {
    this.#file = file;
    this.path = file.path;
    this.stem = stemOf(file.path);
    const problems = new ProblemCounts();
    const events: TextStream = { info: markerStream(`${this.stem}/events`, 'EyeLink', 'event'), texts: [] };
    const messages: TextStream = {
      info: markerStream(`${this.stem}/messages`, 'EyeLink', 'message'),
      texts: [],
    };
    const stamps: Seconds[] = [];
    const blocks = new Set<Block>();
    for (const { time, block } of this.#samples(problems, events.texts, messages.texts)) {
      blocks.add(block);
      if (stamps.length < RATE_SAMPLES) stamps.push(time);
    }
    this.#first = [...blocks][0] ?? null;
    const told = [...new Set([...blocks].flatMap(({ rate }) => (rate === null ? [] : [rate])))];
    if (told.length > 1)
      problems.count(`rates (${told.join(', ')} Hz): its blocks differ; the stream is irregular`);
    if (this.#first && !this.#first.isEyeKnown && this.#first.pupil === '')
      problems.count('eye that no line names');
    if ([...blocks].some((block) => !this.#isKindred(block)))
      problems.count('kinds of position or pupil beside that of the first block; masked');
    const sfreq = told.length > 1 ? 0 : (told[0] ?? estimateRate(stamps));
    this.#channels = channelsOf([...blocks], this.#first);
    this.#canonical = this.#first
      ? canonicalStream({
          id: `${this.stem}/gaze`,
          name: 'EyeLink',
          type: 'Gaze',
          sourceId: '',
          sfreq,
          channels: this.#channels,
        })
      : null;
    this.#texts = [events, messages].filter(({ texts }) => texts.length > 0);
    for (const { texts } of this.#texts) texts.sort((a, b) => a.time - b.time);
    this.streams = this.#survey();
    this.problems = problems.lines();
    if (this.streams.length === 0)
      throw new InputError(
        'recording-empty',
        `${file.path}: no readable sample or event in it; convert it again`,
      );
  }

  async *messages(options: ReadOptions): AsyncGenerator<StreamMessage> {
    this.#canonical?.notes.forEach(options.events);
    const cursors: Iterator<DataMessage>[] = this.#canonical
      ? [this.#chunks(this.#canonical, options.chunk)]
      : [];
    yield* mergeStreams(
      this.streams.map(({ info }) => info),
      [...cursors, ...this.#texts.map(messagesOf)],
    );
  }

  async close(): Promise<void> {
    this.#file.close();
  }

  #isKindred({ position, pupil }: Block): boolean {
    return position === this.#first?.position && pupil === this.#first.pupil;
  }

  #survey(): RecordedStream[] {
    const texts = this.#texts.map(({ info, texts: all }) => {
      const survey = new StreamSurvey();
      for (const { time } of all) survey.add(time);
      return survey.result(info);
    });
    if (!this.#canonical) return texts;
    const survey = new StreamSurvey();
    const breaks = new GapFinder(this.#canonical.info.sfreq);
    for (const { time } of this.#samples()) survey.add(time, breaks.isGap(time) ? 'gap' : 'none');
    return [survey.result(this.#canonical.info), ...texts];
  }

  *#chunks({ info, scale, offset }: CanonicalStream, chunk: number | null): Generator<DataMessage> {
    const builder = new ChunkBuilder(info, chunk);
    const breaks = new GapFinder(info.sfreq);
    for (const { time, block, words } of this.#samples()) {
      const done = builder.begin(time, breaks.isGap(time));
      if (done) yield { kind: 'chunk', chunk: done };
      const isKindred = this.#isKindred(block);
      for (const [c, { eye, of }] of this.#channels.entries()) {
        const at = block.eyes.indexOf(eye);
        const value = isKindred && at >= 0 ? eyeValue(words, 1 + 3 * at, of) : Number.NaN;
        builder.set(c, value * scale[c] + offset[c]);
      }
    }
    const rest = builder.end();
    if (rest) yield { kind: 'chunk', chunk: rest };
  }

  /** The samples in order; their first pass also collects what else the lines tell. */
  *#samples(problems?: ProblemCounts, events?: Text[], messages?: Text[]): Generator<Sample> {
    const header = new BlockHeader();
    const written = new WholeMilliseconds();
    let last = Number.NEGATIVE_INFINITY;
    for (const { line, isCut } of this.#lines()) {
      if (/^\d/.test(line)) {
        const words = line.trim().split(/\s+/);
        // Of a line that was cut only the warnings at its end may be missing.
        if (isCut && !warnings.test(line)) {
          problems?.count('last line that was cut; left out');
          continue;
        }
        const block = header.blockOf(words);
        const time = onGrid(written.next(Number(words[0]) / 1000, block?.rate ?? 0));
        if (Number.isNaN(time) || block === null || words.length < 1 + 3 * block.eyes.length)
          problems?.count('lines that are no whole sample; left out');
        else if (time < last) problems?.count('samples whose time runs backwards; left out');
        else {
          last = time;
          yield { time, block, words };
        }
      } else if (!isCut) {
        header.add(line);
        if (problems && events && messages) addText(line, problems, events, messages);
      }
    }
  }

  *#lines(): Generator<{ line: string; isCut: boolean }> {
    const lines = readLines(this.#file);
    let next = lines.next();
    for (; !next.done; next = lines.next()) yield { line: next.value, isCut: false };
    if (next.value !== '') yield { line: next.value, isCut: true };
  }
}

/** Stamps of whole milliseconds, which stand twice at 2000 Hz: the second sample is taken half a millisecond after the first. */
class WholeMilliseconds {
  #stamp: Seconds = Number.NaN;
  #repeated = 0;

  /** `stamp` as written, s; `rate`: Hz, 0 where it isn't told. */
  next(stamp: Seconds, rate: number): Seconds {
    this.#repeated = stamp === this.#stamp ? this.#repeated + 1 : 0;
    this.#stamp = stamp;
    const after_s = rate > 0 ? this.#repeated / rate : 0;
    return after_s < 1e-3 ? stamp + after_s : stamp;
  }
}

/** Follows the lines that tell what the samples of a block hold. */
class BlockHeader {
  #eyes: readonly Eye[] = [];
  #position = 'GAZE';
  #pupil = '';
  #rate: number | null = null;
  #block: Block | null = null;

  add(line: string): void {
    const words = line.trim().split(/\s+/);
    const [keyword] = words;
    if (keyword === 'START') this.#setEyes(words);
    else if (keyword === 'PUPIL') this.#pupil = words[1] ?? '';
    else if (keyword === 'SAMPLES') {
      this.#position = words[1] ?? 'GAZE';
      this.#setEyes(words);
      this.#setRate(words[words.indexOf('RATE') + 1]);
    } else if (keyword === 'MSG' && words[2] === 'RECCFG') this.#setRate(words[4]);
    else return;
    this.#block = null;
  }

  /** The block that a sample of `words` is in; without a header its own look tells the number of eyes. */
  blockOf(words: readonly string[]): Block | null {
    if (this.#block) return this.#block;
    const isEyeKnown = this.#eyes.length > 0;
    const values = words.slice(1).filter((word) => word === '.' || !/^[.A-Z]+$/.test(word)).length;
    if (!isEyeKnown && values < 3) return null;
    const warning = words.find((word) => /^[.A-Z]{3,5}$/.test(word));
    const isBinocular = warning ? warning.length === 5 : values >= 6;
    this.#block = {
      eyes: isEyeKnown ? this.#eyes : isBinocular ? eyes : ['left'],
      isEyeKnown: isEyeKnown || isBinocular,
      position: this.#position,
      pupil: this.#pupil,
      rate: this.#rate,
    };
    return this.#block;
  }

  #setEyes(words: readonly string[]): void {
    this.#eyes = eyes.filter((eye) => words.includes(eye.toUpperCase()));
  }

  #setRate(word: string | undefined): void {
    const rate = Number(word);
    if (rate > 0 && Number.isFinite(rate)) this.#rate = rate;
  }
}

function channelsOf(blocks: readonly Block[], first: Block | null): Channel[] {
  if (!first) return [];
  const seen = eyes.filter((eye) => blocks.some((block) => block.eyes.includes(eye)));
  const unit = positionUnits.get(first.position) ?? '';
  return seen.flatMap((eye) => {
    const prefix = first.isEyeKnown ? `${eye}_` : '';
    const pupil = first.pupil === '' ? 'pupil' : `pupil_${first.pupil.toLowerCase()}`;
    return [
      { label: `${prefix}x`, unit, type: 'gaze', eye, of: 'x' },
      { label: `${prefix}y`, unit, type: 'gaze', eye, of: 'y' },
      // Area and diameter are in units of the tracker's camera.
      { label: `${prefix}${pupil}`, unit: '', type: 'pupil', eye, of: 'pupil' },
    ] as const;
  });
}

/** A value of the eye whose words start at `at`; a lost eye has dots for its position and a pupil of 0. */
function eyeValue(words: readonly string[], at: number, of: Channel['of']): number {
  const value = Number(words[at + (of === 'x' ? 0 : of === 'y' ? 1 : 2)]);
  return of === 'pupil' && !(value > 0) ? Number.NaN : value;
}

/** What a line tells beside samples. Times are ms; an event lasts from its first sample to the end of its last. */
function addText(line: string, problems: ProblemCounts, events: Text[], messages: Text[]): void {
  const event =
    /^([SE])(FIX|SACC|BLINK)\s+([LR])\s+(\d+(?:\.\d+)?)(?:\s+(\d+(?:\.\d+)?)\s+(\d+(?:\.\d+)?))?/.exec(line);
  if (event) {
    const [, edge, name, side, onset, last, duration] = event;
    const eye = side === 'L' ? 'left' : 'right';
    const time = Number(onset) / 1000;
    if (edge === 'S') events.push({ time, value: deviceEventStartText(kinds[name], eye) });
    // The tracker writes 2^32 - 1 where it doesn't know when it began.
    else if (Number(onset) > Number(last ?? 0)) problems.count('events without an onset or an end; left out');
    else {
      const end = (Number(onset) + Number(duration)) / 1000;
      events.push({ time: end, value: deviceEventText(kinds[name], time, end, eye) });
    }
    return;
  }
  const message = /^(MSG|INPUT|BUTTON)\s+(\d+(?:\.\d+)?)/.exec(line);
  if (!message) return;
  const [whole, keyword, time] = message;
  const told = decodeText(Buffer.from(line.slice(whole.length), 'latin1')).trim();
  messages.push({
    time: Number(time) / 1000,
    value: keyword === 'MSG' ? told : `${keyword} ${told}`,
  });
}

function* messagesOf({ info, texts }: TextStream): Generator<DataMessage> {
  for (const { time, value } of texts) yield { kind: 'marker', marker: { stream: info.id, time, value } };
}
