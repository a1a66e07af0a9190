import type { Seconds } from '../../core/clock.js';
import type { GraphOutput } from '../session/graph-output.js';
import type { Answer, FrameOutput } from '../session/predict.js';
import type { LoadedPipeline } from './run-session.js';

/** What a graph gave and nobody was told of yet. */
export interface UntoldOutput {
  output: GraphOutput;
  readonly loaded: LoadedPipeline;
  readonly since: Seconds;
  /** Whether its model is to answer before it can be told. */
  waits: boolean;
  /** Null where its model is not asked. */
  answer: Answer | null;
}

export type UntoldFrame = UntoldOutput & { output: FrameOutput };

export interface UntoldOptions {
  /** Most outputs that may wait, of whatever kind, before `held` says so; default 32,768: more than the windows that wait for a slow model make. */
  readonly mostOutputs?: number;
  /** Most frames whose lines are not told, with which it does not say so; default: any number. */
  readonly mostFrames?: number;
  /** Told that no more should come before half of the outputs are told, or a model has answered, and when that is. Default: nobody asks. */
  readonly held?: (isHeld: boolean) => void;
}

/** All that is not told yet, in order; says when that is too much. */
export class UntoldOutputs {
  readonly #queue: UntoldOutput[] = [];
  #frames = 0;
  #isHeld = false;

  constructor(readonly options: UntoldOptions) {}

  get all(): readonly UntoldOutput[] {
    return this.#queue;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  add(untold: UntoldOutput): void {
    this.#queue.push(untold);
    if (untold.output.kind === 'frame') this.#frames++;
  }

  /** Gives the first one, which there is, to be told. */
  take(): UntoldOutput {
    const first = this.#queue.shift()!;
    if (first.output.kind === 'frame') this.#frames--;
    return first;
  }

  /** Says whether more should come, if that has changed. */
  look(): void {
    const { mostOutputs = 32_768, mostFrames = Number.POSITIVE_INFINITY } = this.options;
    const { length } = this.#queue;
    const isFull = length > mostOutputs || this.#frames >= mostFrames;
    const isLow = length <= mostOutputs / 2 && this.#frames < mostFrames;
    if (this.#isHeld ? !isLow : !isFull) return;
    this.#isHeld = !this.#isHeld;
    this.options.held?.(this.#isHeld);
  }
}
