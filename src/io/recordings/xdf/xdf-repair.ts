import type { Seconds } from '../../../core/clock.js';
import { InputError } from '../../../core/errors.js';
import { RandomAccessFile } from '../files/random-access-file.js';
import { readVariableInteger, XDF_MAGIC } from './xdf-format.js';
import { indexXdf, type XdfStream } from './xdf-index.js';
import { XdfSampleReader } from './xdf-sample-reader.js';
import { type EncodedSamples, XdfWriter } from './xdf-writer.js';

export interface RepairedStream {
  readonly name: string;
  readonly type: string;
  /** Samples saved. */
  readonly samples: number;
  /** Samples that damaged chunks announced and that can't be read. */
  readonly lost: number;
  /** First and last stamp on the sender's clock; null without a sample. */
  readonly first: Seconds | null;
  readonly last: Seconds | null;
  /** Whether the file held the stream's footer. */
  readonly hadFooter: boolean;
}

export interface XdfRepair {
  /** Whether anything was wrong. */
  readonly needed: boolean;
  readonly streams: readonly RepairedStream[];
  /** What was wrong, one line each. */
  readonly problems: readonly string[];
}

/**
 * Writes all that can be read of an XDF file that was cut or damaged to `out`, as a whole file: headers, samples and
 * clock offsets as they stand and in their order, what is readable of a half-written chunk, and true footers.
 * @param always Write `out` even where nothing is wrong.
 * @throws InputError `recording-unreadable`, `recording-empty`; the file system's error when `out` can't be written.
 */
export function repairXdf(path: string, out: string, always = false): XdfRepair {
  const file = new RandomAccessFile(path);
  try {
    if (file.read(0, 4).toString('latin1') !== XDF_MAGIC)
      throw new InputError('recording-unreadable', `${path}: not an XDF file, it doesn't start with 'XDF:'`);
    const { fileHeader, streams, problems } = indexXdf(file);
    const surveys = streams.map((stream) => new Survey(stream));
    const pieces = surveys.flatMap((survey) => survey.pieces(file)).sort((a, b) => a.at - b.at);
    const report = {
      streams: surveys.map((survey) => survey.report()),
      problems: [
        ...problems,
        ...streams.filter(({ hasFooter }) => !hasFooter).map(({ name }) => `stream '${name}' has no footer`),
        ...surveys
          .filter(({ lost }) => lost > 0)
          .map(({ stream, lost }) => `stream '${stream.name}': ${lost} samples can't be read`),
      ],
    };
    if (report.streams.every(({ samples }) => samples === 0))
      throw new InputError('recording-empty', `${path}: no readable sample in it; nothing can be saved`);
    const needed = report.problems.length > 0;
    if (!needed && !always) return { needed, ...report };
    // Its bytes stand elsewhere than in the part that others go on from: the copy is a recording by itself.
    const header = fileHeader.replace(/<part>\d+<\/part>/, '');
    const writer = XdfWriter.create(out, header === '' ? {} : { header });
    try {
      for (const { id, stream } of surveys)
        writer.openSender({
          id,
          header: stream.header,
          format: stream.format,
          channels: stream.channels.length,
        });
      for (const piece of pieces) piece.copy(writer);
      writer.close();
    } catch (error) {
      writer.discard();
      throw error;
    }
    return { needed, ...report };
  } finally {
    file.close();
  }
}

/** A part of a stream, at its place in the file. */
interface Piece {
  readonly at: number;
  copy(writer: XdfWriter): void;
}

/** What is there of one stream. */
class Survey {
  readonly id: string;
  #samples = 0;
  #first: Seconds | null = null;
  #last: Seconds | null = null;
  lost = 0;

  constructor(readonly stream: XdfStream) {
    this.id = String(stream.streamId);
  }

  pieces(file: RandomAccessFile): Piece[] {
    const { chunkOffsets, chunkLengths, clockOffsets, clockOffsetsAt } = this.stream;
    const offsets = clockOffsets.map(
      ({ time, offset }, i): Piece => ({
        at: clockOffsetsAt[i],
        copy: (writer) => writer.writeClockOffset(this.id, time, offset),
      }),
    );
    const chunks = chunkOffsets.flatMap((at, i): Piece[] => {
      const found = this.#readable(file, at, chunkLengths[i]);
      if (!found) return [];
      const { first, last, samples, end } = found;
      return [
        {
          at,
          copy: (writer) =>
            writer.copySamples(this.id, {
              ...{ first, last, samples },
              content: chunkContent(file, at, chunkLengths[i], samples, end),
            }),
        },
      ];
    });
    return [...offsets, ...chunks];
  }

  report(): RepairedStream {
    const { name, type, hasFooter } = this.stream;
    return {
      ...{ name, type, samples: this.#samples, lost: this.lost, first: this.#first, last: this.#last },
      hadFooter: hasFooter,
    };
  }

  /** The samples of one chunk that can be read, and where they end; null where there are none. */
  #readable(
    file: RandomAccessFile,
    at: number,
    length: number,
  ): (Omit<EncodedSamples, 'content'> & { end: number }) | null {
    const reader = new XdfSampleReader(file, { ...this.stream, chunkOffsets: [at], chunkLengths: [length] });
    // Stamps that are left out follow from the sample before them, in another chunk maybe.
    reader.stamp = this.#last ?? 0;
    let samples = 0;
    let end = 0;
    let first = 0;
    while (reader.next()) {
      if (samples++ === 0) first = reader.stamp;
      end = reader.end;
    }
    const announced = readVariableInteger(viewOf(file.read(at, Math.min(length, 9))), 0, Math.min(length, 9));
    this.lost += Math.max(0, (announced?.value ?? 0) - samples);
    if (samples === 0) return null;
    this.#samples += samples;
    this.#first ??= first;
    this.#last = reader.stamp;
    return { first, last: reader.stamp, samples, end };
  }
}

/** The chunk's bytes up to the end of its readable samples, with their true number. */
function chunkContent(
  file: RandomAccessFile,
  at: number,
  length: number,
  samples: number,
  end: number,
): Uint8Array {
  const content = Buffer.from(file.read(at, length));
  const announced = readVariableInteger(viewOf(content), 0, length)!;
  if (announced.value === samples) return content;
  const head = Buffer.alloc(5);
  head.writeUInt8(4, 0);
  head.writeUInt32LE(samples, 1);
  return Buffer.concat([head, content.subarray(announced.next, end)]);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
