import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import type { SessionEvent } from '../../src/core/event.js';
import { startDaemon } from '../../src/daemon/daemon.js';
import { encodeSamples } from '../../src/io/protocol/sample-frame.js';
import { openRecording } from '../../src/io/recordings/open.js';
import { checkPipeline } from '../../src/pipeline/file/check.js';
import { PipelineDocument } from '../../src/pipeline/file/document.js';
import type { Pipeline, TransformNode } from '../../src/pipeline/file/pipeline.js';
import { holdPort, ownPorts } from '../io/lsl/own-ports.js';
import { RawClient } from '../io/server/daemon.js';
import { cleanUpAfterEach } from '../setup/clean-up-after-each.js';
import { temporaryFolder } from '../setup/temporary-folder.js';

const folder = temporaryFolder();
const { cleanups } = cleanUpAfterEach();

/** LSL's settings, by which an outlet has these ports and no other. */
function lslPorts(first: number, count: number): void {
  const file = join(folder, 'lsl_api.cfg');
  writeFileSync(
    file,
    `[ports]
MulticastPort = ${first + 100}
BasePort = ${first}
PortRange = ${count}
AllowRandomPorts = 0
[multicast]
ResolveScope = machine
`,
  );
  process.env.LSLAPICFG = file;
  cleanups.push(() => void delete process.env.LSLAPICFG);
}

/** First of `count` ports that another program has: any may be the near end of somebody's connection already. */
async function take(count: number): Promise<number> {
  const block = await ownPorts();
  for (let first = block; first < block + 50; first += count) {
    const held = await Promise.all(Array.from({ length: count }, (_, i) => holdPort(first + i)));
    if (held.every((isHeld) => isHeld)) return first;
  }
  throw new Error('no ports that follow each other are free');
}

const ports = await take(2);
/** A sink whose outlet has no port. */
const unreachable = `models:
  affect: { type: hi-moe, inputs: { eeg: de }, path: models/demo }
sinks:
  lab: { type: lsl, input: affect }
`;

function pipelineOf({ sources = '', hop_s = 0.5, sinks = '' }): Pipeline {
  const text = `
sources:
  eeg: { type: websocket, stream_type: EEG }${sources}
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 2, hop_s: ${hop_s} }
${sinks}`;
  const { pipeline, problems } = checkPipeline(new PipelineDocument(join(folder, 'test.yaml'), text));
  if (!pipeline) throw new Error(JSON.stringify(problems));
  return pipeline;
}

/** The pipeline, one of whose nodes can't be made. */
function unmakeable(): Pipeline {
  const pipeline = pipelineOf({});
  const node = pipeline.transforms.get('de')!;
  const create = (): never => {
    throw new RangeError('it has no memory left');
  };
  const definition = { ...node.definition, create } as unknown as TransformNode['definition'];
  return { ...pipeline, digest: 'sha256:other', transforms: new Map([['de', { ...node, definition }]]) };
}

/** What a session gives that is fed for 6 s, and before whose 3rd second the pipeline is replaced. */
async function run(name: string, next: Pipeline | null) {
  const printed: string[] = [];
  const out = new Writable({
    write: (chunk, _encoding, done) => {
      printed.push(String(chunk));
      done();
    },
  });
  const events: SessionEvent[] = [];
  const daemon = await startDaemon(
    { stdout: out, clock: new VirtualClock(0, 1e9) },
    { pipeline: pipelineOf({}), runners: new Map() },
    { host: '127.0.0.1', port: 0, engine: 'auto', logLevel: 'silent', record: join(folder, name) },
    (event) => events.push(event),
  );
  cleanups.push(() => daemon.close());
  const lines: string[] = [];
  daemon.runtime.outputs$.subscribe((output) => {
    if (output.stream === 'features' || output.stream === 'quality') lines.push(JSON.stringify(output));
  });
  const client = await RawClient.connect(daemon.server, '/v1/ingest');
  cleanups.push(() => client.socket.terminate());
  const id = await client.open({ sfreq: 64 });
  let failure: unknown = null;
  for (let t = 0; t < 12; t++) {
    if (t === 6 && next)
      try {
        await daemon.replace({ pipeline: next, runners: new Map() });
      } catch (error) {
        failure = error;
      }
    const data = Float32Array.from({ length: 64 }, (_, i) => 20 * Math.sin(0.7 * (32 * t + (i >> 1)) + i));
    client.send(encodeSamples({ stream: id, seq: t, t0: t / 2, times: null, data }, 2));
    await client.next();
  }
  await client.request('close', { stream: id });
  const file = readdirSync(join(folder, name))[0];
  const recording = await openRecording(join(folder, name, file));
  const told: string[] = [];
  for await (const _ of recording.messages({
    chunk: null,
    clockSync: true,
    events: ({ code }) => told.push(code),
  }));
  await recording.close();
  return { lines, failure, digest: daemon.runtime.loaded.pipeline.digest, printed, told };
}

it.each([
  [
    'a source',
    'lsl-query-unusable',
    () =>
      pipelineOf({
        sources: '\n  ppg: { type: lsl, query: "((", stream_type: PPG }',
        hop_s: 1,
        sinks: 'sinks:\n  out: { type: console, input: de }\n',
      }),
  ],
  ['a session’s graph', 'it has no memory left', unmakeable],
  [
    'a source’s file',
    'recording-missing',
    () =>
      pipelineOf({
        sources: `\n  ppg: { type: recording, path: ${join(folder, 'gone.xdf')}, stream_type: PPG }`,
        hop_s: 1,
        sinks: 'sinks:\n  out: { type: console, input: de }\n',
      }),
  ],
  [
    'a sink’s port',
    `sink lab: ports ${ports} to ${ports + 1} are taken and AllowRandomPorts is off; raise PortRange in lsl_api.cfg`,
    () => {
      lslPorts(ports, 2);
      return pipelineOf({ hop_s: 1, sinks: unreachable });
    },
  ],
])('a reload whose sinks are made and in which %s can’t be puts all back', async (what, reason, next) => {
  const plain = await run(`plain ${what}`, null);
  const { failure, ...kept } = await run(`kept ${what}`, next());
  const { code, message } = failure as { readonly code?: string; readonly message: string };
  expect([code, message]).toContain(reason);
  expect(kept.lines).toEqual(plain.lines);
  expect(kept.lines).toHaveLength(18);
  expect(kept.digest).toBe(plain.digest);
  expect(kept.printed.join('')).toBe('');
  expect(kept.told).not.toContain('pipeline-reloaded');
});

it('a reload is in the recording of each session that runs', async () => {
  const { failure, lines, told } = await run('reloaded', pipelineOf({ hop_s: 1 }));
  expect(failure).toBeNull();
  expect(lines).toHaveLength(12);
  expect(told).toContain('pipeline-reloaded');
});
