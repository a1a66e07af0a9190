import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SystemClock, type Timer } from '../../src/core/clock.js';
import { type Chunk, type StreamInfo, TIME_TOLERANCE_S } from '../../src/core/signal.js';
import { Feed } from '../../src/daemon/feed.js';
import type { PlottedColumn } from '../../src/dashboard/signals/signal-series.js';
import { loadConfig } from '../../src/io/lsl/config.js';
import { channelsElement } from '../../src/io/lsl/declaration.js';
import { Outlet } from '../../src/io/lsl/outlet.js';
import type { CallResult } from '../../src/io/protocol/calls.js';
import { openRecording } from '../../src/io/recordings/open.js';
import { chunkOf, streamInfo } from '../../src/testing/stream-fixtures.js';
import { daemonOnClock, daemonOnCommand } from '../cli/daemon-on-command.js';
import { feedMessages } from '../cli/feed-recording.js';
import { runAffectd } from '../cli/run-affectd.js';
import { ownSettings } from '../io/lsl/own-settings.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { args, executablePath } from './chromium.js';

await ownSettings();
const folder = temporaryFolder();

/** Least and greatest of a channel by number of column, a twentieth of a second each, in single precision. */
function columnsOf(chunks: readonly Chunk[], channel: number, zero: number): Map<number, [number, number]> {
  const columns = new Map<number, [number, number]>();
  for (const { times, data } of chunks)
    for (const [i, time] of times.entries()) {
      const value = Math.fround(data[channel * times.length + i]);
      if (Number.isNaN(value)) continue;
      const column = Math.floor(20 * (time - zero + TIME_TOLERANCE_S));
      const [least, greatest] = columns.get(column) ?? [value, value];
      columns.set(column, [Math.min(least, value), Math.max(greatest, value)]);
    }
  return columns;
}

/** A device of session `lab` that sends as time passes. */
function steadily(url: string, clock: SystemClock, info: StreamInfo) {
  const feed = new Feed({ url, session: 'lab', client: 'test' });
  feed.send({ kind: 'open', info });
  let sent = 0;
  let sending: Timer | null = null;
  /** When its first sample was measured, by the clock. */
  const ready = feed.ready().then(() => {
    const start = clock.now();
    sending = clock.every(0.02, () => {
      const n = Math.floor((clock.now() - start) * info.sfreq) - sent;
      if (n <= 0) return;
      const rows = info.channels.map((_, c) =>
        Array.from({ length: n }, (_, i) => 10 * Math.sin((sent + i) / 7 + c)),
      );
      feed.send({ kind: 'chunk', chunk: chunkOf(info, rows, sent / info.sfreq) });
      sent += n;
    });
    return start;
  });
  const pause = (): void => sending?.cancel();
  return {
    ready,
    pause,
    get sent() {
      return sent;
    },
    close: async () => {
      pause();
      await feed.close();
    },
  };
}

