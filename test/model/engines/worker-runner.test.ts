import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { VirtualClock } from '../../../src/core/clock.js';
import { ConfigurationError } from '../../../src/core/errors.js';
import type { SessionEvent } from '../../../src/core/event.js';
import type { ModelFrame, ModelOutput, ModelRunner } from '../../../src/core/model.js';
import { loadModel } from '../../../src/model/engines/worker-runner.js';
import { fullFrame, writeSmallModel } from './small-model.js';

let directory: string;
let runners: Record<'onnx' | 'tfjs-wasm', ModelRunner>;
beforeAll(async () => {
  directory = await writeSmallModel();
  runners = {
    onnx: await loadModel(directory, { engine: 'onnx' }),
    'tfjs-wasm': await loadModel(directory, { engine: 'tfjs-wasm' }),
  };
});
afterAll(async () => {
  for (const runner of Object.values(runners)) await runner.close();
});

const engines = ['onnx', 'tfjs-wasm'] as const;

/** The same frame with masked parts and absent modalities filled with `garbage`. */
function polluted(frame: ModelFrame, garbage: number): ModelFrame {
  return frame.map(({ values, mask, present }) => {
    const span = values.length / mask.length;
    return {
      values: values.map((v, i) => (present && mask[Math.floor(i / span)] === 1 ? v : garbage)),
      mask: present ? mask : mask.map(() => 1),
      present,
    };
  });
}

