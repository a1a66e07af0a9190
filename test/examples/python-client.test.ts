import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { SystemClock } from '../../src/core/clock.js';
import { type Daemon, startDaemon, until } from '../io/server/daemon.js';
import { temporaryFolder } from '../setup/temporary-folder.js';

const folder = join(import.meta.dirname, '..', '..', 'examples', 'python');

/** Debian's Python, where it can import all of `modules`; else the one on the path that can, else null. */
function pythonWith(...modules: string[]): string | null {
  for (const python of ['/usr/bin/python3', 'python3'])
    try {
      execFileSync(python, ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore' });
      return python;
    } catch {}
  return null;
}
const python = pythonWith('websockets');
const pandasPython = pythonWith('websockets', 'pandas');

let daemon: Daemon;
let children: ChildProcess[] = [];
let proxies: { close(): void }[] = [];

beforeEach(async () => {
  daemon = await startDaemon({ clock: new SystemClock() });
});
afterEach(async () => {
  for (const child of children) child.kill();
  for (const proxy of proxies) proxy.close();
  children = [];
  proxies = [];
  await daemon.stop();
});

/** A program of lines that stand in an asynchronous function with `from affectd import *`; or a file's. */
function run(program: string | { file: string; args: string[] }, executable = python as string) {
  const file =
    typeof program === 'string' ? join(temporaryFolder(), 'program.py') : join(folder, program.file);
  if (typeof program === 'string')
    writeFileSync(
      file,
      `import asyncio, json, sys\nfrom affectd import *\nasync def main():\n${program.replace(/^/gm, '    ')}\nasyncio.run(main())\n`,
    );
  const args = typeof program === 'string' ? [] : program.args;
  const child = spawn(executable, ['-B', file, ...args], {
    env: { ...process.env, PYTHONPATH: folder },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  children.push(child);
  let said = '';
  child.stderr.on('data', (data) => {
    said += data;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = once(child, 'exit');
  return {
    child,
    /** The next line; fails with what the program says where it ends first. */
    line: async (): Promise<string> => {
      const { value, done } = await lines.next();
      if (done) throw new Error(`the program ended: ${said}`);
      return value;
    },
    /** Lets a program that waits for a line of input go on. */
    goOn: () => child.stdin.write('\n'),
    code: async () => {
      const [code] = await ended;
      if (code !== 0) throw new Error(said);
      return code as number;
    },
  };
}

/** Between client and daemon, so that their connections can be cut. */
async function cuttable() {
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const upstream = connect(daemon.port, '127.0.0.1');
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ]) {
      sockets.add(from);
      from.pipe(to);
      from.on('error', () => {});
      from.on('close', () => to.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  proxies.push({
    close: () => {
      cut();
      server.close();
    },
  });
  return { url: `http://127.0.0.1:${port}`, cut };
}

function prediction(seq: number, more: Record<string, unknown> = {}) {
  return {
    stream: 'affect',
    session: 's1',
    node: 'affect',
    seq,
    time: 4 + seq,
    window: [seq, 4 + seq],
    valence: 0.5,
    arousal: -0.25,
    interval: { level: 0.9, valence: [0.1, 0.9], arousal: null },
    modalities: { eeg: { present: true, coverage: 1, weight: 0.7 } },
    valid: true,
    reason: null,
    evidence: 'simulated',
    model: 'm',
    pipeline: 'p',
    ...more,
  } as never;
}

/** Takes the first frame but can't keep it; the second time it can. */
async function nackingDaemon() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  proxies.push(server);
  await once(server, 'listening');
  const seqs: number[] = [];
  server.on('connection', (socket) => {
    const say = (message: object) => socket.send(JSON.stringify({ jsonrpc: '2.0', ...message }));
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) {
        const stream = data.readUInt16LE(2);
        const seq = data.readUInt32LE(4);
        seqs.push(seq);
        if (seqs.length === 1)
          say({ method: 'nack', params: { stream, seq, code: 'disk-full', held: true } });
        else say({ method: 'ack', params: { stream, seq } });
        return;
      }
      const { id, method } = JSON.parse(String(data));
      if (method === 'open') say({ id, result: { stream: 3, session: 's', last_seq: null, resumed: false } });
      else say({ id, result: { stream: 3 } });
    });
  });
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, seqs };
}

const samplesOf = () => daemon.chunks().reduce((sum, { times }) => sum + times.length, 0);

