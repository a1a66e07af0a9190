import { rename } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { ConfigurationError } from '../core/errors.js';
import type { Chunk, StreamInfo } from '../core/signal.js';
import { Feed } from '../daemon/feed.js';
import { channelsElement, simulatedElement } from '../io/lsl/declaration.js';
import { Outlet } from '../io/lsl/outlet.js';
import { DEFAULT_PORT } from '../io/server/server.js';
import { wait } from '../io/sources/pace.js';
import { type ProfileName, profileNames, type SensorName, sensorNames } from '../simulation/profile.js';
import {
  type Arrival,
  type SimulationOptions,
  simulateArrivals,
  simulatedCuts,
  simulatedStreams,
  simulateSession,
} from '../simulation/session.js';
import { type CommandFactory, examples, naturalNumber, positiveNumber } from './command.js';
import { type CommandContext, note } from './context.js';
import { lslNetwork } from './lsl-network.js';
import { createXdf, partialPath } from './output.js';

interface Options {
  readonly profile: ProfileName;
  readonly only?: SensorName[];
  readonly via?: 'lsl' | 'websocket';
  readonly out?: string;
  readonly duration?: number;
  readonly seed: number;
  readonly faults?: string;
  readonly url: string;
  readonly session: string;
}

const FILE_DURATION_S = 300;
/** Chunks of 50 ms, as headsets send. */
const LIVE_CHUNKS_PER_SECOND = 20;

/** `affectd simulate`: a virtual headset, eye tracker and peripherals, driven by a known affect trajectory. */
export const simulateCommand: CommandFactory = (context) =>
  new Command('simulate')
    .description('simulate a person wearing sensors, with known valence and arousal, to a file or a daemon')
    .addOption(new Option('--profile <name>', 'headset').choices([...profileNames]).default('epoc'))
    .option('--only <sensors>', `sensors worn, of ${sensorNames.join(', ')}`, sensors)
    .addOption(new Option('--via <transport>', 'stream live over').choices(['lsl', 'websocket']))
    .option('--out <file.xdf>', 'write an XDF recording')
    .option(
      '--duration <s>',
      `seconds; a file's default is ${FILE_DURATION_S}, a stream's is no end`,
      positiveNumber,
    )
    .option('--seed <n>', 'same seed, same person and samples', naturalNumber, 1)
    .option(
      '--faults <spec>',
      'faults to inject, as in drop:gaze@30-60,flat:EEG.F3@20-; throw@40 and slow-model@30-60=2 are asked of a daemon that obeys (affectd run --obey-faults)',
    )
    .option('--url <url>', 'daemon to stream to', `ws://127.0.0.1:${DEFAULT_PORT}`)
    .option('--session <name>', 'session to stream to', 'default')
    .addHelpText(
      'after',
      examples(
        'affectd simulate --out session.xdf --duration 120',
        'affectd simulate --via websocket --profile muse --only eeg,ppg',
        'affectd simulate --via lsl --profile epoc',
        'affectd simulate --out faulty.xdf --faults drop:gaze@30-60',
        'affectd simulate --via websocket --faults throw@40,slow-model@60-120=2',
      ),
    )
    .action(async (options: Options) => {
      if ((options.out === undefined) === (options.via === undefined)) {
        throw new ConfigurationError(
          'simulation-target',
          'say where the session goes: either --out FILE.xdf, --via websocket or --via lsl',
        );
      }
      const { profile, seed, only, faults } = options;
      const person = { profile, seed, only, faults };
      if (options.out !== undefined) {
        const duration_s = options.duration ?? FILE_DURATION_S;
        await write(context, options.out, { ...person, carrier: 'file', duration_s });
      } else {
        const duration_s = options.duration ?? Number.POSITIVE_INFINITY;
        const simulation = {
          ...{ ...person, carrier: options.via, duration_s },
          chunksPerSecond: LIVE_CHUNKS_PER_SECOND,
        };
        await (options.via === 'lsl' ? offer(context, simulation) : stream(context, options, simulation));
      }
    });