describe.each(engines)('a model on %s', (engine) => {
  it('says what it is', () => {
    const runner = runners[engine];
    expect(runner).toMatchObject({ name: 'small', type: 'hi-moe', engine });
    expect(runner.worth).toMatchObject({ evidence: 'simulated', broken: null, scope: null });
    expect([...runner.inputs.keys()]).toEqual(['eeg', 'eye', 'eda']);
    expect(runner.validity).toEqual({ min_present: 1, required: [] });
  });

  it('gives an interval by the set of modalities that are present, and by how hard the moment is', async () => {
    const with_ = (...present: number[]): ModelFrame =>
      fullFrame().map((modality, m) => ({ ...modality, present: present.includes(m) }));
    const [all, two, other, eyes, skin] = await runners[engine].predict([
      with_(0, 1, 2),
      with_(0, 1),
      with_(0, 2),
      with_(1),
      with_(2),
    ]);
    const grown = ({ valence }: ModelOutput): number => Math.exp(0.5 * Math.min(1, Math.abs(valence!)) ** 2);
    const expectAround = (bounds: readonly [number, number] | null, value: number, half: number): void => {
      const told = Math.max(-1, Math.min(1, value));
      expect(bounds![0]).toBeCloseTo(Math.max(-1, told - half), 6);
      expect(bounds![1]).toBeCloseTo(Math.min(1, told + half), 6);
    };
    expectAround(all.interval!.valence, all.valence!, 0.4 * grown(all) * 0.5);
    expectAround(two.interval!.valence, two.valence!, 0.5 * grown(two) * 0.5);
    expectAround(other.interval!.valence, other.valence!, 0.4 * grown(other));
    for (const [output, half] of [
      [all, 0.7],
      [two, 0.8],
      [other, 0.9],
      [eyes, 0.9],
    ] as const)
      expectAround(output.interval!.arousal, output.arousal!, half);
    // Too few people for valence by the eyes alone; nothing at all of the skin alone.
    expect(eyes.interval).toMatchObject({ level: 0.9, valence: null });
    expect(skin.interval).toBeNull();
    expect(all.abstained).toBeUndefined();
    expect(two.weights[2]).toBe(0);
    expect(two.weights[0] + two.weights[1]).toBeCloseTo(1, 6);
  });

  it('gives the same bits whatever is asked together', async () => {
    const frames = Array.from({ length: 20 }, (_, i) => fullFrame(i + 1));
    const together = await runners[engine].predict(frames);
    const alone = (await Promise.all(frames.map((frame) => runners[engine].predict([frame])))).flat();
    expect(alone).toEqual(together);
  });

  it('does not see what stands under a mask, to the last bit', async () => {
    const garbage = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1e38, 1e-40, 12345.678);
    const masks = fc.tuple(
      fc.array(fc.constantFrom(0, 1), { minLength: 5, maxLength: 5 }),
      fc.array(fc.constantFrom(0, 1), { minLength: 3, maxLength: 3 }),
      fc.array(fc.constantFrom(0, 1), { minLength: 2, maxLength: 2 }),
      fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
    );
    await fc.assert(
      fc.asyncProperty(garbage, masks, fc.nat(1000), async (value, [a, b, c, present], seed) => {
        const frame = fullFrame(seed).map(({ values }, m) => ({
          values,
          mask: Uint8Array.from([a, b, c][m]),
          present: present[m],
        }));
        const [clean, dirty] = await runners[engine].predict([polluted(frame, 0), polluted(frame, value)]);
        expect(dirty).toEqual(clean);
      }),
      { numRuns: 60, seed: 5 },
    );
  });

  it('explains by what masking each modality changes, and predicts the same bits while it does', async () => {
    const runner = runners[engine];
    const absences = [[], [1], [0, 2]];
    const frames = absences.map((gone, i) =>
      fullFrame(i + 1).map((modality, m) => ({ ...modality, present: !gone.includes(m) })),
    );
    // Nothing measured under it: absent to the model, whatever the frame says.
    frames.push(fullFrame(9).map((own, m) => (m === 1 ? { ...own, mask: own.mask.map(() => 0) } : own)));
    const explained = await runner.predict(frames, true);
    const plain = await runner.predict(frames);
    expect(explained.map(({ contribution: _, ...rest }) => rest)).toEqual(plain);
    const names = [...runner.inputs.keys()];
    const clipped = (value: number | null): number => Math.max(-1, Math.min(1, value!));
    for (const [i, frame] of frames.entries()) {
      const present = frame.flatMap(({ present, mask }, m) => (present && mask.includes(1) ? [m] : []));
      const { contribution } = explained[i];
      expect(Object.keys(contribution!)).toEqual(present.map((m) => names[m]));
      for (const m of present) {
        const [masked] = await runner.predict([
          frame.map((own, other) => (other === m ? { ...own, present: false } : own)),
        ]);
        for (const dimension of ['valence', 'arousal'] as const) {
          const change = clipped(plain[i][dimension]) - clipped(masked[dimension]);
          expect(Math.abs(contribution![names[m]][dimension] - change)).toBeLessThan(1e-5);
        }
      }
    }
    const changes = explained.flatMap(({ contribution }) =>
      Object.values(contribution!).flatMap((own) => Object.values(own)),
    );
    expect(changes.filter((change) => Math.abs(change) > 1e-3).length).toBeGreaterThan(changes.length / 2);
  });

  it('feels a single masked feature', async () => {
    const [eeg, eye, eda] = fullFrame();
    const less = { ...eeg, mask: Uint8Array.of(1, 1, 1, 1, 0) };
    const [all, fewer] = await runners[engine].predict([
      [eeg, eye, eda],
      [less, eye, eda],
    ]);
    expect(fewer.valence).not.toBe(all.valence);
  });
});

describe('engines', () => {
  it('agree to 1e-5', async () => {
    const frames = Array.from({ length: 10 }, (_, i) => fullFrame(i + 1));
    const [onnx, wasm] = await Promise.all(engines.map((engine) => runners[engine].predict(frames)));
    onnx.forEach((output, i) => {
      expect(Math.abs(output.valence! - wasm[i].valence!)).toBeLessThan(1e-5);
      expect(Math.abs(output.arousal! - wasm[i].arousal!)).toBeLessThan(1e-5);
    });
  });
});

