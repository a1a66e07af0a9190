import { connect, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { VirtualClock } from '../../../src/core/clock.js';
import { CommandRefused } from '../../../src/recorder/remote-control/command-refused.js';
import { RemoteControl, type RemoteControlled } from '../../../src/recorder/remote-control/remote-control.js';
import { cleanUpAfterEach } from '../../setup/clean-up-after-each.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';

const { cleanups } = cleanUpAfterEach();
const folder = temporaryFolder();

async function start(controlled: Partial<RemoteControlled> = {}) {
  const clock = new VirtualClock();
  const done: string[] = [];
  const told: string[] = [];
  let isRecording = false;
  const control = await RemoteControl.listen({
    ...{ port: 0, folder, clock, tell: (line) => told.push(line) },
    controlled: {
      start: async (path) => {
        if (isRecording) throw new CommandRefused('it records already');
        isRecording = true;
        done.push(`start ${path.slice(folder.length + 1)}`);
      },
      stop: async () => {
        isRecording = false;
        done.push('stop');
      },
      ...controlled,
    },
  });
  cleanups.push(() => control.close());
  const client = async () => {
    const socket: Socket = connect({ port: control.port, host: '127.0.0.1' });
    cleanups.push(() => socket.destroy());
    let heard = '';
    let wake = (): void => {};
    let isOver = false;
    socket.on('data', (bytes) => {
      heard += bytes;
      wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      isOver = true;
      wake();
    });
    await new Promise((resolve) => socket.once('connect', resolve));
    const until = async (pattern: RegExp | null): Promise<string> => {
      while (pattern ? !pattern.test(heard) : !isOver) {
        if (isOver) throw new Error(`closed; heard ${JSON.stringify(heard)}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const all = heard;
      heard = '';
      return all;
    };
    return {
      socket,
      ask: (text: string, pattern = /OK$|\n$/) => {
        socket.write(text);
        return until(pattern);
      },
      over: () => until(null),
    };
  };
  return { control, clock, done, told, client };
}

it('does what LabRecorder’s clients say, line by line, and answers OK as that does', async () => {
  const { done, client } = await start();
  const { ask } = await client();
  expect(await ask('select all\n')).toBe('OK');
  expect(await ask('update\r\nselect none\n', /OKOK/)).toBe('OKOK');
  expect(await ask('filename {template:%p_%n.xdf} {run:2} {participant:P003}\nsta')).toBe('OK');
  const started = ask('rt\n');
  expect(await started).toBe('OK');
  expect(done).toEqual(['start P003_002.xdf']);
});

it('gives commands of two clients in turn, and each its own answers', async () => {
  let end = (): void => {};
  const order: string[] = [];
  const { client } = await start({
    start: async (path) => {
      order.push('start');
      await new Promise<void>((resolve) => {
        end = resolve;
      });
      order.push(`started ${path.slice(-9)}`);
    },
    stop: async () => void order.push('stop'),
  });
  const [first, second] = [await client(), await client()];
  const started = first.ask('filename {template:first.xdf}\nstart\n', /OKOK/);
  while (order.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const stopped = second.ask('stop\n');
  // It has come by then, and waits.
  for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
  end();
  expect([await started, await stopped]).toEqual(['OKOK', 'OK']);
  expect(order).toEqual(['start', 'started first.xdf', 'stop']);
});

it('answers what it can’t do with one line, to who says it, and goes on', async () => {
  const { done, client, told } = await start();
  const [one, two] = [await client(), await client()];
  for (const rubbish of [
    'strat',
    'filename',
    'filename C:\\x.xdf',
    'filename {root:..}',
    'select cap',
    'start now',
    '\u0000\u0007\u001b[2J',
    'filename {a\u001b:b}',
  ]) {
    const answer = await one.ask(`${rubbish}\n`, /\n$/);
    expect(answer).toMatch(/^ERROR: [^\n\p{Cc}]+\n$/u);
  }
  expect(await one.ask('start\n')).toBe('OK');
  expect(await two.ask('start\n')).toBe('ERROR: it records already\n');
  expect(done).toEqual(['start sub-P001/ses-S001/eeg/sub-P001_ses-S001_task-Default_run-001_eeg.xdf']);
  expect(told).toEqual([]);
});

it('tells a fault of ours to the operator, too, and lives on', async () => {
  const { client, told } = await start({
    start: () => Promise.reject(new Error('no disk\nat all')),
  });
  const { ask } = await client();
  expect(await ask('start\n')).toBe('ERROR: no disk\n');
  expect(told).toEqual(['WARNING: remote control: no disk']);
  expect(await ask('stop\n')).toBe('OK');
});

it.each([
  ['a command that is too long', 'x'.repeat(5000), /^ERROR: a command has up to 4096 bytes\n$/],
  ['one that is, in its line', `${'x'.repeat(4097)}\n`, /^ERROR: a command has up to 4096 bytes\n$/],
  ['a browser', 'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nstart\n', /^ERROR: this is no web server\n$/],
])('%s ends its connection alone', async (_, text, answer) => {
  const { done, client, clock } = await start();
  const [bad, good] = [await client(), await client()];
  expect(await bad.ask(text)).toMatch(answer);
  bad.socket.write('start\n');
  clock.advance(1);
  await bad.over();
  expect(await good.ask('stop\n')).toBe('OK');
  expect(done).toEqual(['stop']);
});

it('takes eight clients; a ninth is told so, and has its place when one leaves', async () => {
  const { client, clock } = await start();
  const clients = [];
  for (let n = 0; n < 8; n++) {
    clients.push(await client());
    expect(await clients[n].ask('update\n')).toBe('OK');
  }
  const ninth = await client();
  expect(await ninth.ask('update\n')).toBe('ERROR: 8 clients are connected already\n');
  clock.advance(1);
  await ninth.over();
  clients[0].socket.end();
  await clients[0].over();
  expect(await (await client()).ask('update\n')).toBe('OK');
});

it('waits for an experiment’s next command for hours, but not for the rest of one', async () => {
  const { client, clock } = await start();
  const { ask, socket, over } = await client();
  clock.advance(23 * 3600);
  expect(await ask('update\n')).toBe('OK');
  clock.advance(23 * 3600);
  expect(await ask('update\nsto')).toBe('OK');
  clock.advance(31);
  await over();
  expect(socket.destroyed).toBe(true);
  const silent = await client();
  expect(await silent.ask('update\n')).toBe('OK');
  clock.advance(24 * 3600 + 1);
  await silent.over();
});

it('cuts off who reads no answers', async () => {
  const { client } = await start();
  const { socket, over } = await client();
  socket.pause();
  const flood = Buffer.from('x\n'.repeat(10_000));
  const more = (): void => {
    while (!socket.destroyed && socket.write(flood));
  };
  socket.on('drain', more);
  more();
  const other = await client();
  expect(await other.ask('update\n')).toBe('OK');
  await over();
}, 60_000);

it('who says all at once and hangs up is heard to its end', async () => {
  const { done, client } = await start();
  const { socket, over } = await client();
  socket.end('filename {template:a.xdf}\nstart\nstop\n');
  expect(await over()).toBe('OKOKOK');
  expect(done).toEqual(['start a.xdf', 'stop']);
});