async function write(context: CommandContext, path: string, simulation: SimulationOptions): Promise<void> {
  const messages = simulateSession(simulation);
  const partial = partialPath(path);
  const writer = createXdf(partial, { format: 'float32' }, path);
  try {
    let count = 0;
    for (const message of messages) {
      // Signals are heard only between turns of the event loop.
      if (++count % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      context.signal.throwIfAborted();
      if (message.kind === 'open') writer.open(message.info);
      else if (message.kind === 'chunk') writer.write(message.chunk);
      else if (message.kind === 'marker') writer.writeMarker(message.marker);
    }
    writer.close();
    await rename(partial, path);
  } catch (error) {
    writer.discard();
    throw error;
  }
  note(
    context,
    `affectd: wrote ${path}: ${simulation.duration_s} s of a simulated person (seed ${simulation.seed})`,
  );
}

/** What an interrupted simulation may take to end its streams at the daemon, s. */
const LEAVE_WITHIN_S = 1;

/** What arrives, and where connections break (null), each at its time. */
function* happenings(
  simulation: SimulationOptions,
): Generator<{ readonly arrival_s: number; readonly message: Arrival['message'] | null }, void, undefined> {
  const cuts = [...simulatedCuts(simulation)];
  for (const arrival of simulateArrivals(simulation)) {
    while (cuts.length > 0 && cuts[0] <= arrival.arrival_s) yield { arrival_s: cuts.shift()!, message: null };
    yield arrival;
  }
}

async function stream(
  context: CommandContext,
  options: Options,
  simulation: SimulationOptions,
): Promise<void> {
  const { clock, signal } = context;
  // Without a name that outlives it: stamps begin anew with the next one, which goes on with nothing.
  const feed = new Feed({ url: options.url, session: options.session, timers: clock });
  note(
    context,
    `affectd: streams a simulated person to ${options.url}, session ${options.session}; stop with Ctrl-C`,
  );
  // A daemon that is not told keeps its streams open for its grace.
  signal.addEventListener('abort', () => clock.after(LEAVE_WITHIN_S, () => feed.abandon()), { once: true });
  const start = clock.now();
  /** Streams that end; the last ones with the connection. */
  const ending: string[] = [];
  for (const { arrival_s, message } of happenings(simulation)) {
    const wait_s = start + arrival_s - clock.now();
    await wait(clock, wait_s, signal);
    if (signal.aborted) break;
    if (message === null) {
      feed.cut();
      continue;
    }
    if (message.kind === 'close') ending.push(message.id);
    else if (message.kind === 'open') for (const id of ending.splice(0)) await feed.end(id);
    else await feed.ready();
    if (signal.aborted) break;
    feed.send(message);
  }
  await feed.close();
}

/** Offers every stream by LSL, the known trajectory too, stamped on this machine's clock. */
async function offer(context: CommandContext, simulation: SimulationOptions): Promise<void> {
  const { clock, signal } = context;
  const network = lslNetwork(context);
  const outlets = new Map<string, Outlet>();
  const ended: Promise<void>[] = [];
  try {
    for (const info of simulatedStreams(simulation))
      outlets.set(info.id, await Outlet.create(network, lslDescription(info)));
    note(context, `affectd: offers a simulated person's ${outlets.size} streams by LSL; stop with Ctrl-C`);
    const start_s = clock.now();
    for (const { arrival_s, message } of happenings({ ...simulation, start_s })) {
      await wait(clock, start_s + arrival_s - clock.now(), signal);
      if (signal.aborted) break;
      if (message === null) for (const outlet of outlets.values()) outlet.cut();
      else if (message.kind === 'open') {
        const { info } = message;
        if (!outlets.has(info.id)) outlets.set(info.id, await Outlet.create(network, lslDescription(info)));
      } else if (message.kind === 'close') {
        const outlet = outlets.get(message.id);
        outlets.delete(message.id);
        if (outlet) ended.push(outlet.close());
      } else if (message.kind === 'chunk')
        outlets.get(message.chunk.info.id)?.push(samplesOf(message.chunk), message.chunk.times);
      else if (message.kind === 'marker') {
        const { stream, time, value } = message.marker;
        outlets.get(stream)?.push([value], Float64Array.of(time));
      }
    }
  } finally {
    await Promise.all([...ended, ...[...outlets.values()].map((outlet) => outlet.close())]);
  }
}

function lslDescription({ name, type, sourceId, sfreq, channels }: StreamInfo) {
  const channelFormat = type === 'Markers' ? ('string' as const) : ('float32' as const);
  const description = [channelsElement(channels), simulatedElement];
  return {
    name,
    type,
    sourceId,
    nominalRate_hz: sfreq,
    channelCount: channels.length,
    channelFormat,
    description,
  };
}

/** [n * C] sample by sample. */
function samplesOf({ data, times, info }: Chunk): Float32Array {
  const n = times.length;
  const channels = info.channels.length;
  const values = new Float32Array(data.length);
  for (let c = 0; c < channels; c++) for (let i = 0; i < n; i++) values[i * channels + c] = data[c * n + i];
  return values;
}

function sensors(text: string): SensorName[] {
  return text.split(',').map((part) => {
    const sensor = sensorNames.find((name) => name === part.trim().toLowerCase());
    if (!sensor) throw new InvalidArgumentError(`Known sensors are ${sensorNames.join(', ')}.`);
    return sensor;
  });
}
