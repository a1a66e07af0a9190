import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parse } from 'csv-parse/sync';
import type { WindowTransform } from '../../src/core/component.js';
import { featureName } from '../../src/core/features.js';
import type { ModalityFrame, ModalityInput } from '../../src/core/model.js';
import type { StreamMessage } from '../../src/core/signal.js';
import { joinRecordings } from '../../src/io/recordings/join.js';
import { openRecording } from '../../src/io/recordings/open.js';
import { wholeSession } from '../../src/learn/datasets/whole-session.js';
import { joinedInputs, sessionOutputs } from '../../src/learn/examples/discover-inputs.js';
import { loadPipeline } from '../../src/pipeline/file/load.js';
import type { ModelNode, Pipeline, TransformNode } from '../../src/pipeline/file/pipeline.js';
import { runAffectd } from '../cli/run-affectd.js';
import { collectExamples } from '../learn/fit/collect-examples.js';
import {
  type DigestedTable,
  digestTable,
  type GoldenCell,
  type GoldenRow,
  type Value,
} from './golden-digest.js';
import type { GoldenRecording } from './golden-recordings.js';

const root = join(import.meta.dirname, '..', '..');

/** Every shipped pipeline file, from the project's root. */
export function goldenPipelines(): string[] {
  const shipped = readdirSync(join(root, 'pipelines')).map((name) => join('pipelines', name));
  const ofModels = readdirSync(join(root, 'models')).map((name) => join('models', name, 'pipeline.yaml'));
  return [...shipped.filter((file) => file.endsWith('.yaml')), ...ofModels].filter((file) =>
    existsSync(join(root, file)),
  );
}

/** What `replay` tells of a session apart from what the recording itself told. */
const streams = ['affect', 'features', 'indices', 'quality'];
/** Its arithmetic doesn't depend on the processor, as ONNX Runtime's does. */
const ENGINE = 'tfjs-wasm';
/** Of a recording, what tells which features and channels each node gives. */
const BEGINNING_S = 12;

/**
 * Everything that a pipeline gives for a recording, a table each: `features` (the CSV of `affectd features`), the streams of
 * `affectd replay` where the model is shipped, and `frames`, what a model gets from the nodes that no output shows.
 */
export async function goldenOutputs(
  file: string,
  recording: GoldenRecording,
): Promise<ReadonlyMap<string, DigestedTable>> {
  const pipeline = await loadPipeline(join(root, file));
  const args = [...recording.paths, '-p', join(root, file), '--session', 'golden'];
  if (recording.paths.length > 1) args.push('--align', 'start');
  const tables = new Map([['features', csvTable(await stdoutOf('features', ...args))]]);
  if ([...pipeline.models.values()].every(({ path }) => existsSync(join(path, 'manifest.json')))) {
    const asked = ['--streams', streams.join(','), '--engine', ENGINE];
    for (const [stream, table] of lineTables(await stdoutOf('replay', ...args, ...asked)))
      tables.set(`replay ${stream}`, table);
  }
  const frames = await frameTable(pipeline, recording);
  if (frames) tables.set('frames', frames);
  return tables;
}

async function stdoutOf(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runAffectd(args);
  if (code !== 0) throw new Error(`affectd ${args.map((arg) => relative(root, arg)).join(' ')}: ${stderr}`);
  return stdout;
}

/** A cell's column is its name without the channel. */
function csvTable(bytes: string): DigestedTable {
  const [header, ...table]: string[][] = parse(bytes);
  const seen = new Map<string, number>();
  const places = header.map((name) => {
    const parts = name.split('.');
    const [source, channel, feature] = [parts[0], parts.slice(1, -1).join('.'), parts.at(-1)];
    const again = seen.get(name) ?? 0;
    seen.set(name, again + 1);
    const column = parts.length < 3 ? name : `${source}.${feature}`;
    return { column: again === 0 ? column : `${column}#${again + 1}`, channel };
  });
  const rows = table.map(
    (cells): GoldenRow => ({
      time: Number(cells[0]),
      text: cells.join(),
      cells: cells.flatMap((cell, i) =>
        i === 0 ? [] : [{ ...places[i], value: cell === '' ? null : Number(cell) }],
      ),
    }),
  );
  return digestTable(rows, { bytes });
}

function lineTables(text: string): Map<string, DigestedTable> {
  const lines = new Map<string, string[]>();
  for (const line of text.trimEnd().split('\n')) {
    const stream = /^\{"stream":"(\w+)"/.exec(line)?.[1] ?? '';
    const own = lines.get(stream);
    if (own) own.push(line);
    else lines.set(stream, [line]);
  }
  return new Map(
    [...lines].map(([stream, own]) => {
      const rows = own.map((line): GoldenRow => {
        const message = JSON.parse(line);
        const cells = [...cellsOf(message)].map((cell) => (stream === 'quality' ? byInput(cell) : cell));
        return { time: message.time ?? null, text: line, cells };
      });
      return [stream, digestTable(rows, { bytes: own.join('\n') })];
    }),
  );
}

/** All that is told of an input's quality is one column. */
function byInput({ column, channel, value }: GoldenCell): GoldenCell {
  const [inputs, name, ...path] = column.split('.');
  return inputs === 'inputs'
    ? { column: `${inputs}.${name}`, channel: [channel, ...path].join(' ').trim(), value }
    : { column, channel, value };
}

/** A line's values by their paths; what a list has of each channel stands in one column. */
function* cellsOf(value: unknown, column = '', channel = ''): Generator<GoldenCell> {
  if (Array.isArray(value)) {
    // The CSV tells features apart; here they are one column.
    if (column === 'features') yield { column, channel, value: JSON.stringify(value) };
    else if (column === 'values') for (const item of value) yield { column, channel, value: item };
    else
      for (const [i, item] of value.entries()) {
        const { label, node, channel: name, feature } = Object(item);
        if (node !== undefined) yield* cellsOf(item, `${node}.${feature}`, name);
        else if (label !== undefined) yield* cellsOf(item, column, label);
        else yield* cellsOf(item, column, String(i));
      }
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value))
      yield* cellsOf(item, column === '' ? key : `${column}.${key}`, channel);
  } else yield { column, channel, value: value as Value };
}

