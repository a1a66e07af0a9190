import type { Socket } from 'node:net';
import type { Seconds } from '../../core/clock.js';
import type { SampleBatch } from './channel-format.js';
import { connect } from './connect.js';
import { LslError, lslErrorOf } from './lsl-error.js';
import type { LslContext } from './network.js';
import { type LslStreamInfo, parseInfo } from './stream-info.js';
import { ByteBuffer } from './wire/byte-buffer.js';
import { formatFeedRequest, headerEnd, parseFeedResponse } from './wire/feed-header.js';
import { ArchiveDecoder } from './wire/portable-archive.js';
import { type FeedDecoder, sampleDecoder } from './wire/sample-decoder.js';
import { isTestPattern, testPattern, testPatternOffsets } from './wire/sample-encoder.js';

export interface FeedOptions {
  /** What the outlet should keep for us, s (irregular streams: hundreds of samples). */
  readonly maxBuffered_s: Seconds;
  /** Samples per transmission; 0: as the outlet likes. */
  readonly maxChunkLength: number;
  /** For the connection, and again for the outlet's answer and its test pattern, s. */
  readonly timeout_s: Seconds;
  readonly samples: (batch: SampleBatch) => void;
  /** The feed ended after it had begun; `null`: the outlet closed the connection. */
  readonly ended: (error: LslError | null) => void;
}

/** A running feed. */
export interface Feed {
  /** Nothing comes from then on. Resolves once everything is let go of. */
  close(): void | Promise<void>;
}

/**
 * Connects to an outlet and agrees on the data's form; resolves when the test pattern was right.
 * @throws LslError: why this outlet can't be used.
 */
export async function openFeed(
  context: LslContext,
  info: LslStreamInfo,
  options: FeedOptions,
): Promise<Feed> {
  const socket = await connect(context, info, options.timeout_s);
  const { maxBuffered_s, maxChunkLength } = options;
  const maxBufferLength = Math.max(1, Math.round(maxBuffered_s * (info.nominalRate_hz || 100)));
  socket.write(formatFeedRequest(info, { maxBufferLength, maxChunkLength }));
  return new Promise((resolve, reject) => {
    new FeedReader(context, info, options, socket, resolve, reject);
  });
}

class FeedReader implements Feed {
  readonly #received = new ByteBuffer();
  /** Samples of the test pattern that came. */
  #patterns = 0;
  #decoder: FeedDecoder | null = null;
  #archive: ArchiveDecoder | null = null;
  #isRunning = false;
  #isClosed = false;
  #failure: LslError | null = null;

  constructor(
    context: LslContext,
    readonly info: LslStreamInfo,
    readonly options: FeedOptions,
    readonly socket: Socket,
    readonly opened: (feed: Feed) => void,
    failed: (error: LslError) => void,
  ) {
    const late = context.clock.after(options.timeout_s, () =>
      this.#fail(new LslError('timeout', `no samples' format within ${options.timeout_s} s`)),
    );
    socket.on('data', (bytes: Buffer) => {
      try {
        this.#received.append(bytes);
        this.#read();
        if (this.#isRunning) late.cancel();
      } catch (error) {
        this.#fail(lslErrorOf(error));
      }
    });
    socket.on('close', () => {
      late.cancel();
      if (!this.#isRunning)
        failed(this.#failure ?? new LslError('connection', 'the outlet closed the connection'));
      else if (!this.#isClosed) options.ended(this.#failure);
    });
  }

  close(): void {
    this.#isClosed = true;
    this.socket.destroy();
  }

  #fail(error: LslError): void {
    this.#failure ??= error;
    this.socket.destroy();
  }

  #read(): void {
    const received = this.#received;
    if (!this.#decoder && !this.#readHeader()) return;
    const decoder = this.#decoder!;
    while (!this.#isRunning) {
      const { batch, used } = decoder.decode(received.bytes, 1);
      received.consume(used);
      if (!batch) return;
      this.#checkPattern(batch);
    }
    const { batch, used } = decoder.decode(received.bytes);
    received.consume(used);
    if (batch && !this.#isClosed) this.options.samples(batch);
  }

  /** Whether all before the samples is there. */
  #readHeader(): boolean {
    const received = this.#received;
    if (!this.#archive) {
      const header = headerEnd(received.bytes);
      if (!header) {
        // A refusal ends with its first line.
        if (/^LSL\/\d+ [^2]\d\d [^\r\n]*/.test(received.bytes.toString('latin1', 0, 64)))
          parseFeedResponse(received.bytes.toString('latin1', 0, 64), this.info);
        return false;
      }
      const response = parseFeedResponse(header.text, this.info);
      received.consume(header.used);
      if (response.dataVersion !== 100) {
        this.#decoder = sampleDecoder(this.info, response);
        return true;
      }
      this.#archive = new ArchiveDecoder(this.info);
    }
    const start = this.#archive.decodeHeader(received.bytes);
    if (!start) return false;
    if (parseInfo(start.info).uid !== this.info.uid)
      throw new LslError('not-found', 'the outlet at this address is another one by now');
    received.consume(start.used);
    this.#decoder = this.#archive;
    return true;
  }

  #checkPattern(batch: SampleBatch): void {
    const { channelFormat, channelCount } = this.info;
    const expected = testPattern(channelFormat, channelCount, testPatternOffsets[this.#patterns++]);
    if (!isTestPattern(batch, expected))
      throw new LslError('malformed', "its test samples are not the protocol's: the data would be garbled");
    if (this.#patterns < testPatternOffsets.length) return;
    this.#isRunning = true;
    this.opened(this);
  }
}
