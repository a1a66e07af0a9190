import type { ModelBatch } from '../../frames.js';
import { type BoundModel, inputShape, type ModelValues } from '../../networks/definition.js';
import { type Parameters, sizeOf } from '../../networks/parameters.js';
import { type Call, type Storage, Tape, type Value } from './tape.js';
import { WasmGraph, type WasmValues } from './wasm-graph.js';
import { Workspace } from './workspace.js';

/** What a training pass asks and tells. */
export type PlanTraining = NonNullable<WasmValues['training']>;

/** One of a model's outputs: its rows of the batch, and the shape of all of them. */
export interface OutputArray {
  readonly values: Float32Array;
  readonly shape: readonly number[];
}

/** Runs one call; a benchmark's takes its time. */
export type Run = (call: Call) => void;
const plainly: Run = (call) => call.run();

/** `values`, each output turned into something else. */
export function mapValues<T, U>(values: ModelValues<T>, map: (value: T) => U): ModelValues<U> {
  const entries = Object.entries(values).map(([name, value]: [string, T | readonly T[] | null]) => [
    name,
    value === null ? null : Array.isArray(value) ? value.map(map) : map(value as T),
  ]);
  return Object.fromEntries(entries) as ModelValues<U>;
}

/**
 * A model's forward pass, and the backward pass that follows from it, as lists of kernel calls for batches of up to `capacity`
 * windows: everything is laid out once, so that a step costs what its arithmetic costs. Rows past a batch's end
 * are absent in every modality and have no share in anything.
 */
export class Plan {
  readonly #workspace = new Workspace();
  readonly #tape = new Tape(this.#workspace);
  readonly #inputs = new Map<string, Value>();
  readonly #parameters = new Map<string, Value>();
  readonly #outputs: ModelValues<Value>;
  #training: PlanTraining | null = null;
  #size = 0;
  #isOpen = false;

  constructor(
    private readonly model: BoundModel,
    readonly capacity: number,
    training: boolean,
  ) {
    const shapes = new Map(model.inputs.map((input) => [input.name, inputShape(input)]));
    shapes.set('presence', [model.inputs.length]);
    const specs = new Map(model.parameters.map((spec) => [spec.name, spec]));
    const graph = new WasmGraph(this.#tape, {
      input: (name) =>
        known(this.#inputs, name, () => this.#tape.value([capacity, ...shapes.get(name)!], false)),
      parameter: (name) =>
        known(this.#parameters, name, () => {
          const { shape, trainable } = specs.get(name)!;
          const value = this.#tape.value(shape, training && trainable);
          if (value.storage.trained) value.storage.gradient = this.#workspace.take(value.storage.size);
          return value;
        }),
      training: training
        ? {
            nextSeed: () => this.#training!.nextSeed(),
            observe: (name, mean, variance) => this.#training!.observe(name, mean, variance),
          }
        : null,
    });
    graph.input('presence');
    this.#outputs = model.forward(graph);
    if (training) this.#tape.differentiate(this.#trainedOutputs());
  }

  /** Memory that its passes need; taken with the first. */
  get bytes(): number {
    return this.#workspace.bytes;
  }

  /** The model's outputs for `batch`, copied. */
  forward(
    batch: ModelBatch,
    parameters: Parameters,
    training: PlanTraining | null,
    run: Run = plainly,
  ): ModelValues<OutputArray> {
    if (!this.#isOpen) this.#workspace.open();
    this.#isOpen = true;
    this.#training = training;
    this.#size = batch.size;
    for (const [name, { storage }] of this.#inputs) {
      const values = name === 'presence' ? batch.presence : batch.inputs.get(name)!;
      const room = this.#workspace.view(storage.address, storage.size);
      room.set(values);
      room.fill(0, values.length);
    }
    for (const [name, { storage }] of this.#parameters)
      this.#workspace.view(storage.address, storage.size).set(parameters.get(name)!);
    for (const call of this.#tape.forward) run(call);
    return mapValues(this.#outputs, (output) => ({
      values: this.#workspace.view(output.storage.address, this.#used(output)).slice(),
      shape: [this.#rows(output), ...output.shape.slice(1)],
    }));
  }

  /** The backward pass, from the gradients of the outputs that the last {@link forward} gave. */
  backward(gradients: ModelValues<Float32Array>, run: Run = plainly): void {
    const given = new Set<Storage>();
    const list = listOf(gradients);
    listOf(this.#outputs).forEach((output, i) => {
      const { storage } = output;
      if (!storage.trained) return;
      const room = this.#workspace.view(storage.gradient!.address, storage.size);
      // Two outputs may be the same value under two names.
      if (given.has(storage)) {
        for (let at = 0; at < list[i].length; at++) room[at] += list[i][at];
      } else {
        room.set(list[i]);
        room.fill(0, list[i].length);
      }
      given.add(storage);
    });
    for (const call of this.#tape.backward) run(call);
  }

  /** A trainable parameter's gradient, valid until the next pass. */
  gradient(name: string): Float32Array {
    const { storage } = this.#parameters.get(name) ?? {};
    if (storage?.written) return this.#workspace.view(storage.gradient!.address, storage.size);
    return new Float32Array(sizeOf(this.model.parameters.find((spec) => spec.name === name)!.shape));
  }

  #trainedOutputs(): Value[] {
    return listOf(this.#outputs).filter(({ storage }) => storage.trained);
  }

  #rows({ shape }: Value): number {
    return (shape[0] * this.#size) / this.capacity;
  }

  #used(output: Value): number {
    return this.#rows(output) * sizeOf(output.shape.slice(1));
  }
}

function known<V>(map: Map<string, V>, name: string, make: () => V): V {
  let value = map.get(name);
  if (value === undefined) {
    value = make();
    map.set(name, value);
  }
  return value;
}

/** All outputs, in one order. */
export function listOf<T>(values: ModelValues<T>): T[] {
  const list: T[] = [];
  mapValues(values, (value) => list.push(value));
  return list;
}
