import { type Feed, type FeedOptions, openFeed } from './feed.js';
import type { LslContext } from './network.js';
import type { LslStreamInfo } from './stream-info.js';
import { type ClockMeasurement, TimeCorrection, udpProbes } from './time-correction.js';

export interface ConnectionOptions extends FeedOptions {
  /** The outlet's clock was measured. Without this, it isn't. */
  readonly measured?: (measurement: ClockMeasurement) => void;
}

/** Connects to one outlet, for its samples and its clock. @throws LslError: why this outlet can't be used. */
export type OpenConnection = (
  context: LslContext,
  info: LslStreamInfo,
  options: ConnectionOptions,
) => Promise<Feed>;

/** A connection in TypeScript. */
export const openConnection: OpenConnection = async (context, info, options) => {
  const { measured, ended } = options;
  let correction: TimeCorrection | null = null;
  let isOpen = true;
  const stop = (): void => {
    isOpen = false;
    correction?.close();
  };
  const feed = await openFeed(context, info, {
    ...options,
    ended: (error) => {
      stop();
      ended(error);
    },
  });
  if (measured)
    udpProbes(context, info)
      .then((transport) => {
        if (!transport) return;
        if (isOpen) correction = new TimeCorrection(context, transport, measured);
        else transport.close();
      })
      // A clock that can't be measured is taken by arrival.
      .catch(() => {});
  return {
    close: () => {
      stop();
      return feed.close();
    },
  };
};