describe.skipIf(!python)('the client for Python (skipped without python3 and its package websockets)', () => {
  it('headset.py streams a headset without gaps', async () => {
    expect(await run({ file: 'headset.py', args: [daemon.url, '1'] }).code()).toBe(0);
    expect(samplesOf()).toBe(250);
    expect(daemon.chunks().some(({ gapBefore }) => gapBefore)).toBe(false);
    expect(daemon.kinds().at(-1)).toBe('close');
  });

  it('predictions.py prints predictions', async () => {
    daemon.sink.publish(prediction(0));
    expect(await run({ file: 'predictions.py', args: [daemon.url] }).line()).toBe(
      's1 4 s: valence 0.5, arousal -0.25 (evidence: simulated)',
    );
  });

  it('sends values, missing ones, stamps and texts as they are', async () => {
    const program = run(`
async with Ingest("${daemon.url}", session="alice") as device:
    eeg = await device.open(name="eeg", type="EEG", sfreq=100, channels=["Fp1", "Fp2"], unit="uV")
    markers = await device.open(name="markers", type="Markers", sfreq=0, channels=["text"])
    print(await eeg.push([[1.5, None], [float("nan"), -2]], t0=3))
    print(await eeg.push([[5, 6], [7, 8]], times=[3.02, 3.031]))
    await markers.push([["go"]], times=[3.01])
    await eeg.drain()
    print(eeg.acknowledged, eeg.unacknowledged)
`);
    expect([await program.line(), await program.line(), await program.line()]).toEqual(['0', '1', '1 0']);
    await program.code();
    const data = daemon.chunks().map((chunk) => [...chunk.data]);
    expect(data).toEqual([
      [1.5, Number.NaN, Number.NaN, -2],
      [5, 7, 6, 8],
    ]);
    expect(daemon.received.filter(({ message }) => message.kind === 'marker')).toMatchObject([
      { session: 'alice', message: { marker: { value: 'go' } } },
    ]);
  });

  it('loses nothing and doubles nothing when its connection is cut', async () => {
    const { url, cut } = await cuttable();
    const program = run(`
async with Ingest("${url}") as device:
    eeg = await device.open(name="eeg", type="EEG", sfreq=100, channels=["Cz"], unit="uV")
    for i in range(40):
        await eeg.push([[i]], t0=i / 100)
        if i == 19:
            print("half", flush=True)
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
`);
    expect(await program.line()).toBe('half');
    cut();
    program.goOn();
    expect(await program.code()).toBe(0);
    expect(daemon.chunks().flatMap(({ data }) => [...data])).toEqual(Array.from({ length: 40 }, (_, i) => i));
    expect(daemon.chunks().some(({ gapBefore }) => gapBefore)).toBe(false);
    expect(daemon.kinds().filter((kind) => kind === 'open')).toHaveLength(1);
  });

  it('a program that is started anew under its name goes on behind what the daemon had', async () => {
    const program = (from: number) => `
async with Ingest("${daemon.url}", client="headset") as device:
    eeg = await device.open(name="eeg", type="EEG", sfreq=100, channels=["Cz"], unit="uV")
    for i in range(${from}, ${from} + 5):
        await eeg.push([[i]], t0=i / 100)
    await eeg.drain()
    if ${from} == 0:
        import os
        os._exit(0)
`;
    await run(program(0)).code();
    await run(program(5)).code();
    expect(daemon.chunks().flatMap(({ data }) => [...data])).toEqual(Array.from({ length: 10 }, (_, i) => i));
    expect(daemon.kinds().filter((kind) => kind === 'open')).toHaveLength(1);
  });

  it('asks again for what the disk does not take, until it is kept', async () => {
    await daemon.stop();
    const socket = await nackingDaemon();
    const program = run(`
async with Ingest("${socket.url}") as device:
    eeg = await device.open(name="eeg", type="EEG", sfreq=100, channels=["Cz"])
    await eeg.push([[1]], t0=0)
    await eeg.drain()
    print(eeg.acknowledged)
`);
    expect(await program.line()).toBe('0');
    expect(socket.seqs).toEqual([0, 0]);
  });

  it('says which code the daemon refused by', async () => {
    const refused = run(`
try:
    async with Ingest("${daemon.url}") as device:
        await device.open(name="eeg", type="EEG", sfreq=-1, channels=["Cz"])
except AffectdError as error:
    print(error.code)
try:
    async for message in Subscription("${daemon.url}", ["telepathy"]):
        pass
except AffectdError as error:
    print(error.code)
`);
    expect(await refused.line()).toBe('invalid-params');
    expect(await refused.line()).toBe('unknown-stream-name');
  });

  it('needs the token that the daemon asks for', async () => {
    await daemon.stop();
    daemon = await startDaemon({ clock: new SystemClock(), server: { token: 'sesame' } });
    daemon.sink.publish(prediction(0));
    const program = run(`
try:
    async for message in Subscription("${daemon.url}", ["affect"]):
        pass
except AffectdError as error:
    print(error.code)
async for message in Subscription("${daemon.url}", ["affect"], policy="latest", token="sesame"):
    print(message["seq"])
    break
`);
    expect(await program.line()).toBe('unauthorised');
    expect(await program.line()).toBe('0');
  });

  it('goes on behind what it heard when its connection is cut, and in another run of the program', async () => {
    const { url, cut } = await cuttable();
    daemon.sink.publish(prediction(0));
    const program = run(`
subscription = Subscription("${url}", ["affect"], session="s1", after={"run": ""})
async for message in subscription:
    print(message["seq"], json.dumps(subscription.heard), flush=True)
`);
    expect(await program.line()).toBe('0 {"run": "r", "affect": 0}');
    cut();
    daemon.sink.publish(prediction(1));
    daemon.sink.publish(prediction(2));
    expect(await program.line()).toBe('1 {"run": "r", "affect": 1}');
    expect(await program.line()).toBe('2 {"run": "r", "affect": 2}');
    program.child.kill();
    daemon.sink.publish(prediction(3));
    const next = run(`
async for message in Subscription("${url}", session="s1", after={"run": "r", "affect": 2}):
    print(message["seq"], flush=True)
`);
    expect(await next.line()).toBe('3');
  });

  it('puts messages into flat rows', async () => {
    const messages = [
      prediction(0),
      {
        stream: 'features',
        features: [{ channel: 'Fp1', feature: 'de_delta', unit: '' }],
        values: [2.5],
        window: [0, 4],
      },
    ];
    const program = run(`
for row in to_rows(json.loads('''${JSON.stringify(messages)}''')):
    print(json.dumps(row))
`);
    expect(JSON.parse(await program.line())).toMatchObject({
      'window.to': 4,
      'interval.valence.from': 0.1,
      'interval.arousal': null,
      'modalities.eeg.weight': 0.7,
      valence: 0.5,
    });
    expect(JSON.parse(await program.line())).toMatchObject({ 'Fp1.de_delta': 2.5, 'window.from': 0 });
  });

  /** A stream with a missing value and a gap, and a marker, as the daemon publishes them. */
  function signals() {
    const common = { stream: 'signals', session: 's1', zero: 5 };
    const eeg = { ...common, id: 'a' };
    const channels = ['Fp1', 'Fp2'].map((label) => ({ label, unit: 'uV', type: 'EEG' }));
    return [
      { ...eeg, kind: 'open', info: { name: 'eeg', type: 'EEG', sfreq: 100, channels } },
      { ...common, id: 'm', kind: 'open', info: { name: 'm', type: 'Markers', sfreq: 0, channels: [{}] } },
      {
        ...eeg,
        kind: 'samples',
        times: [5, 5.01],
        data: [
          [1, 2],
          [3, null],
        ],
      },
      { ...eeg, kind: 'samples', times: [5.05], data: [[5, 6]] },
      { ...common, id: 'm', kind: 'samples', times: [5.01], data: [['go']] },
    ];
  }

  it.skipIf(!pandasPython)('hands over to pandas (skipped without it)', async () => {
    const file = join(temporaryFolder(), 'affect.csv');
    const program = run({ file: 'to_csv.py', args: [daemon.url, file, '3'] }, pandasPython as string);
    let seq = 0;
    let hasEnded = false;
    const code = program.code().finally(() => {
      hasEnded = true;
    });
    // Connected isn't subscribed yet.
    await until(() => {
      if (daemon.metricsOf('affectd_messages_sent_total') < 3) daemon.sink.publish(prediction(seq++));
      return hasEnded;
    });
    await code;
    const [header, ...rows] = readFileSync(file, 'utf8').trim().split('\n');
    expect(header.split(',')).toEqual(expect.arrayContaining(['time', 'valence', 'interval.valence.to']));
    expect(rows).toHaveLength(3);
  });

  it.skipIf(!pythonWith('websockets', 'numpy'))(
    'hands over to MNE: volts, gaps, markers (with a module in its place; skipped without numpy)',
    async () => {
      const program = run(
        `
import types
mne = types.ModuleType("mne")
class RawArray:
    def __init__(self, data, info):
        assert data.shape[0] == len(info[0]), "channels first"
        self.data, self.info = data, info
    def set_annotations(self, annotations):
        self.annotations = annotations
mne.io = types.SimpleNamespace(RawArray=RawArray)
mne.create_info = lambda ch_names, sfreq, ch_types: (ch_names, sfreq, ch_types)
mne.Annotations = lambda onset, duration, description: [[round(float(a), 6), round(float(b), 6), c] for a, b, c in zip(onset, duration, description)]
sys.modules["mne"] = mne
raw = to_raw(json.loads('''${JSON.stringify(signals())}'''))
print(json.dumps({"data": [[None if value != value else round(value * 1e6, 6) for value in row] for row in raw.data.tolist()], "info": raw.info, "annotations": raw.annotations}))
`,
        pythonWith('websockets', 'numpy') as string,
      );
      expect(JSON.parse(await program.line())).toEqual({
        data: [
          [1, 3, null, null, null, 5],
          [2, null, null, null, null, 6],
        ],
        info: [['Fp1', 'Fp2'], 100, ['eeg', 'eeg']],
        annotations: [
          [0.02, 0.03, 'BAD_gap'],
          [0.01, 0, 'go'],
        ],
      });
    },
  );
});
