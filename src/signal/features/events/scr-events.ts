import { type Chunk, channelOf, type StreamInfo } from '../../../core/signal.js';
import { ScrDetector, type SkinConductanceResponse } from '../../detectors/scr-detector.js';
import { channelsIn } from '../channels/channels-in.js';
import { Conductance } from '../channels/skin-conductance.js';
import { skinConductanceResponse } from '../skin/skin-conductance-response.js';

/** A slower stream has no quick changes, Hz. */
const LEAST_RATE_HZ = 2;

/** Skin conductance responses of the first channel in uS, found as `skin-conductance-response` finds them. */
export class ScrEvents {
  readonly #channel: number | undefined;
  readonly #conductance: Conductance;
  readonly #detector: ScrDetector;
  #broken = true;

  constructor(
    readonly info: StreamInfo,
    readonly emit: (response: SkinConductanceResponse) => void,
  ) {
    this.#conductance = new Conductance(info);
    this.#channel = info.sfreq >= LEAST_RATE_HZ ? channelsIn(this.#conductance.info, ['uS'])[0] : undefined;
    this.#detector = new ScrDetector(skinConductanceResponse.params.parse({}).least_us, info.sfreq);
  }

  push(chunk: Chunk): void {
    if (this.#channel === undefined) return;
    const samples = channelOf(this.#conductance.chunk(chunk), this.#channel);
    if (chunk.gapBefore) this.#broken = true;
    for (let i = 0; i < samples.length; i++) {
      if (samples[i] - samples[i] !== 0) {
        this.#broken = true;
        continue;
      }
      if (this.#broken) this.#detector.restart();
      this.#broken = false;
      const response = this.#detector.push(samples[i], chunk.times[i]);
      if (response) this.emit(response);
    }
  }
}
