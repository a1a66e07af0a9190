import { sizeOf } from '../../networks/parameters.js';
import type { Workspace } from './workspace.js';

/** What a step spends its time on. */
export type Work =
  | 'products'
  | 'convolutions'
  | 'normalisation'
  | 'activations'
  | 'elementwise'
  | 'reductions'
  | 'layout'
  | 'dropout';

/** One call of kernels in a plan. */
export interface Call {
  readonly work: Work;
  readonly run: () => void;
}

/** Where a value lies; its reshapes lie there too. */
export interface Storage {
  readonly address: number;
  readonly size: number;
  /** Whether anything that is trained has a part in it. */
  readonly trained: boolean;
  /** Where its gradient lies; null before anything has a share in it. */
  gradient: { readonly address: number; readonly bytes: number } | null;
  /** Whether the gradient holds something by now, to which further shares are added. */
  written: boolean;
}

/** A value of a plan: shape with the batch first, and where it lies. */
export interface Value {
  readonly shape: readonly number[];
  readonly storage: Storage;
}

/** Where an operation leaves its share of a gradient. */
export interface Share {
  readonly address: number;
  /** Whether to add it to what is there. */
  readonly adding: boolean;
}

/**
 * The record of a model's forward pass: calls in order, and how each operation hands its gradient on. From it
 * {@link differentiate} makes the calls of the backward pass, all addresses known: a step then runs two lists.
 */
export class Tape {
  readonly forward: Call[] = [];
  readonly backward: Call[] = [];
  readonly #operations: { readonly output: Storage; readonly backward: () => void }[] = [];
  #direction: Call[] = this.forward;

  constructor(readonly workspace: Workspace) {}

  /** Room for a new value. */
  value(shape: readonly number[], trained: boolean): Value {
    const size = sizeOf(shape);
    const { address } = this.workspace.take(size);
    return { shape, storage: { address, size, trained, gradient: null, written: false } };
  }

  call(work: Work, run: () => void): void {
    this.#direction.push({ work, run });
  }

  /** How the gradient of `output` goes on to what it was made from; called once, after all that use `output`. */
  onBackward(output: Value, backward: () => void): void {
    if (output.storage.trained) this.#operations.push({ output: output.storage, backward });
  }

  /** The gradient of a value, in {@link onBackward} of the operation that made it. */
  gradientOf({ storage }: Value): number {
    return storage.gradient!.address;
  }

  /** Room for a share of the gradient of `value`. `whole`: every element of it is going to be written. */
  share({ storage }: Value, whole = true): Share {
    storage.gradient ??= this.workspace.borrow(storage.size);
    const { address } = storage.gradient;
    if (!storage.written && !whole)
      this.call('elementwise', () => this.workspace.fill(address, storage.size, 0));
    const adding = storage.written || !whole;
    storage.written = true;
    return { address, adding };
  }

  /** Writes the backward pass; the gradients of `outputs` are given, and begin it. */
  differentiate(outputs: readonly Value[]): void {
    this.#direction = this.backward;
    for (const output of outputs) {
      output.storage.gradient ??= this.workspace.take(output.storage.size);
      output.storage.written = true;
    }
    for (const { output, backward } of this.#operations.reverse()) {
      if (!output.gradient) continue;
      backward();
      // Those of outputs are written from outside before the backward pass begins: nothing else may lie there.
      if (!outputs.some(({ storage }) => storage === output)) this.workspace.giveBack(output.gradient);
    }
  }
}
