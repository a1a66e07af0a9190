import { hostname } from 'node:os';
import { z } from 'zod';
import type { Clock, Seconds } from '../core/clock.js';
import type { EventSink } from '../core/event.js';
import type { Prediction } from '../core/prediction.js';
import { loadConfig } from '../lsl/config.js';
import { channelsElement } from '../lsl/declaration.js';
import type { LslContext } from '../lsl/network.js';
import { Outlet } from '../lsl/outlet.js';
import { xmlElement } from '../lsl/xml.js';
import type { OutputMessage, Sink, SinkDefinition } from './sink.js';

export interface LslSinkOptions {
  readonly clock: Clock;
  readonly events: EventSink;
  /** Wall-clock time of a session time, s since 1970. */
  readonly unixOf: (session: string, time: Seconds) => Seconds | undefined;
  /** Default: the settings of `lsl_api.cfg`, all interfaces. */
  readonly network?: Pick<LslContext, 'config' | 'interfaces'>;
}

/** Predictions that wait for their outlet to open; more are left out. */
const MAX_WAITING = 1024;

const channelNames = [
  'valence',
  'arousal',
  'valence_low',
  'valence_high',
  'arousal_low',
  'arousal_high',
] as const;

interface SessionOutlet {
  outlet: Outlet | null;
  waiting: Prediction[];
  isClosed: boolean;
}

/**
 * Predictions as an LSL stream of type `Affect`, one outlet a session, so that LabRecorder records them beside the
 * signals. Stamps are on this machine's clock; what is missing is NaN.
 */
export class LslSink implements Sink {
  readonly #options: LslSinkOptions;
  readonly #context: LslContext;
  readonly #outlets = new Map<string, SessionOutlet>();
  /** How far the wall clock is ahead of the machine's, s. */
  #unixAhead_s: number | null = null;

  /** @throws ConfigurationError `lsl-config-unusable`. */
  constructor(options: LslSinkOptions) {
    const { clock, events, network = { config: loadConfig() } } = options;
    this.#options = options;
    this.#context = { ...network, clock, events };
  }

  publish(message: OutputMessage): void {
    if (message.stream === 'sys' && message.event.code === 'session-closed') void this.#end(message.session);
    if (message.stream !== 'affect') return;
    const session = this.#outlets.get(message.session) ?? this.#begin(message);
    if (session.outlet) this.#push(session.outlet, message);
    else if (session.waiting.length < MAX_WAITING) session.waiting.push(message);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#outlets.keys()].map((session) => this.#end(session)));
  }

  #begin(first: Prediction): SessionOutlet {
    const session: SessionOutlet = { outlet: null, waiting: [], isClosed: false };
    this.#outlets.set(first.session, session);
    Outlet.create(this.#context, {
      name: 'affectd',
      type: 'Affect',
      channelCount: channelNames.length + 1,
      channelFormat: 'double64',
      nominalRate_hz: 0,
      sourceId: `affectd-${hostname()}-${first.session}`,
      description: [
        channelsElement([
          ...channelNames.map((label) => ({ label, unit: '[-1,1]', type: 'Affect' })),
          { label: 'valid', unit: 'bool', type: 'Affect' },
        ]),
        xmlElement('session', first.session),
        xmlElement('model', first.model),
        xmlElement('pipeline', first.pipeline),
        xmlElement('evidence', first.evidence),
      ],
    })
      .then((outlet) => {
        if (session.isClosed) return outlet.close();
        session.outlet = outlet;
        for (const prediction of session.waiting.splice(0)) this.#push(outlet, prediction);
      })
      .catch((error: unknown) =>
        this.#options.events({
          code: 'network-interface-failed',
          level: 'error',
          message: `LSL: can't offer predictions: ${(error as Error).message}`,
          session: first.session,
        }),
      );
    return session;
  }

  async #end(name: string): Promise<void> {
    const session = this.#outlets.get(name);
    if (!session) return;
    this.#outlets.delete(name);
    session.isClosed = true;
    await session.outlet?.close();
  }

  #push(outlet: Outlet, prediction: Prediction): void {
    const { clock, unixOf } = this.#options;
    const { session, time, valence, arousal, interval, valid } = prediction;
    const unix = unixOf(session, time);
    // Measured once: the two clocks are read one after the other, and what lies between must not jitter the stamps.
    this.#unixAhead_s ??= clock.unix() - clock.now();
    const stamp = unix === undefined ? clock.now() : unix - this.#unixAhead_s;
    const values = [
      valence,
      arousal,
      ...(interval?.valence ?? [null, null]),
      ...(interval?.arousal ?? [null, null]),
    ].map((value) => value ?? Number.NaN);
    outlet.push(Float64Array.of(...values, valid ? 1 : 0), Float64Array.of(stamp));
  }
}

export const lslSink: SinkDefinition<Record<string, never>> = {
  type: 'lsl',
  summary:
    'Offers predictions as an LSL stream named affectd, of type Affect, for LabRecorder and other receivers.',
  params: z.strictObject({}),
};
