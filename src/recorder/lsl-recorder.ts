import type { Timer } from '../core/clock.js';
import { owned } from '../core/owned.js';
import { isSimulated } from '../io/lsl/declaration.js';
import { Inlet } from '../io/lsl/inlet.js';
import { lslErrorOf } from '../io/lsl/lsl-error.js';
import type { LslContext } from '../io/lsl/network.js';
import { Resolver } from '../io/lsl/resolver.js';
import { formatInfo, type LslStreamInfo } from '../io/lsl/stream-info.js';
import type { ClockMeasurement } from '../io/lsl/time-correction.js';
import { AFFECT_SOURCE } from '../io/sinks/lsl/affect-sample.js';
import { isUnixStamp } from '../signal/timebase/unix-stamps.js';
import type { LiveRecording } from './live-recording.js';

/** Before an outlet that could not be used is tried again, s. */
const RETRY_S = 5;

/** What stays when a device's outlet restarts: it goes on in the stream that its inlet has open. */
function lslKey(info: Identity): string {
  const { uid, sourceId, name, type, hostname, channelFormat, channelCount } = info;
  if (sourceId === '') return uid;
  // Predictions are the same under whichever sink's name they are offered.
  const called = type === 'Affect' && sourceId.startsWith(AFFECT_SOURCE) ? '' : name;
  return JSON.stringify([sourceId, called, type, hostname, channelFormat, channelCount]);
}

/** Its stream in the file: what a simulator sends never goes on under a device's header, nor a device's under a simulator's. */
export function writtenKey(info: Identity, simulated: boolean): string {
  return simulated ? `${lslKey(info)} simulated` : lslKey(info);
}

type Identity = Pick<
  LslStreamInfo,
  'uid' | 'sourceId' | 'name' | 'type' | 'hostname' | 'channelFormat' | 'channelCount'
>;

/** Records every LSL stream that appears, as its sender describes and stamps it. */
export class LslRecorder {
  readonly #network: LslContext;
  readonly #recording: LiveRecording;
  readonly #tell: (line: string) => void;
  readonly #resolver: Resolver;
  readonly #inlets = new Map<string, Inlet>();
  /** Keys of streams that are in the file by our doing. */
  readonly #own = new Set<string>();
  readonly #measured = new Map<string, ClockMeasurement>();
  /** Uids of outlets that couldn't be used, and were told of. */
  readonly #refused = new Set<string>();
  readonly #retry: Timer;
  #isClosed = false;

  constructor(network: LslContext, query: string, recording: LiveRecording, tell: (line: string) => void) {
    this.#network = network;
    this.#recording = recording;
    this.#tell = tell;
    this.#resolver = new Resolver(network, { query, appeared: (info) => this.#take(info) });
    // A computer that was too busy to answer, or a firewall that was opened meanwhile, must not cost the recording.
    this.#retry = network.clock.every(RETRY_S, () => {
      for (const info of this.#resolver.streams) this.#take(info);
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#retry.cancel();
    this.#resolver.close();
    for (const inlet of this.#inlets.values()) inlet.close();
  }

  #take(info: LslStreamInfo): void {
    owned(this.#record(info), ({ message }) =>
      this.#tell(`WARNING: ${info.name} (${info.type}): fault while it was taken in: ${message}`),
    );
  }

  async #record(info: LslStreamInfo): Promise<void> {
    const { name, type, hostname } = info;
    const key = lslKey(info);
    if (this.#inlets.has(key)) return;
    let written = key;
    let isFirst = true;
    const inlet = new Inlet(this.#network, info, {
      samples: ({ times, values }, gapBefore) => {
        if (isFirst && isUnixStamp(times[0]))
          this.#tell(
            `WARNING: ${name} (${type}): its stamps count from 1970, not on the LSL clock; they are kept, and can be aligned with other streams by assumption only`,
          );
        isFirst = false;
        this.#recording.samples(written, { kind: 'sender', times, values }, gapBefore);
      },
      measured: (measurement) => this.#measured.set(written, measurement),
      ended: () => this.#inlets.delete(key),
    });
    this.#inlets.set(key, inlet);
    try {
      const full = await inlet.fullInfo();
      if (this.#isClosed) return;
      written = writtenKey(info, isSimulated(full));
      // Recorded by another way already. Its inlet stays, unopened, so that it isn't asked again.
      if (this.#recording.has(written) && !this.#own.has(written)) return;
      const { channelFormat, channelCount, nominalRate_hz } = full;
      this.#own.add(written);
      this.#recording.open(
        written,
        { name, type, sfreq: nominalRate_hz, text: channelFormat === 'string', via: 'lsl' },
        {
          kind: 'sender',
          stream: { header: formatInfo(full, 'full'), format: channelFormat, channels: channelCount },
        },
        () => this.#measured.get(written) ?? null,
      );
      await inlet.open();
      if (this.#isClosed) return inlet.close();
      this.#tell(`+ ${name} (${type}${isSimulated(full) ? ', simulated' : ''}) from ${hostname}`);
    } catch (error) {
      inlet.close();
      this.#inlets.delete(key);
      if (this.#isClosed || this.#refused.has(info.uid)) return;
      this.#refused.add(info.uid);
      this.#tell(
        `WARNING: ${name} (${type}) can't be recorded: ${lslErrorOf(error).message}; tried again from time to time`,
      );
    }
  }
}
