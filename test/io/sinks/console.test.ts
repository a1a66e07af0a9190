import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ConsoleSink } from '../../../src/io/sinks/console.js';
import type { OutputMessage } from '../../../src/io/sinks/sink.js';

const message = (seq: number): OutputMessage => ({
  stream: 'features',
  session: 's1',
  node: 'de',
  seq,
  time: 4,
  window: [0, 4],
  input: 'eeg',
  features: [],
  values: [],
});

describe('console sink', () => {
  it('writes a JSON line a message, as it is', async () => {
    const output = new PassThrough();
    const sink = new ConsoleSink(output);
    sink.publish(message(0));
    sink.publish(message(1));
    await sink.close();
    expect(String(output.read())).toBe(`${JSON.stringify(message(0))}\n${JSON.stringify(message(1))}\n`);
  });

  it('is ready once the reader caught up', async () => {
    const output = new PassThrough({ highWaterMark: 16 });
    const sink = new ConsoleSink(output);
    await sink.ready();
    sink.publish(message(0));
    let ready = false;
    const waiting = sink.ready().then(() => {
      ready = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(ready).toBe(false);
    output.resume();
    await waiting;
    for (let i = 0; i < 50; i++) {
      sink.publish(message(i));
      await sink.ready();
    }
    expect(output.listenerCount('drain')).toBe(0);
  });

  it('goes quiet when the reader goes away', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.once("data", () => process.exit())']);
    const sink = new ConsoleSink(child.stdin);
    while (!sink.gone) {
      sink.publish(message(0));
      await sink.ready();
      await new Promise((resolve) => setImmediate(resolve));
    }
    sink.publish(message(1));
    await sink.close();
    if (child.exitCode === null) await once(child, 'exit');
  });

  it('tells any other fault', async () => {
    const output = new Writable({ write: (_chunk, _encoding, done) => done(new Error('disk full')) });
    const sink = new ConsoleSink(output);
    sink.publish(message(0));
    await new Promise((resolve) => output.on('close', resolve));
    await expect(sink.close()).rejects.toThrow('disk full');
    await expect(sink.ready()).rejects.toThrow('disk full');
  });
});
