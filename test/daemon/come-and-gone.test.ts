import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Seconds, type Timer, VirtualClock } from '../../src/core/clock.js';
import type { SessionEvent } from '../../src/core/event.js';
import { startDaemon } from '../../src/daemon/daemon.js';
import { IngestConnection } from '../../src/io/client/index.js';
import { loadConfig } from '../../src/io/lsl/config.js';
import { Outlet } from '../../src/io/lsl/outlet.js';
import { passTill, passUntil } from '../cli/lock-step.js';
import { ownSettings } from '../io/lsl/own-settings.js';
import { pipelineOf } from '../pipeline/live-and-replay.js';
import { cleanUpAfterEach } from '../setup/clean-up-after-each.js';
import { temporaryFolder } from '../setup/temporary-folder.js';

const RATE_HZ = 100;
const SESSIONS = 30;
const OUTLETS = 10;
const TOGETHER = 10;
/** An outlet that is gone is awaited for 60 s, and its session for 30 more. */
const AWAITED_S: Seconds = 95;
/** How often lost outlets are looked for, s. */
const LOOK_S: Seconds = 0.5;
const DESCRIPTORS = '/proc/self/fd';
const folder = temporaryFolder();
await ownSettings();
const { cleanups } = cleanUpAfterEach();

const loaded = {
  pipeline: pipelineOf(`
sources:
  eeg: { type: websocket, stream_type: EEG }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 1, hop_s: 0.25 }
`),
  runners: new Map(),
};

/** Knows which of its timers still wait. */
class CountingClock extends VirtualClock {
  readonly #waiting = new Set<object>();

  get waiting(): number {
    return this.#waiting.size;
  }

  override after(delay_s: Seconds, action: () => void): Timer {
    return this.#counted((done) =>
      super.after(delay_s, () => {
        done();
        action();
      }),
    );
  }

  override every(period_s: Seconds, action: () => void): Timer {
    return this.#counted(() => super.every(period_s, action));
  }

  #counted(begin: (done: () => void) => Timer): Timer {
    const timer = {};
    const done = (): void => void this.#waiting.delete(timer);
    this.#waiting.add(timer);
    const { cancel } = begin(done);
    return {
      cancel: () => {
        done();
        cancel();
      },
    };
  }
}

/** What this process holds for the daemon and for its clients. */
function held(clock: CountingClock) {
  const sockets = process
    .getActiveResourcesInfo()
    .filter((type) => /^(TCP|UDP|Pipe|GetAddrInfo|Connect)/.test(type));
  return {
    timers: clock.waiting,
    sockets: sockets.length,
    descriptors: existsSync(DESCRIPTORS) ? readdirSync(DESCRIPTORS).length : null,
  };
}

/** Files are closed when the disk is done: what is left behind never goes, and the test runs out of time. */
async function letGo(clock: CountingClock, idle: ReturnType<typeof held>): Promise<void> {
  const isLeft = (): boolean => JSON.stringify(held(clock)) !== JSON.stringify(idle);
  await passTill(clock, () => !isLeft());
}

async function run() {
  const clock = new CountingClock(5000, 1_700_000_000);
  const events: SessionEvent[] = [];
  const daemon = await startDaemon(
    { stdout: new PassThrough(), clock },
    loaded,
    {
      ...{ host: '127.0.0.1', port: 0, engine: 'auto', logLevel: 'silent', lsl: true },
      record: join(folder, 'recordings'),
    },
    (event) => events.push(event),
  );
  cleanups.push(() => daemon.close());
  const done = async <T>(work: Promise<T>): Promise<T> => {
    let isDone = false;
    const ended = work.finally(() => {
      isDone = true;
    });
    ended.catch(() => {});
    await passTill(clock, () => isDone);
    return ended;
  };
  await passUntil(clock, clock.now() + 2);
  return { clock, daemon, events, done };
}

const rows = Array.from({ length: RATE_HZ }, (_, i) => [20 * Math.sin(i)]);

describe('what comes and goes', () => {
  it('leaves no timer, socket or descriptor behind: sessions over WebSocket', async () => {
    const { clock, daemon, events, done } = await run();
    const openAndClose = async (session: string): Promise<void> => {
      const connection = new IngestConnection(daemon.server.url, { WebSocket, session, timers: clock });
      const stream = connection.open({ name: 'headset', type: 'EEG', sfreq: RATE_HZ, channels: ['Cz'] });
      stream.push(rows, 0);
      await stream.close();
      await connection.close();
    };
    const idle = held(clock);
    for (let k = 0; k < SESSIONS; k += TOGETHER) {
      const together = Array.from({ length: TOGETHER }, (_, i) => openAndClose(`s${k + i}`));
      await done(Promise.all(together));
    }
    await passTill(clock, () => daemon.runtime.sessions.size === 0);
    expect(events.filter(({ code }) => code === 'session-opened')).toHaveLength(SESSIONS);
    await letGo(clock, idle);
  });

  it('leaves no timer, socket or descriptor behind: LSL outlets', async () => {
    const { clock, daemon, events, done } = await run();
    const idle = held(clock);
    const context = { clock, config: loadConfig(), events: () => {} };
    const outlets = await done(
      Promise.all(
        Array.from({ length: OUTLETS }, (_, i) =>
          Outlet.create(context, {
            ...{ name: `headset-${i}`, sourceId: `headset-${i}`, type: 'EEG' },
            ...{ channelCount: 1, nominalRate_hz: RATE_HZ },
          }),
        ),
      ),
    );
    await passTill(clock, () => outlets.every((outlet) => outlet.consumers > 0));
    for (let second = 0; second < 2; second++) {
      const begin = clock.now();
      await passUntil(clock, begin + 1);
      const stamps = Float64Array.from(rows, (_, i) => begin + i / RATE_HZ);
      for (const outlet of outlets) outlet.push(Float32Array.from(rows.flat()), stamps);
    }
    expect(daemon.runtime.sessions.size).toBe(1);
    await done(Promise.all(outlets.map((outlet) => outlet.close())));
    for (let passed = 0; passed < AWAITED_S; passed += LOOK_S) {
      clock.advance(LOOK_S);
      await passUntil(clock, clock.now() + 0.001);
    }
    expect(events.filter(({ code }) => code === 'stream-opened')).toHaveLength(OUTLETS);
    expect(daemon.runtime.sessions.size).toBe(0);
    await letGo(clock, idle);
  });
});
