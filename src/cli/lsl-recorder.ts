import { Inlet } from '../lsl/inlet.js';
import { LslError } from '../lsl/lsl-error.js';
import type { LslContext } from '../lsl/network.js';
import { Resolver } from '../lsl/resolver.js';
import { formatInfo, type LslStreamInfo } from '../lsl/stream-info.js';
import type { ClockMeasurement } from '../lsl/time-correction.js';
import { isUnixStamp } from '../timebase/unix-stamps.js';
import type { LiveRecording } from './live-recording.js';

/** What stays when a device's outlet restarts: it goes on in the stream that its inlet has open. */
export function lslKey({
  uid,
  sourceId,
  name,
  type,
  hostname,
}: Pick<LslStreamInfo, 'uid' | 'sourceId' | 'name' | 'type' | 'hostname'>): string {
  return sourceId === '' ? uid : JSON.stringify([sourceId, name, type, hostname]);
}

/** Records every LSL stream that appears, as its sender describes and stamps it. */
export class LslRecorder {
  readonly #network: LslContext;
  readonly #recording: LiveRecording;
  readonly #tell: (line: string) => void;
  readonly #resolver: Resolver;
  readonly #inlets = new Map<string, Inlet>();
  #isClosed = false;

  constructor(network: LslContext, query: string, recording: LiveRecording, tell: (line: string) => void) {
    this.#network = network;
    this.#recording = recording;
    this.#tell = tell;
    this.#resolver = new Resolver(network, { query, appeared: (info) => void this.#record(info) });
  }

  close(): void {
    this.#isClosed = true;
    this.#resolver.close();
    for (const inlet of this.#inlets.values()) inlet.close();
  }

  async #record(info: LslStreamInfo): Promise<void> {
    const { name, type, hostname } = info;
    const key = lslKey(info);
    if (this.#inlets.has(key) || this.#recording.has(key)) return;
    let measured: ClockMeasurement | null = null;
    let isFirst = true;
    const inlet = new Inlet(this.#network, info, {
      samples: ({ times, values }, gapBefore) => {
        if (isFirst && isUnixStamp(times[0]))
          this.#tell(
            `WARNING: ${name} (${type}): its stamps count from 1970, not on the LSL clock; they are kept, and can be aligned with other streams by assumption only`,
          );
        isFirst = false;
        this.#recording.samples(key, times, gapBefore, (writer) => writer.writeSender(key, times, values));
      },
      measured: (measurement) => {
        measured = measurement;
      },
    });
    this.#inlets.set(key, inlet);
    try {
      const full = await inlet.fullInfo();
      if (this.#isClosed) return;
      const { channelFormat, channelCount, nominalRate_hz } = full;
      this.#recording.open(
        key,
        { name, type, sfreq: nominalRate_hz, text: channelFormat === 'string', via: 'lsl' },
        (writer) =>
          writer.openSender({
            ...{ id: key, header: formatInfo(full, 'full') },
            ...{ format: channelFormat, channels: channelCount },
          }),
        () => measured,
      );
      await inlet.open();
      if (this.#isClosed) return inlet.close();
      this.#tell(`+ ${name} (${type}) from ${hostname}`);
    } catch (error) {
      if (!(error instanceof LslError)) throw error;
      inlet.close();
      this.#inlets.delete(key);
      if (!this.#isClosed) this.#tell(`WARNING: ${name} (${type}) can't be recorded: ${error.message}`);
    }
  }
}
