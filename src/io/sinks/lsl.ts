import { z } from 'zod';
import type { Clock, Seconds, Timer } from '../../core/clock.js';
import type { EventSink } from '../../core/event.js';
import { owned } from '../../core/owned.js';
import { loadConfig } from '../lsl/config.js';
import { channelsElement, simulatedElement } from '../lsl/declaration.js';
import type { LslContext } from '../lsl/network.js';
import { Outlet, OutletPorts } from '../lsl/outlet.js';
import { type XmlElement, xmlElement } from '../lsl/xml.js';
import type { Prediction } from '../protocol/output.js';
import { affectChannels, affectSample, affectSourceId } from './lsl/affect-sample.js';
import type { OutputMessage, Sink, SinkDefinition } from './sink.js';

export interface LslSinkOptions {
  /** The outlets' name: the sink's in the pipeline file. */
  readonly name: string;
  readonly clock: Clock;
  readonly events: EventSink;
  /** Stamp on this machine's clock of a session time, s; undefined where it has none. */
  readonly stampOf: (session: string, time: Seconds) => Seconds | undefined;
  /** Default: the settings of `lsl_api.cfg`, all interfaces. */
  readonly network?: Pick<LslContext, 'config' | 'interfaces'>;
}

/** Predictions that wait for their outlet to open; more are left out. */
const MAX_WAITING = 1024;
/** How long after an outlet could not be opened it is tried again, s. */
const RETRY_S: Seconds = 5;

interface Stamped {
  readonly prediction: Prediction;
  /** s on this machine's clock. */
  readonly stamp: Seconds;
}

interface SessionOutlet {
  outlet: Outlet | null;
  /** What the outlet's description says of where predictions come from. */
  origin: string;
  /** Whether the description says that predictions come from simulated streams. */
  readonly simulated: boolean;
  waiting: Stamped[];
  isClosed: boolean;
  retry: Timer | null;
}

/**
 * A model's predictions as an LSL stream of type `Affect`, one outlet a session, so that LabRecorder records them beside the
 * signals. A sample's stamp is its window's end on this machine's clock, whenever it was computed; what is missing is NaN.
 * Receivers read a description once, at the beginning: where a session's predictions begin to come from a simulated stream,
 * the outlet ends, and another one that says so takes over for the rest of the session, under a source id of its own.
 */
export class LslSink implements Sink {
  readonly #options: LslSinkOptions;
  readonly #context: LslContext;
  readonly #outlets = new Map<string, SessionOutlet>();
  /** Ports of outlets to come. */
  readonly #ports: OutletPorts[] = [];

  /** @throws ConfigurationError `lsl-config-unusable`. */
  constructor(options: LslSinkOptions) {
    const { clock, events, network = { config: loadConfig() } } = options;
    this.#options = options;
    this.#context = { ...network, clock, events };
  }

  /** Opens an outlet's ports for each session, and for one at least. @throws as {@link OutletPorts.open} does. */
  async open(sessions: number): Promise<void> {
    while (this.#ports.length < Math.max(1, sessions))
      this.#ports.push(await OutletPorts.open(this.#context));
  }

  publish(message: OutputMessage): void {
    if (message.stream !== 'affect') return;
    const { clock, stampOf } = this.#options;
    const stamped = { prediction: message, stamp: stampOf(message.session, message.time) ?? clock.now() };
    let session = this.#outlets.get(message.session);
    if (session && message.simulated && !session.simulated) {
      this.#letGo(message.session);
      session = undefined;
    }
    session ??= this.#begin(message);
    if (session.outlet) this.#push(session, session.outlet, stamped);
    else if (session.waiting.length < MAX_WAITING) session.waiting.push(stamped);
  }

  ended(session: string): void {
    this.#letGo(session);
  }

  async close(): Promise<void> {
    for (const ports of this.#ports.splice(0)) ports.close();
    await Promise.all([...this.#outlets.keys()].map((session) => this.#end(session)));
  }

  #begin(first: Prediction): SessionOutlet {
    const simulated = first.simulated ?? false;
    const session: SessionOutlet = {
      ...{ outlet: null, origin: originOf(first), simulated, waiting: [], isClosed: false, retry: null },
    };
    this.#outlets.set(first.session, session);
    owned(this.#offer(session, first), (error) => this.#tellFailed(first.session, error));
    return session;
  }

  /** Where that fails it is tried again, and again, which is told once; predictions wait meanwhile. */
  async #offer(session: SessionOutlet, first: Prediction): Promise<void> {
    const { clock, name } = this.#options;
    try {
      const outlet = await this.#open(name, session, first);
      if (session.isClosed) return await outlet.close();
      session.outlet = outlet;
      for (const stamped of session.waiting.splice(0)) this.#push(session, outlet, stamped);
    } catch (error) {
      if (session.isClosed) return;
      const isFirst = session.retry === null;
      session.retry = clock.after(RETRY_S, () => owned(this.#offer(session, first), () => {}));
      if (isFirst) throw error;
    }
  }

  #open(name: string, { simulated }: SessionOutlet, first: Prediction): Promise<Outlet> {
    const description = {
      name,
      type: 'Affect',
      channelCount: affectChannels.length,
      channelFormat: 'double64',
      nominalRate_hz: 0,
      sourceId: affectSourceId(first, simulated),
      description: describe(first, simulated),
    } as const;
    return Outlet.create(this.#context, description, {}, this.#ports.shift());
  }

  #tellFailed(session: string, { message }: Error): void {
    this.#options.events({
      code: 'network-interface-failed',
      level: 'error',
      message: `LSL: can't offer predictions: ${message}`,
      session,
    });
  }

  #letGo(session: string): void {
    owned(this.#end(session), (error) => this.#tellFailed(session, error));
  }

  async #end(name: string): Promise<void> {
    const session = this.#outlets.get(name);
    if (!session) return;
    this.#outlets.delete(name);
    session.isClosed = true;
    session.retry?.cancel();
    await session.outlet?.close();
  }

  #push(session: SessionOutlet, outlet: Outlet, { prediction, stamp }: Stamped): void {
    const origin = originOf(prediction);
    if (origin !== session.origin) outlet.redescribe(describe(prediction, session.simulated));
    session.origin = origin;
    outlet.push(affectSample(prediction), Float64Array.of(stamp));
  }
}

function originOf({ model, pipeline, evidence }: Prediction): string {
  return `${model} ${pipeline} ${evidence}`;
}

function describe(
  { session, node, model, pipeline, evidence }: Prediction,
  simulated: boolean,
): XmlElement[] {
  return [
    channelsElement(affectChannels),
    xmlElement('session', session),
    xmlElement('node', node),
    xmlElement('model', model),
    xmlElement('pipeline', pipeline),
    xmlElement('evidence', evidence),
    ...(simulated ? [simulatedElement] : []),
  ];
}

export const lslSink: SinkDefinition<Record<string, never>> = {
  type: 'lsl',
  summary:
    'Offers the predictions of one model as an LSL stream of type Affect, named as the sink, for LabRecorder and other receivers.',
  params: z.strictObject({}),
  onePredictor: true,
};