/**
 * What the pipeline's model gets, through the door that training takes. Where there is no model, one of the test's own reads
 * the nodes that nothing else shows; null where there are none.
 */
async function frameTable(pipeline: Pipeline, recording: GoldenRecording): Promise<DigestedTable | null> {
  const model = [...pipeline.models.values()][0] ?? readerOfHidden(pipeline);
  if (!model) return null;
  const messages = await messagesOf(recording);
  const outputs = sessionOutputs(pipeline, beginningOf(messages));
  // Of sensors that the recording lacks nothing is known.
  const served = [...model.join.inputs].filter(([, nodes]) =>
    nodes.some((node) => outputs.schemas.has(node) || outputs.windows.has(node)),
  );
  const node = { ...model, join: { ...model.join, inputs: new Map(served) } };
  const inputs = joinedInputs(pipeline, node, [outputs]);
  const reading = { ...pipeline, models: new Map([[node.name, node]]) };
  const { trials, ...session } = wholeSession('golden', messages);
  const label = { targets: { valence: 0, arousal: 0 }, class: null };
  const labelled = { ...session, trials: trials.map((trial) => ({ ...trial, label })) };
  const examples = collectExamples(reading, node, inputs, labelled, node.join.hop_s);
  return digestTable(
    examples.map(({ window, frame }) => ({
      time: window[1],
      cells: [...inputs].flatMap(([modality, input], i) => [...frameCells(modality, input, frame[i])]),
    })),
  );
}

function* frameCells(modality: string, input: ModalityInput, frame: ModalityFrame): Generator<GoldenCell> {
  const { values, mask } = frame;
  if (input.kind === 'features')
    for (const [i, descriptor] of input.features.entries())
      yield {
        column: `${modality}.${descriptor.feature}`,
        channel: featureName(descriptor),
        value: mask[i] ? values[i] : null,
      };
  else if (input.kind === 'window')
    for (const [c, channel] of input.channels.entries()) {
      const window = values.slice(c * input.length, (c + 1) * input.length);
      yield { column: modality, channel, value: mask[c] ? window : null };
    }
}

/** A model that reads the feature nodes which neither another node nor an output does. */
function readerOfHidden({ file, transforms }: Pipeline): ModelNode | null {
  const nodes = [...transforms.values()];
  const read = new Set(nodes.flatMap(({ input, beside }) => [input, ...beside]));
  const hidden = nodes.filter(
    ({ name, definition }) =>
      definition.kind === 'features' && definition.publishes === undefined && !read.has(name),
  );
  if (hidden.length === 0) return null;
  const timings = hidden.map((node) => timingOf(node, transforms));
  const each = <T>(of: (node: TransformNode, i: number) => T): Map<string, T> =>
    new Map(hidden.map((node, i) => [node.name, of(node, i)]));
  return {
    name: 'golden',
    type: 'hi-moe',
    path: file,
    line: 0,
    column: 0,
    join: {
      name: 'golden',
      inputs: each(({ name }) => [name]),
      digests: each(({ digest }) => digest),
      hops_s: each((_, i) => timings[i].hop_s),
      window_s: Math.max(...timings.map(({ window_s }) => window_s)),
      hop_s: Math.min(...timings.map(({ hop_s }) => hop_s)),
    },
  };
}

function timingOf(
  node: TransformNode,
  transforms: Pipeline['transforms'],
): { window_s: number; hop_s: number } {
  if (node.definition.kind !== 'window') return timingOf(transforms.get(node.input)!, transforms);
  return (node.definition as WindowTransform<never>).timing(node.params as never);
}

function beginningOf(messages: readonly StreamMessage[]): StreamMessage[] {
  const stampOf = (message: StreamMessage): number =>
    message.kind === 'chunk' ? message.chunk.times[0] : Number.NEGATIVE_INFINITY;
  const first = stampOf(messages.find(({ kind }) => kind === 'chunk')!);
  return messages.filter((message) => stampOf(message) < first + BEGINNING_S);
}

/** Each recording is read once for all pipelines: reading was a third of the time. */
const read = new Map<string, Promise<StreamMessage[]>>();

function messagesOf({ paths }: GoldenRecording): Promise<StreamMessage[]> {
  const key = paths.join();
  const known = read.get(key) ?? readMessages(paths);
  read.set(key, known);
  return known;
}

async function readMessages(paths: readonly string[]): Promise<StreamMessage[]> {
  const opened = await Promise.all(paths.map((path) => openRecording(path)));
  const recording = joinRecordings(opened, { alignStart: true });
  try {
    const messages: StreamMessage[] = [];
    for await (const message of recording.messages({ chunk: null, clockSync: true, events: () => {} }))
      messages.push(message);
    return messages;
  } finally {
    await recording.close();
  }
}