/** A worker that answers, and does to a frame what its first value asks for. */
const odd = `
import { BroadcastChannel, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
const gate = new Int32Array(workerData.gate);
/** As a native call that comes out when it is told to, and sees nothing else. */
function call() {
  Atomics.store(gate, 0, 1);
  const told = new BroadcastChannel('come out');
  new BroadcastChannel('inside').postMessage('');
  while (!receiveMessageOnPort(told)) Atomics.wait(gate, 0, 1, 5);
  Atomics.store(gate, 0, 0);
  Atomics.notify(gate, 0);
}
parentPort.on('message', ({ id, frames, stop }) => {
  if (stop) return parentPort.close();
  const [first] = frames.values;
  if (first === 13) process.exit(1);
  if (first === 14) for (;;);
  if (first === 15) call();
  const valence = first === 16 ? NaN : 0.5;
  parentPort.postMessage({ kind: 'outputs', id, outputs: Array.from(frames.present, () => ({ valence })) });
});
parentPort.postMessage({ kind: 'ready', engine: 'onnx', detail: 'pretended', unavailable: [] });
`;
const asks = (value: number): ModelFrame => [
  { values: Float32Array.of(value), mask: Uint8Array.of(1), present: true },
];
const [fatal, endless, stuck, nothing] = [13, 14, 15, 16].map(asks);
const failed = { code: 'model-failed' };
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('loadModel', () => {
  it.each(engines)(
    '%s is closed in the middle of its work: what was asked is answered first',
    async (engine) => {
      const runner = await loadModel(directory, { engine });
      const asked = runner.predict(Array.from({ length: 200 }, (_, i) => fullFrame(i + 1)));
      await runner.close();
      expect(await asked).toHaveLength(200);
      await expect(runner.predict([fullFrame()])).rejects.toMatchObject({ code: 'model-failed' });
    },
  );

  describe('of a worker that', () => {
    const clock = new VirtualClock();
    const events: SessionEvent[] = [];
    const codes = () => events.splice(0).map(({ code }) => code);
    let runner: ModelRunner;
    const begin = async (): Promise<void> => {
      const worker = pathToFileURL(join(directory, 'odd.mjs'));
      writeFileSync(worker, odd);
      events.length = 0;
      runner = await loadModel(directory, {
        ...{ worker, clock, answersWithin_s: 10 },
        events: (event) => events.push(event),
      });
      expect(codes()).toEqual(['engine-chosen']);
    };
    afterEach(() => runner.close());

    it('dies: what it owed is rejected, and another one follows, as often as it dies', async () => {
      await begin();
      for (let death = 0; death < 4; death++) {
        await expect(runner.predict([fatal])).rejects.toMatchObject(failed);
        expect(runner.isFailing).toBe(true);
        expect(await runner.predict([asks(0)])).toEqual([{ valence: 0.5 }]);
        expect(runner.isFailing).toBe(false);
        expect(codes()).toEqual(['model-failed', 'engine-chosen']);
      }
    });

    it('dies of whatever it is asked: the next one waits ever longer, 10 s at most, and asks for nothing meanwhile', async () => {
      await begin();
      for (const [deaths, rest_s] of [0, 1, 2, 4, 8, 10, 10].entries()) {
        await expect(runner.predict([fatal])).rejects.toMatchObject(failed);
        // A worker that is asked before it says that it is ready may die first.
        expect(codes().sort()).toEqual(deaths === 0 ? ['model-failed'] : ['engine-chosen', 'model-failed']);
        for (let s = 0; s < rest_s; s++) {
          await expect(runner.predict([asks(0)])).rejects.toMatchObject(failed);
          clock.advance(1);
        }
        expect(codes()).toEqual([]);
      }
      expect(await runner.predict([asks(0)])).toEqual([{ valence: 0.5 }]);
    });

    it('hangs: after 10 s a frame its questions are rejected, and another one follows', async () => {
      await begin();
      const asked = [runner.predict([endless, asks(0)]), runner.predict([asks(0)])].map((answer) =>
        answer.catch((error: unknown) => error),
      );
      await settle();
      clock.advance(19);
      expect(codes()).toEqual([]);
      clock.advance(1);
      for (const answer of asked) expect(await answer).toMatchObject(failed);
      expect(codes()).toEqual(['model-failed']);
      expect(runner.isFailing).toBe(true);
      expect(await runner.predict([asks(0)])).toEqual([{ valence: 0.5 }]);
    });

    it('does not hang because the process stood still', async () => {
      await begin();
      const asked = runner.predict([endless]).catch((error: unknown) => error);
      await settle();
      clock.stall(3600);
      clock.advance(5);
      expect(codes()).toEqual([]);
      clock.advance(5);
      expect(await asked).toMatchObject(failed);
    });

    it('hangs where nothing can stop it: it is left alone; with three of them the model is down until one comes out', async () => {
      await begin();
      const inside = new BroadcastChannel('inside');
      const comeOut = new BroadcastChannel('come out');
      for (let k = 0; k < 3; k++) {
        clock.advance(10);
        const asked = runner.predict([stuck]).catch((error: unknown) => error);
        await new Promise((resolve) => Object.assign(inside, { onmessage: resolve }));
        // It is called sooner than its being ready is heard.
        const begun = () => events.filter(({ code }) => code === 'engine-chosen').length;
        await vi.waitFor(() => expect(begun()).toBe(k), { timeout: 20_000 });
        clock.advance(10);
        expect(await asked).toMatchObject(failed);
      }
      expect(events.at(-1)?.message).toContain('3 of its threads hang');
      codes();
      clock.advance(1000);
      await expect(runner.predict([asks(0)])).rejects.toMatchObject(failed);
      expect(codes()).toEqual([]);
      comeOut.postMessage('');
      await vi.waitFor(async () => expect(await runner.predict([asks(0)])).toEqual([{ valence: 0.5 }]), {
        timeout: 20_000,
      });
      inside.close();
      comeOut.close();
    });

    it('gives what is no number: it is told, and not ready until it gives one', async () => {
      await begin();
      expect(await runner.predict([nothing, nothing])).toHaveLength(2);
      expect(codes()).toEqual(['model-failed']);
      expect(runner.isFailing).toBe(true);
      await runner.predict([asks(0)]);
      expect(runner.isFailing).toBe(false);
    });

    it('hangs as it is closed: that takes 2 s at most', async () => {
      await begin();
      const asked = runner.predict([endless]).catch((error: unknown) => error);
      await settle();
      const closing = runner.close();
      clock.advance(2);
      await closing;
      expect(await asked).toMatchObject(failed);
      expect(codes()).toEqual([]);
    });
  });

  it('says why the engines before the chosen one do not run', async () => {
    const events: SessionEvent[] = [];
    const runner = await loadModel(directory, { engine: 'auto', events: (event) => events.push(event) });
    await runner.close();
    expect(events.at(-1)).toMatchObject({ code: 'engine-chosen', details: { engine: runner.engine } });
    if (runner.engine !== 'tfjs-gpu') expect(events[0].message).toMatch(/^engine tfjs-gpu is not used: /);
  });

  it('refuses a model that an engine does not reproduce', async () => {
    const other = await writeSmallModel();
    const path = join(other, 'manifest.json');
    const manifest = JSON.parse(readFileSync(path, 'utf8'));
    manifest.probe.heads[1] += 1;
    writeFileSync(path, JSON.stringify(manifest));
    const error = await loadModel(other).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error).toMatchObject({ code: 'model-probe-mismatch' });
  });

  it('refuses questions once closed', async () => {
    const runner = await loadModel(directory);
    await runner.close();
    await expect(runner.predict([fullFrame()])).rejects.toMatchObject({ code: 'model-failed' });
  });

  it('is not waited for when its loading is to end', async () => {
    const asked = new AbortController();
    const events: SessionEvent[] = [];
    const loading = loadModel(directory, {
      signal: asked.signal,
      // Asked for when its thread is made, which then loads the engine.
      get worker() {
        setImmediate(() => asked.abort('SIGINT'));
        return new URL('../../../dist/model/engines/inference-worker.js', import.meta.url);
      },
      events: (event) => events.push(event),
    });
    await expect(loading).rejects.toBe('SIGINT');
    expect(events).toEqual([]);
  });

  it('does not keep the process alive when idle', () => {
    const compiled = fileURLToPath(new URL('../../../dist/model/engines/worker-runner.js', import.meta.url));
    expect(existsSync(compiled)).toBe(true);
    const program = `
      import { loadModel } from ${JSON.stringify(pathToFileURL(compiled).href)};
      const runner = await loadModel(${JSON.stringify(directory)});
      console.log(runner.engine);`;
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect(out.trim()).toMatch(/^(onnx|tfjs-gpu|tfjs-wasm)$/);
  });
});
