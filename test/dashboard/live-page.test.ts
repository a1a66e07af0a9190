import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SystemClock } from '../../src/core/clock.js';
import { Feed } from '../../src/daemon/feed.js';
import type { CallResult } from '../../src/io/protocol/calls.js';
import { openRecording } from '../../src/io/recordings/open.js';
import { chunkOf, streamInfo } from '../../src/testing/stream-fixtures.js';
import { daemonOnClock, daemonOnCommand } from '../cli/daemon-on-command.js';
import { feedMessages } from '../cli/feed-recording.js';
import { runAffectd } from '../cli/run-affectd.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { args, executablePath } from './chromium.js';

const folder = temporaryFolder();

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

    it('puts a marker made with the mouse into the recording where it was made, within 20 ms', async () => {
      const clock = new SystemClock();
      const recorded = join(folder, 'recorded');
      const daemon = await daemonOnClock(
        ['run', 'default', '--record', recorded, '--log-level', 'silent'],
        clock,
      );
      const eeg = streamInfo({ type: 'EEG', labels: ['F3', 'F4'], sfreq: 100, unit: 'uV' });
      const feed = new Feed({ url: daemon.url, session: 'lab', client: 'test' });
      feed.send({ kind: 'open', info: eeg });
      await feed.ready();
      const start = clock.now();
      let sent = 0;
      const sending = clock.every(0.02, () => {
        const n = Math.floor((clock.now() - start) * 100) - sent;
        if (n <= 0) return;
        const rows = [0, 1].map((c) =>
          Array.from({ length: n }, (_, i) => 10 * Math.sin((sent + i) / 7 + c)),
        );
        feed.send({ kind: 'chunk', chunk: chunkOf(eeg, rows, sent / 100) });
        sent += n;
      });
      await open(daemon.url);
      await page.getByLabel('Text', { exact: true }).fill('film "A"');
      const clicked = page.evaluate<number>(
        `new Promise((done) => document.querySelector('#markers button').addEventListener('click',
        ({ timeStamp }) => done((performance.timeOrigin + timeStamp) / 1000)))`,
      );
      await page.getByRole('button', { name: 'Set a marker' }).click();
      await page.locator('.marker', { hasText: 'film "A"' }).waitFor();
      // The sample that was measured at the click has this stamp; the first one is session time 0.
      const at = (await clicked) - (clock.unix() - clock.now()) - start;
      sending.cancel();
      await page.close();
      await feed.close();
      await daemon.stop();
      const [file] = readdirSync(recorded).filter((name) => name.endsWith('.xdf'));
      const { stdout } = await runAffectd(['replay', join(recorded, file), '--streams', 'markers']);
      const { text, time, source } = JSON.parse(stdout);
      expect([text, source]).toEqual(['film "A"', 'affectd-markers']);
      expect(Math.abs(time - at)).toBeLessThan(0.02);
    });
  },
);
