import { createServer, type Server, type Socket } from 'node:net';
import type { Clock, Seconds, Timer } from '../../core/clock.js';
import { errorOf, owned } from '../../core/owned.js';
import { Lanes } from '../disk/lanes.js';
import { CommandRefused } from './command-refused.js';
import { changedNames, namesAtFirst, pathOf, type RecordingNames } from './recording-names.js';

/** LabRecorder's. */
export const REMOTE_CONTROL_PORT = 22_345;

/** Longest command, bytes. */
const MOST_LINE_BYTES = 4096;
/** Clients at once; an experiment has one. */
const MOST_CLIENTS = 8;
/** What may wait for a client that reads no answers, bytes. */
const MOST_UNREAD_BYTES = 1 << 16;
/** A client may be silent as long as any experiment, but not in the middle of a command, s. */
const SILENT_S: Seconds = 24 * 3600;
const HALF_S: Seconds = 30;
const LEAVES_WITHIN_S: Seconds = 1;

/** What is controlled. Both throw {@link CommandRefused} with what is told. */
export interface RemoteControlled {
  /** Begins a recording. */
  start(path: string): Promise<void>;
  /** Ends it; resolves once it is on the disk. */
  stop(): Promise<void>;
}

export interface RemoteControlOptions {
  /** 0 takes any. */
  readonly port: number;
  /** All recordings are in it. */
  readonly folder: string;
  readonly clock: Pick<Clock, 'after'>;
  readonly controlled: RemoteControlled;
  readonly tell: (line: string) => void;
}

/**
 * LabRecorder's remote control, for programs of this machine: lines of text, each answered by `OK` without an end of line, as
 * LabRecorder does, or by a line that begins with `ERROR:`. Commands are done one after another, whoever gives them.
 */
export class RemoteControl {
  readonly #options: RemoteControlOptions;
  readonly #server: Server;
  readonly #clients = new Set<Socket>();
  readonly #commands = new Lanes(1);
  #names: RecordingNames = namesAtFirst;

  /** Rejects with the system's error where the port can't be had. */
  static async listen(options: RemoteControlOptions): Promise<RemoteControl> {
    const control = new RemoteControl(options);
    await new Promise<void>((resolve, reject) => {
      control.#server.once('error', reject);
      control.#server.listen({ port: options.port, host: '127.0.0.1' }, resolve);
    });
    control.#server.on('error', ({ message }) => options.tell(`WARNING: remote control: ${message}`));
    return control;
  }

  private constructor(options: RemoteControlOptions) {
    this.#options = options;
    // Who says all that it has to say at once hears the answers.
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#welcome(socket));
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#clients) socket.destroy();
    await closed;
    // What was begun is done.
    await this.#commands.use(() => Promise.resolve());
  }

  #welcome(socket: Socket): void {
    // A client that goes away is no fault of ours.
    socket.on('error', () => {});
    if (this.#clients.size >= MOST_CLIENTS) {
      this.#dismiss(socket, `${MOST_CLIENTS} clients are connected already`);
      return;
    }
    this.#clients.add(socket);
    socket.once('close', () => this.#clients.delete(socket));
    owned(this.#serve(socket), () => socket.destroy());
  }

  async #serve(socket: Socket): Promise<void> {
    let rest: Buffer = Buffer.alloc(0);
    let silence: Timer = this.#awaitMore(socket, rest);
    try {
      for await (const bytes of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        silence.cancel();
        rest = Buffer.concat([rest, bytes]);
        for (let end = rest.indexOf('\n'); end >= 0 && end <= MOST_LINE_BYTES; end = rest.indexOf('\n')) {
          const line = rest.toString('utf8', 0, end).trim();
          rest = rest.subarray(end + 1);
          if (!(await this.#answer(socket, line))) return;
        }
        if (rest.length > MOST_LINE_BYTES) {
          this.#dismiss(socket, `a command has up to ${MOST_LINE_BYTES} bytes`);
          return;
        }
        silence = this.#awaitMore(socket, rest);
      }
      socket.end();
    } finally {
      silence.cancel();
    }
  }

  /** Tells a client why it is heard no more; what it still sends is thrown away for so long that it can read that. */
  #dismiss(socket: Socket, why: string): void {
    socket.end(`ERROR: ${why}\n`);
    socket.resume();
    const timer = this.#options.clock.after(LEAVES_WITHIN_S, () => socket.destroy());
    socket.once('close', () => timer.cancel());
  }

  #awaitMore(socket: Socket, rest: Buffer): Timer {
    return this.#options.clock.after(rest.length > 0 ? HALF_S : SILENT_S, () => socket.destroy());
  }

  /** @returns whether the client may go on. */
  async #answer(socket: Socket, line: string): Promise<boolean> {
    if (line === '') return true;
    // What a web page can make a browser send here.
    if (/^[A-Z]+ \S+ HTTP\//.test(line)) {
      this.#dismiss(socket, 'this is no web server');
      return false;
    }
    let answer = 'OK';
    try {
      await this.#commands.use(() => this.#do(line));
    } catch (error) {
      const message = errorOf(error).message.split('\n')[0];
      answer = `ERROR: ${message}\n`;
      if (!(error instanceof CommandRefused)) this.#options.tell(`WARNING: remote control: ${message}`);
    }
    if (socket.writableLength > MOST_UNREAD_BYTES) {
      socket.destroy();
      return false;
    }
    if (socket.writable) socket.write(answer);
    return true;
  }

  async #do(line: string): Promise<void> {
    const { controlled, folder } = this.#options;
    const [word, ...rest] = line.toLowerCase().split(/\s+/);
    if (word.startsWith('filename')) {
      const names = changedNames(this.#names, line.slice('filename'.length));
      // What can't be a file is told to who says it, not to who starts.
      pathOf(folder, names);
      this.#names = names;
      return;
    }
    switch ([word, ...rest].join(' ')) {
      case 'start':
        return controlled.start(pathOf(folder, this.#names));
      case 'stop':
        return controlled.stop();
      // Streams are found by themselves, and recorded as they come, if they fit what the operator selected.
      case 'update':
      case 'select all':
      case 'select none':
        return;
      default:
        throw new CommandRefused(
          'the commands are update, select all, select none, filename {option:value} ..., start and stop',
        );
    }
  }
}