describe.skipIf(!executablePath)(
  'the page of a running daemon (skipped where no Chromium is installed)',
  () => {
    let browser: Browser;
    let page: Page;
    const elsewhere: string[] = [];
    const complaints: string[] = [];

    async function open(url: string): Promise<void> {
      page = await browser.newPage();
      page.on('pageerror', ({ message }) => complaints.push(message));
      page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
      page.on('request', (request) => request.url().startsWith(url) || elsewhere.push(request.url()));
      await page.goto(url);
    }

    beforeAll(async () => {
      browser = await chromium.launch({ executablePath, args });
    });
    afterEach(async () => {
      await page.close();
      expect([complaints.splice(0), elsewhere.splice(0)]).toEqual([[], []]);
    });
    afterAll(() => browser?.close());

    it.each([
      ['wrist', 'affect'],
      ['indices', 'indices'],
    ] as const)(
      'shows a late visitor what %s told last and before, as the socket tells it',
      async (pipeline, stream) => {
        const worn = join(folder, `${pipeline}.xdf`);
        await runAffectd(['simulate', '--only', 'ppg,eda,temp', '--duration', '90', '--out', worn]);
        const daemon = await daemonOnCommand(['run', pipeline, '--log-level', 'silent']);
        const recording = await openRecording(worn);
        const read = () => recording.messages({ chunk: null, clockSync: true, events: () => {} });
        let chunks = 0;
        for await (const { kind } of read()) if (kind === 'chunk') chunks++;
        const feed = new Feed({ url: daemon.url, session: 'lab', client: 'test' });
        await feedMessages(feed, read(), daemon.clock, async (sent) => {
          if (sent === chunks - 40) {
            await open(daemon.url);
            await page.locator('.connection-word', { hasText: /connected|live/ }).waitFor();
          }
          if (sent === chunks - 1) await page.locator('.answer').first().waitFor();
        });
        const answer = await fetch(new URL(`/v1/sessions/lab/history?streams=${stream}`, daemon.url));
        const { messages } = (await answer.json()) as CallResult<'history'>;
        expect(messages.length).toBeGreaterThan(60);
        const texts = new Map<string, string>();
        for (const message of messages) {
          if (message.stream === 'affect')
            for (const [name, p] of Object.entries(message.classes ?? {}))
              texts.set(name, `${Math.round(100 * p)} %`);
          if (message.stream === 'indices')
            for (const { channel, feature, value } of message.indices)
              if (value !== null) texts.set(`${channel} ${feature}`, `${Math.abs(value).toFixed(2)} sd`);
        }
        expect(texts.size).toBeGreaterThan(0);
        for (const [name, text] of texts)
          await page.locator('.answer', { hasText: name }).filter({ hasText: text }).first().waitFor();
        await page.close();
        await recording.close();
        await daemon.stop();
      },
    );

    it('shows a late visitor the last minute of every stream, and what follows, as the recording has it', async () => {
      const worn = join(folder, 'signals.xdf');
      await runAffectd(['simulate', '--only', 'eeg,gaze,ppg,eda', '--duration', '75', '--out', worn]);
      const daemon = await daemonOnCommand(['run', 'wrist', '--log-level', 'silent']);
      const recording = await openRecording(worn);
      const read = () => recording.messages({ chunk: null, clockSync: true, events: () => {} });
      const streams = new Map<string, { info: StreamInfo; chunks: Chunk[] }>();
      let chunks = 0;
      for await (const message of read()) {
        if (message.kind === 'open') streams.set(message.info.type, { info: message.info, chunks: [] });
        if (message.kind !== 'chunk') continue;
        chunks++;
        streams.get(message.chunk.info.type)?.chunks.push(message.chunk);
      }
      const zero = Math.min(...[...streams.values()].flatMap(({ chunks: [first] }) => first?.times[0] ?? []));
      const feed = new Feed({ url: daemon.url, session: 'lab', client: 'test' });
      const trace = (type: string) =>
        page
          .locator('.signal', {
            has: page.locator('h3 small', { hasText: new RegExp(`^SIMULATED, ${type},`) }),
          })
          .locator('signal-trace');
      const compare = async (): Promise<void> => {
        const answer = await fetch(new URL('/v1/sessions', daemon.url));
        const { sessions } = (await answer.json()) as CallResult<'sessions'>;
        const types = new Set<string>(sessions[0].streams.map(({ type }) => type));
        let compared = 0;
        for (const [type, { info, chunks: all }] of streams) {
          if (!types.has(type)) continue;
          for (const channel of info.channels.keys()) {
            const expected = columnsOf(all, channel, zero);
            const newest = Math.max(...expected.keys());
            const plotted = async () =>
              trace(type).evaluate<PlottedColumn[], number>(
                (element, c) => (element as unknown as { plotted(c: number): PlottedColumn[] }).plotted(c),
                channel,
              );
            // Nearly all was sent; a column is told once a sample behind it came.
            const last = async () => Math.round(20 * ((await plotted()).at(-1)?.time ?? 0));
            await expect.poll(last).toBeGreaterThan(newest - 20);
            const told = await last();
            const shown = (await plotted()).filter(({ time }) => Math.round(20 * time) < told);
            for (const { time, least, greatest } of shown)
              expect([type, channel, time, least, greatest]).toEqual([
                type,
                channel,
                time,
                ...expected.get(Math.round(20 * time))!,
              ]);
            const within = [...expected.keys()].filter((k) => k < told && k > told - 20 * 58);
            expect(shown.length).toBeGreaterThanOrEqual(within.length);
            compared++;
          }
        }
        expect(compared).toBeGreaterThan(15);
        await page.locator('.signal', { hasText: 'feeds no source' }).first().waitFor();
        await page.locator('.signal', { hasText: 'feeds ppg' }).first().waitFor();
      };
      await feedMessages(feed, read(), daemon.clock, async (sent) => {
        if (sent === chunks - 200) {
          await open(daemon.url);
          await trace('EEG').waitFor();
        }
        if (sent === chunks - 1) await compare();
      });
      await page.close();
      await recording.close();
      await daemon.stop();
    });

    it('records and rests at the press of a button, and the recording replays as it was told', async () => {
      const clock = new SystemClock();
      const recorded = join(folder, 'asked');
      const daemon = await daemonOnClock(
        ['run', 'indices', '--record', recorded, '--record-on-request', '--log-level', 'silent'],
        clock,
      );
      const eda = streamInfo({ type: 'EDA', labels: ['EDA'], sfreq: 20, unit: 'uS' });
      const sender = steadily(daemon.url, clock, eda);
      await sender.ready;
      await open(daemon.url);
      const button = (name: string) => page.getByRole('button', { name, exact: true });
      await button('Record').click();
      await page.locator('[data-act=record] .act-told', { hasText: /xdf: .* kB,.* GB free/ }).waitFor();
      await button('Begin a rest').click();
      await page.locator('[data-act=baseline] .act-answer', { hasText: /^Begun at .*; for / }).waitFor();
      await button('End the rest').click();
      await page.locator('[data-act=baseline] .act-answer', { hasText: /^Ended at / }).waitFor();
      const answers = await page.locator('[data-act=baseline] .act-answer').textContent();
      expect(answers).not.toContain('not recorded');
      // What people set is no device's stream.
      await page.locator('.marker', { hasText: 'baseline:end' }).waitFor();
      expect(await page.locator('.signal h3').allTextContents()).toEqual([expect.stringMatching(/EDA/)]);
      expect(await page.locator('.event-code').allTextContents()).not.toContain('stream-unmatched');
      // A window at least, or nothing can be replayed.
      const sent = sender.sent;
      await expect.poll(() => sender.sent, { timeout: 20_000 }).toBeGreaterThan(sent + 5 * eda.sfreq);
      await button('Stop recording').click();
      await page.locator('[data-act=record] .act-answer', { hasText: /^Kept: .*\.xdf, / }).waitFor();
      await page.locator('[data-act=record] .act-told', { hasText: 'Not recorded.' }).waitFor();
      const kept = await page.locator('[data-act=record] .act-answer').textContent();
      await page.close();
      await sender.close();
      await daemon.stop();
      const files = readdirSync(recorded).filter((name) => name.endsWith('.xdf'));
      expect(files).toEqual([/^Kept: (.*\.xdf),/.exec(kept ?? '')?.[1]]);
      const { stdout } = await runAffectd(['replay', join(recorded, files[0]), '--streams', 'markers']);
      const texts = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).text);
      expect(texts).toEqual(['baseline:start', 'baseline:end']);
    });

    it('connects an LSL outlet at the press of a button, draws it, and leaves it alone again', async () => {
      const clock = new SystemClock();
      const daemon = await daemonOnClock(['run', 'indices', '--log-level', 'silent'], clock);
      const outlet = await Outlet.create(
        { clock, config: loadConfig(), events: () => {} },
        {
          ...{ name: 'band', type: 'EDA', sourceId: 'serial 1', channelCount: 1, nominalRate_hz: 20 },
          description: [channelsElement([{ label: 'EDA', unit: 'microsiemens', type: 'EDA' }])],
        },
      );
      let sent = 0;
      const sending = clock.every(0.05, () => {
        if (outlet.consumers === 0) return;
        outlet.push(Float32Array.of(5 + Math.sin(sent++)), Float64Array.of(clock.now()));
      });
      await open(daemon.url);
      await page.locator('#network summary').click();
      await page.locator('.outlet[data-state=free]', { hasText: /band.*serial 1/ }).waitFor();
      await page.getByRole('button', { name: 'Connect band' }).click();
      await page.locator('.outlet[data-state=connected]').waitFor();
      await page.locator('.signal[data-state=live] h3', { hasText: 'band' }).waitFor();
      await page.getByRole('button', { name: 'Disconnect band' }).click();
      await page.locator('.outlet[data-state=free]').waitFor();
      await expect.poll(() => outlet.consumers).toBe(0);
      sending.cancel();
      await page.close();
      await outlet.close();
      await daemon.stop();
    });

    it('puts a marker made with the mouse into the recording where it was made, within 20 ms', async () => {
      const clock = new SystemClock();
      const recorded = join(folder, 'recorded');
      const daemon = await daemonOnClock(
        ['run', 'default', '--record', recorded, '--log-level', 'silent'],
        clock,
      );
      const eeg = streamInfo({ type: 'EEG', labels: ['F3', 'F4'], sfreq: 100, unit: 'uV' });
      const sender = steadily(daemon.url, clock, eeg);
      const start = await sender.ready;
      await open(daemon.url);
      await page.locator('.signal[data-state=live]').waitFor();
      await page.getByLabel('Text', { exact: true }).fill('film "A"');
      const clicked = page.evaluate<number>(
        `new Promise((done) => document.querySelector('#markers button').addEventListener('click',
        ({ timeStamp }) => done((performance.timeOrigin + timeStamp) / 1000)))`,
      );
      await page.getByRole('button', { name: 'Set a marker' }).click();
      await page.locator('.marker', { hasText: 'film "A"' }).waitFor();
      // The sample that was measured at the click has this stamp; the first one is session time 0.
      const at = (await clicked) - (clock.unix() - clock.now()) - start;
      // A window at least, or nothing can be replayed.
      await expect.poll(() => sender.sent, { timeout: 20_000 }).toBeGreaterThan(450);
      sender.pause();
      await page.locator('.signal[data-state=silent]').waitFor();
      await page.close();
      await sender.close();
      await daemon.stop();
      const [file] = readdirSync(recorded).filter((name) => name.endsWith('.xdf'));
      const { stdout } = await runAffectd(['replay', join(recorded, file), '--streams', 'markers']);
      const { text, time, source } = JSON.parse(stdout);
      expect([text, source]).toEqual(['film "A"', 'affectd-markers']);
      expect(Math.abs(time - at)).toBeLessThan(0.02);
    });
  },
);
