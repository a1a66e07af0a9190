import type { Engine } from './engine.js';

const INSIDE = 0;
const CLOSED = 1;

/** Longest that {@link NativeGate.close} waits for a call to come out, ms: a batch of the largest model, or its loading. */
const LONGEST_CALL_MS = 5000;

/**
 * Between a native engine in a worker thread and a process that ends. Node stops the thread's JavaScript when the process
 * exits; a native call that returns to that aborts the whole process, whatever exit code was meant. So calls pass this gate:
 * once it is closed none begins, and whoever closes it waits for the one that is inside.
 */
export class NativeGate {
  readonly #state: Int32Array;

  /** Both threads make theirs over the same memory. */
  constructor(readonly memory: SharedArrayBuffer = new SharedArrayBuffer(8)) {
    this.#state = new Int32Array(memory);
  }

  /** In the thread: runs `call`, unless the gate is closed; then this never resolves. */
  async pass<T>(call: () => Promise<T>): Promise<T> {
    Atomics.store(this.#state, INSIDE, 1);
    if (Atomics.load(this.#state, CLOSED) === 1) {
      this.#leave();
      return new Promise(() => {});
    }
    try {
      return await call();
    } finally {
      this.#leave();
    }
  }

  /** In the main thread: no call begins after this, and none is inside when it returns. */
  close(): void {
    Atomics.store(this.#state, CLOSED, 1);
    Atomics.wait(this.#state, INSIDE, 1, LONGEST_CALL_MS);
  }

  #leave(): void {
    Atomics.store(this.#state, INSIDE, 0);
    Atomics.notify(this.#state, INSIDE);
  }
}

const gates = new Set<NativeGate>();
const closeAll = (): void => {
  for (const gate of gates) gate.close();
};

/** A gate that is closed before this process exits, in whatever way; {@link forgetGate} once its thread has ended. */
export function gateUntilExit(): NativeGate {
  if (gates.size === 0) process.on('exit', closeAll);
  const gate = new NativeGate();
  gates.add(gate);
  return gate;
}

export function forgetGate(gate: NativeGate): void {
  gates.delete(gate);
  if (gates.size === 0) process.off('exit', closeAll);
}

/** `engine`, whose every call passes `gate`. */
export function gated(engine: Engine, gate: NativeGate): Engine {
  return {
    ...engine,
    load: async (model) => {
      const executable = await gate.pass(() => engine.load(model));
      return {
        run: (batch) => gate.pass(() => executable.run(batch)),
        dispose: () => gate.pass(() => executable.dispose()),
      };
    },
  };
}
