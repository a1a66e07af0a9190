import type { Engine } from './engine.js';

const INSIDE = 0;
const CLOSED = 1;

/** Longest that an ending process waits for a call to come out, ms: a batch of the largest model, or its loading. */
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

  /** In the main thread: no call begins after this. @returns whether none is inside, either, for which it waits so long at most */
  close(within_ms: number): boolean {
    Atomics.store(this.#state, CLOSED, 1);
    return Atomics.wait(this.#state, INSIDE, 1, within_ms) !== 'timed-out';
  }

  /** In the main thread: no call begins after this. @returns null if none is inside, or what resolves once the one that is comes out */
  whenOut(): Promise<void> | null {
    Atomics.store(this.#state, CLOSED, 1);
    const { async, value } = Atomics.waitAsync(this.#state, INSIDE, 1);
    return async ? value.then(() => {}) : null;
  }

  #leave(): void {
    Atomics.store(this.#state, INSIDE, 0);
    Atomics.notify(this.#state, INSIDE);
  }
}

const gates = new Set<NativeGate>();
let deadline_ms = Number.POSITIVE_INFINITY;

/**
 * A thread that hangs in a native call can't be stopped, and Node waits for all of its threads: nothing ends a process that has one
 * but this signal.
 */
const closeAll = (): void => {
  const until = Math.min(performance.now() + LONGEST_CALL_MS, deadline_ms);
  const areOut = [...gates].map((gate) => gate.close(Math.max(0, until - performance.now())));
  if (areOut.includes(false)) process.kill(process.pid, 'SIGKILL');
};

/** An ending process waits for native calls for `within_ms` from now at most. */
export function hurryGates(within_ms: number): void {
  deadline_ms = performance.now() + within_ms;
}

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
