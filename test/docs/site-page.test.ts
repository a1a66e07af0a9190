import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import sirv from 'sirv';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildDocsSite } from '../../scripts/docs-site.mjs';
import { barriers } from '../dashboard/barriers.js';
import { args, executablePath } from '../dashboard/chromium.js';
import { temporaryFolder } from '../setup/temporary-folder.js';

/** Stricter than the daemon's. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'";

describe.skipIf(!executablePath)('the docs in Chromium (skipped where none is installed)', () => {
  const site = temporaryFolder();
  let files: ReturnType<typeof sirv>;
  let origin: string;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];
  const elsewhere: string[] = [];
  const server = createServer((request, response) => {
    response.setHeader('Content-Security-Policy', policy);
    files(request, response, () => {
      response.writeHead(404).end();
    });
  });

  async function open(address: string, options: BrowserContextOptions = {}): Promise<void> {
    page = await (await browser.newContext(options)).newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('request', (request) => {
      if (!/^data:/.test(request.url()) && new URL(request.url()).origin !== origin)
        elsewhere.push(request.url());
    });
    await page.goto(`${origin}/${address}`);
    await page.locator('#site-search').waitFor();
  }

  beforeAll(async () => {
    await buildDocsSite(join(import.meta.dirname, '..', '..'), site);
    files = sirv(site);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await chromium.launch({ executablePath, args });
  });
  afterAll(async () => {
    await browser?.close();
    server.close();
  });
  afterEach(async () => {
    await page.context().close();
    expect(complaints.splice(0)).toEqual([]);
    expect(elsewhere.splice(0)).toEqual([]);
  });

  it.each([
    ['light', 'index.html'],
    ['dark', 'how-to/record-sessions.html'],
    ['light', 'package/models/wrist-stress/fusion/report.html'],
  ] as const)('can be used by everybody, %s: %s', async (colorScheme, address) => {
    await open(address, { colorScheme });
    expect(await barriers(page)).toEqual([]);
  });

  it('show their images, and what keeps people from using a page is found', async () => {
    await open('package/models/wrist-stress/fusion/report.html');
    const widths = await page.evaluate<number[]>(
      'Array.from(document.images, (image) => image.naturalWidth)',
    );
    expect(widths.length).toBeGreaterThan(0);
    expect(Math.min(...widths)).toBeGreaterThan(0);
    await page.evaluate("document.images[0].removeAttribute('alt')");
    expect(await barriers(page)).toEqual([expect.stringContaining('image-alt')]);
  });

  it('are searched by keyboard, and what is found is gone to', async () => {
    await open('tutorial/first-session.html', { colorScheme: 'dark' });
    await page.keyboard.press('/');
    await page.keyboard.type('fdatasync');
    await page.locator('#site-results a').first().waitFor();
    expect(await page.locator('article').isHidden()).toBe(true);
    expect(await page.locator('#site-results mark').first().textContent()).toMatch(/fdatasync/i);
    expect(await barriers(page)).toEqual([]);
    await page.keyboard.press('ArrowDown');
    const target = await page.evaluate<string>('document.activeElement.href');
    expect(target).toMatch(/\.html#/);
    await page.keyboard.press('Enter');
    await page.waitForURL(target);
    expect(await page.locator('article').textContent()).toMatch(/fdatasync/i);
  });

  it('show a section of the same page that was found, and the text again after Escape', async () => {
    await open('how-to/record-sessions.html');
    await page.keyboard.press('/');
    await page.keyboard.type('daemon that is killed');
    const found = page.locator('#site-results a', { hasText: 'A daemon that is killed' }).first();
    await found.click();
    await page.waitForURL('**/record-sessions.html#a-daemon-that-is-killed');
    const heading = await page.locator('#a-daemon-that-is-killed').boundingBox();
    const header = await page.locator('body > header').boundingBox();
    expect(heading!.y).toBeGreaterThanOrEqual(header!.height);
    expect(heading!.y).toBeLessThan(400);
    await page.keyboard.press('/');
    await page.keyboard.type('nosuchword');
    await page.locator('#site-results p', { hasText: 'Nothing found.' }).waitFor();
    await page.keyboard.press('Escape');
    expect(await page.locator('article').isVisible()).toBe(true);
  });

  it('fit a phone: wide tables and lines of code scroll by themselves', async () => {
    for (const address of [
      '',
      'reference/protocol.html',
      'explanation/models.html',
      'reference/codes.html',
    ]) {
      await open(address, { viewport: { width: 360, height: 700 } });
      const width = await page.evaluate<number>('document.documentElement.scrollWidth');
      expect(width, address).toBeLessThanOrEqual(360);
      if (address !== 'reference/codes.html') await page.context().close();
    }
    await page.locator('.to-pages').click();
    await page.waitForURL('**#site-pages');
    expect(await page.locator('#site-pages a').first().isVisible()).toBe(true);
  });
});
