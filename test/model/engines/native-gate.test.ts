import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { NativeGate } from '../../../src/model/engines/native-gate.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const compiled = (file: string): string => pathToFileURL(join(root, 'dist', file)).href;

describe('a gate', () => {
  it('lets calls through, and gives what they give', async () => {
    const gate = new NativeGate();
    expect(await gate.pass(async () => 7)).toBe(7);
    await expect(gate.pass(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await gate.pass(async () => 8)).toBe(8);
  });

  it('that is closed lets no call begin', async () => {
    const gate = new NativeGate();
    expect(gate.close(0)).toBe(true);
    let calls = 0;
    void gate.pass(async () => calls++);
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).toBe(0);
  });

  it('closes once the call that is inside has come out', async () => {
    const gate = new NativeGate();
    const done = new Int32Array(new SharedArrayBuffer(4));
    // The call goes on for as long as the gate is open, and comes out a moment after.
    const program = `
      import { parentPort, workerData } from 'node:worker_threads';
      import { NativeGate } from ${JSON.stringify(compiled('model/engines/native-gate.js'))};
      const state = new Int32Array(workerData.memory);
      await new NativeGate(workerData.memory).pass(async () => {
        parentPort.postMessage('inside');
        while (Atomics.load(state, 1) === 0);
        for (let i = 0; i < 1e7; i++);
        Atomics.store(workerData.done, 0, 1);
      });
    `;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`), {
      workerData: { memory: gate.memory, done },
      execArgv: [],
    });
    await once(worker, 'message');
    expect(gate.close(0)).toBe(false);
    expect(gate.close(10_000)).toBe(true);
    expect(Atomics.load(done, 0)).toBe(1);
    await worker.terminate();
  });
});

it('a process ends as it says although a thread is inside an engine', () => {
  const from = (file: string): string => `await import(${JSON.stringify(compiled(file))})`;
  const program = `
    import { parentPort, workerData } from 'node:worker_threads';
    const { gated, NativeGate } = ${from('model/engines/native-gate.js')};
    const { createOnnxEngine } = ${from('model/engines/onnx.js')};
    const { readModel } = ${from('model/manifest.js')};
    const { encodeFrames } = ${from('model/frames.js')};
    const { emptyFrame } = ${from('pipeline/session/frame.js')};
    const loaded = await readModel(${JSON.stringify(join(root, 'models', 'demo'))});
    const { inputs } = loaded.manifest;
    const frame = inputs.map((input) => ({ ...emptyFrame(input), present: true }));
    const executable = await gated(await createOnnxEngine(), new NativeGate(workerData)).load(loaded);
    // Far longer than the main thread takes from the message to its end.
    const batch = encodeFrames(inputs, Array(32768).fill(frame));
    parentPort.postMessage('computes');
    await executable.run(batch);
  `;
  const main = `
    import { Worker } from 'node:worker_threads';
    const { silenceTelemetry } = ${from('model/engines/onnx.js')};
    const { gateUntilExit } = ${from('model/engines/native-gate.js')};
    silenceTelemetry();
    const thread = new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(program)}));
    new Worker(thread, { workerData: gateUntilExit().memory }).once('message', () => {
      for (let i = 0; i < 3e7; i++);
      process.exit(3);
    });
  `;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', main], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(3);
});
