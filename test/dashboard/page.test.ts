import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EVENT_LIMIT, SILENT_AFTER_S } from '../../src/dashboard/state.js';
import { barriers } from './barriers.js';
import { args, executablePath } from './chromium.js';
import { affect, indices, marker, quality, sys, truth } from './messages.js';
import { ScriptedDaemon } from './scripted-daemon.js';
import { bins, opened, samples, signalInfo } from './signal-messages.js';

/** Pixels of a trace's canvas that are neither empty nor grey: its line and its band. */
const colouredPixels = (dimension: string) => `(() => {
  const canvas = document.querySelector('[data-trace=${dimension}] canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let n = 0;
  for (let i = 0; i < data.length; i += 4)
    if (data[i + 3] > 0 && Math.abs(data[i] - data[i + 2]) > 60) n++;
  return n;
})()`;

/** Pixels of a trace's canvas that anything was drawn on. */
const drawnPixels = (dimension: string) => `(() => {
  const canvas = document.querySelector('[data-trace=${dimension}] canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let n = 0;
  for (let i = 3; i < data.length; i += 4) if (data[i] > 100) n++;
  return n;
})()`;

describe.skipIf(!executablePath)('the page in Chromium (skipped where none is installed)', () => {
  const daemon = new ScriptedDaemon();
  let browser: Browser;
  let page: Page;
  let complaints: string[];

  async function open(address = '/', options: BrowserContextOptions = {}): Promise<void> {
    const context = await browser.newContext(options);
    page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.goto(daemon.origin + address);
    if (!daemon.refuses) await daemon.subscriber();
  }

  const shows = (selector: string, hasText: string | RegExp) =>
    page.locator(selector, { hasText }).first().waitFor();

  beforeAll(async () => {
    await Promise.all([
      daemon.bundle(),
      chromium.launch({ executablePath, args }).then((launched) => {
        browser = launched;
      }),
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    await daemon.stop();
  });
  beforeEach(async () => {
    complaints = [];
    daemon.refuses = false;
    daemon.past = [];
    daemon.sessions = [];
    daemon.answers = {};
    daemon.acted.length = 0;
    daemon.marked.length = 0;
    daemon.watched.clear();
    await daemon.start();
  });
  afterEach(async () => {
    await page.context().close();
    await daemon.stop();
    // Nothing thrown, nothing refused by the content security policy, nothing missing.
    expect(complaints).toEqual([]);
  });

  it('says how to connect a device while there is no data', async () => {
    await open();
    await shows('.connection-word', 'connected');
    await shows('#empty .ingest-url', `${daemon.origin.replace('http', 'ws')}/v1/ingest`);
    await shows('#empty pre', `--url ${daemon.origin.replace('http', 'ws')}`);
    expect(await page.locator('#instrument').isHidden()).toBe(true);
    daemon.say(quality({ time: 1 }));
    await page.locator('#empty').waitFor({ state: 'hidden' });
    await shows('.plane-state', 'No prediction yet');
  });

  it('moves the point, draws the trail, the interval and the traces', async () => {
    await open();
    daemon.say(affect({ time: 4, valence: -0.5, arousal: 0.5 }));
    await shows('.readout-valence', '\u22120.50');
    const place = () =>
      page
        .locator('.plane-point')
        .evaluate((point) => [point.getAttribute('cx'), point.getAttribute('cy')].map(Number));
    const before = await place();
    const empty = await page.evaluate<number>(colouredPixels('valence'));
    daemon.say(
      ...Array.from({ length: 60 }, (_, i) =>
        affect({ time: 4.5 + i / 2, valence: -0.5 + i / 100, arousal: 0.4 }),
      ),
      affect({ time: 34.5, valence: 0.75, arousal: -0.25 }),
    );
    await shows('.readout-valence', /\+0\.75\s+\+0\.45 to \+1\.00/);
    const now = await place();
    expect(now[0]).toBeGreaterThan(before[0]);
    expect(now[1]).toBeGreaterThan(before[1]);
    expect(await page.locator('.plane-trail').last().getAttribute('d')).toMatch(/^M[\d. ]+L/);
    expect(Number(await page.locator('.plane-interval rect').getAttribute('width'))).toBeGreaterThan(10);
    for (const dimension of ['valence', 'arousal']) {
      await page.locator(`[data-trace=${dimension}] [aria-label*="62 predictions"]`).waitFor();
      expect(await page.evaluate<number>(colouredPixels(dimension))).toBeGreaterThan(empty + 200);
    }
  });

  it('never lets a simulation pass for a person', async () => {
    await open('/', { viewport: { width: 1000, height: 400 } });
    daemon.say(affect({ time: 4, evidence: 'simulated' }));
    await shows('#evidence', "not a person's feeling");
    for (const part of ['#plane .simulated-tag', '#traces .simulated-tag', '.plane-watermark'])
      expect(await page.locator(part).isVisible(), part).toBe(true);
    expect(await page.title()).toMatch(/^SIMULATED/);
    await page.evaluate('scrollTo(0, document.body.scrollHeight)');
    expect(await page.evaluate<number>('scrollY')).toBeGreaterThan(100);
    const banner = await page.locator('#evidence').boundingBox();
    expect(banner!.y).toBeGreaterThanOrEqual(0);
    daemon.say(affect({ time: 5, evidence: 'validated' }));
    await shows('#evidence', 'Validated');
    expect(await page.locator('.plane-watermark').isVisible()).toBe(false);
    expect(await page.locator('#plane .simulated-tag').isVisible()).toBe(false);
    // Whoever relays a validated model's predictions from simulated sensors as validated isn't believed.
    daemon.say(
      affect({ time: 6, evidence: 'validated', simulated: true }),
      quality({
        time: 6,
        inputs: {
          eeg: {
            ...{ name: 'headset', type: 'EEG', sfreq: 128, present: true, reason: null, channels: [] },
            simulated: true,
          },
        },
      }),
    );
    await shows('#evidence', 'The sensors are simulated');
    expect(await page.locator('#evidence').getAttribute('data-evidence')).toBe('simulated');
    expect(await page.locator('.plane-watermark').isVisible()).toBe(true);
    expect(await page.title()).toMatch(/^SIMULATED/);
    await shows('.input-layout', 'SIMULATED, EEG');
  });

  it('hides the truth until it is asked for, and holds the estimate against it', async () => {
    await open();
    const estimates = Array.from({ length: 40 }, (_, i) => {
      const valence = Math.sin(i / 6) / 2;
      return affect({ time: 4 + i / 2, valence, arousal: 0.5 });
    });
    daemon.say(...estimates);
    await page.locator('[data-trace=valence] [aria-label*="40 predictions"]').waitFor();
    expect(await page.locator('#truth').isVisible()).toBe(false);
    // Arousal is beyond its interval throughout; valence over each window is two thirds of what was estimated at its end.
    const told = (time: number) => 0.35 * Math.sin((time - 2) / 3);
    daemon.say(
      ...Array.from({ length: 240 }, (_, i) => truth({ time: i / 10, valence: told(i / 10), arousal: -0.4 })),
    );
    const box = page.getByLabel('show the truth');
    await box.waitFor();
    expect(await box.isChecked()).toBe(false);
    const pixels = () => page.evaluate<number>(drawnPixels('valence'));
    expect(await page.locator('.plane-truth').isVisible()).toBe(false);
    expect(await page.locator('.truth-scores').isVisible()).toBe(false);
    const before = await pixels();
    await box.focus();
    await page.keyboard.press('Space');
    await shows('.truth-scores', /valence CCC 0\.9\d, 90 % intervals hold 100 % of 40 windows/);
    await shows(
      '.truth-scores',
      /arousal CCC none \(something is constant\), 90 % intervals hold 0 % of 40 windows/,
    );
    expect(await page.locator('.plane-truth').isVisible()).toBe(true);
    expect(await page.locator('#plane svg').getAttribute('aria-label')).toMatch(
      /The truth: valence \S+, arousal \u22120\.40/,
    );
    await page.locator('[data-trace=valence] [aria-label*="the truth is shown"]').waitFor();
    expect(await pixels()).toBeGreaterThan(before + 100);
    await page.locator('[data-trace=valence] .trace-plot').focus();
    await page.keyboard.press('Home');
    await shows('[data-trace=valence] .trace-readout', /^0:04\.0: .*, truth \+0\.2\d$/);
    await box.focus();
    await page.keyboard.press('Space');
    await page.locator('.truth-scores').waitFor({ state: 'hidden' });
    expect(await page.locator('.plane-truth').isVisible()).toBe(false);
    await page
      .locator('[data-trace=valence] [aria-label*="the truth is shown"]')
      .waitFor({ state: 'detached' });
    expect(await pixels()).toBeLessThan(before + 100);
  });

  it('shows what a session told before it came, under what it tells since', async () => {
    daemon.past = [
      ...Array.from({ length: 300 }, (_, i) => affect({ time: 4 + i / 2, valence: -0.5 })),
      marker({ time: 100, text: 'film "A"' }),
      sys({ code: 'gap-found', level: 'warn', message: 'samples are missing' }, { time_unix: 1_779_999_000 }),
    ];
    await open();
    daemon.say(affect({ time: 153.5, valence: 0.25 }), affect({ time: 154, valence: 0.5 }));
    await page.locator('[data-trace=valence] [aria-label*="301 predictions"]').waitFor();
    await shows('.readout-valence', '+0.50');
    await shows('.event-code', 'gap-found');
    await shows('.marker', /1:40\.00\s*film "A"\s*experiment/);
    daemon.say(affect({ time: 154.5, valence: 0.5 }));
    await page.locator('[data-trace=valence] [aria-label*="302 predictions"]').waitFor();
  });

  it('sets a marker where the mouse was pressed, and says what became of it', async () => {
    await open();
    daemon.say(affect({ time: 4 }));
    await page.getByLabel('Text', { exact: true }).fill('film "A"');
    const clicked = page.evaluate<number>(
      `new Promise((done) => document.querySelector('#markers button').addEventListener('click',
        ({ timeStamp }) => done((performance.timeOrigin + timeStamp) / 1000)))`,
    );
    await page.getByRole('button', { name: 'Set a marker' }).click();
    await shows('.marker-answer', 'Set at 0:12.50.');
    expect(daemon.marked).toHaveLength(1);
    const [{ session, text, time_unix }] = daemon.marked;
    expect([session, text]).toEqual(['s1', 'film "A"']);
    expect(Math.abs(time_unix - (await clicked))).toBeLessThan(0.001);
    daemon.say(marker({ time: 12.5, text: 'film "A"' }));
    await shows('.marker', /0:12\.50\s*film "A"/);
    daemon.isRecording = false;
    const pressed = page.evaluate<number>(
      `new Promise((done) => document.querySelector('#markers input').addEventListener('keydown',
        ({ timeStamp }) => done((performance.timeOrigin + timeStamp) / 1000)))`,
    );
    await page.getByLabel('Text', { exact: true }).press('Enter');
    await shows('.marker-answer', 'Set at 0:12.50, not recorded.');
    expect(Math.abs(daemon.marked[1].time_unix - (await pressed))).toBeLessThan(0.001);
  });

  it('starts and stops a recording and a rest of the session that is shown, and says how far each is', async () => {
    const status = (more: object) => ({
      ...{ session: 's1', run: 'r', zero_unix: Date.now() / 1000 - 100, time: 99, streams: [] },
      ...{ baseline_since: null, recording: null, ...more },
    });
    const recording = {
      ...{ file: 's1_part-1.xdf', bytes: 12_340_000, since_unix: Date.now() / 1000 - 75 },
      ...{ disk_free_bytes: 45e9, failure: null },
    };
    daemon.sessions = [status({}), { ...status({}), session: 's2' }];
    daemon.answers = {
      record: { session: 's1', recording, stopped: null },
      baseline: { session: 's1', time: 40, recorded: false, nodes: ['rest'] },
    };
    await open();
    await shows('[data-act=record] .act-told', 'Not recorded.');
    daemon.sessions = [status({ recording, baseline_since: 40 })];
    await page.getByRole('button', { name: 'Record', exact: true }).click();
    await shows('[data-act=record] .act-told', /^s1_part-1\.xdf: 1 min 1\d s, 12 MB, 45 GB free\.$/);
    await shows('[data-act=baseline] .act-told', /^Taken since 0:40\.0, for 1 min \d s\.$/);
    daemon.sessions = [status({ recording: { ...recording, failure: 'disk-full' } })];
    await page.getByRole('button', { name: 'End the rest' }).click();
    await shows('[data-act=baseline] .act-answer', 'Ended at 0:40.0, not recorded; for rest.');
    await shows('[data-act=baseline] .act-told', 'None is taken.');
    await shows('.is-failing .act-told', 'Nothing is kept: disk-full, 45 GB free.');
    daemon.answers.record = { session: 's1', recording: null, stopped: { file: 'a.xdf', bytes: 1234 } };
    daemon.sessions = [status({})];
    await page.getByRole('button', { name: 'Stop recording' }).click();
    await shows('[data-act=record] .act-answer', 'Kept: a.xdf, 1.2 kB.');
    expect(daemon.acted).toEqual([
      ['record', 's1', 'start'],
      ['baseline', 's1', 'stop'],
      ['record', 's1', 'stop'],
    ]);
    // Without a session there is nothing to act on.
    daemon.sessions = [];
    await page.locator('#acts').waitFor({ state: 'hidden', timeout: 10_000 });
  });

  it('lists what is on the LSL network while it is looked at, and connects it into the session that is shown', async () => {
    const free = {
      ...{ uid: 'u1', name: '<i>cap</i>', type: 'EEG', source_id: 'serial 1', host: 'lab-pc', channels: 8 },
      ...{ sfreq: 250, state: 'free', asked: false, received: [], why: 'no source of type lsl takes it' },
    };
    daemon.answers = {
      lsl: { outlets: [free], more: false },
      inlet: { uid: 'u1', session: 's1', streams: ['cap'] },
    };
    await open();
    daemon.say(affect({ time: 4 }));
    await shows('.session', 's1');
    await page.locator('#network summary').click();
    await shows('.outlet', '<i>cap</i> EEG, 250 Hz, 8 channels, lab-pc, serial 1');
    await shows('.outlet', 'no source of type lsl takes it');
    const received = [{ session: 's1', streams: ['cap'], sources: ['eeg'] }];
    const connected = { ...free, state: 'connected', asked: true, received, why: null };
    daemon.answers.lsl = { outlets: [connected], more: false };
    await page.getByRole('button', { name: 'Connect <i>cap</i>' }).click();
    await shows('.outlet[data-state=connected]', 'in s1, feeds eeg');
    await shows('.outlet .act-answer', 'Connected into s1.');
    daemon.answers.lsl = { outlets: [], more: false };
    await page.getByRole('button', { name: 'Disconnect <i>cap</i>' }).click();
    await shows('#network .asked-note', 'No outlet answers');
    expect(daemon.acted).toEqual([
      ['inlet', 's1', 'connect'],
      ['inlet', undefined, 'disconnect'],
    ]);
  });

  it('lists the recordings, to be saved', async () => {
    const shelved = {
      ...{ file: 'a.xdf', session: 's1', bytes: 2_500_000, parts: 2, files: ['a.xdf', 'a_part-2.xdf'] },
      ...{ begun_unix: 1_780_000_000, duration_s: null, is_recorded: true },
    };
    const other = { ...shelved, file: 'b c.xdf', session: null, parts: 1, files: ['b c.xdf'] };
    const recordings = [shelved, { ...other, duration_s: 65, is_recorded: false }];
    daemon.answers = { recordings: { recordings, more: false, disk_free_bytes: 3e12 } };
    await open();
    await page.locator('#shelf summary').click();
    await shows('.recording', /a\.xdf\s*session s1, .*, being recorded, 2\.5 MB, 2 parts/);
    await shows('.recording', /b c\.xdf\s*not of a session, .*, 1 min 5 s, 2\.5 MB/);
    await shows('#shelf .asked-note', '3.0 TB free');
    const links = await page.evaluate<string[]>(
      `[...document.querySelectorAll('.recording a')].map((link) => link.getAttribute('href'))`,
    );
    expect(links).toEqual(['a.xdf', 'a_part-2.xdf', 'b%20c.xdf'].map((file) => `v1/recordings/${file}`));
  });

  it('says in its header that every sensor is masked', async () => {
    await open();
    const masked = { present: false, coverage: 0, weight: null, reason: 'disconnected' } as const;
    daemon.say(affect({ time: 4 }));
    await shows('.connection', /live/);
    daemon.say(affect({ time: 4.5, modalities: { eeg: masked, eye: masked }, valid: false }));
    await shows('.connection', /no sensor\s*every sensor is masked/);
    daemon.say(affect({ time: 5 }));
    await shows('.connection', /live/);
  });

  it('shows classes, further dimensions and rankings, and no plane where a model has no place on it', async () => {
    await open();
    const classes = { baseline: 0.7, stress: 0.3 };
    daemon.say(affect({ time: 4, valence: null, arousal: null, classes }));
    await shows('.answer', /baseline\s*70 %/);
    await shows('.answer', /stress\s*30 %/);
    expect(await page.locator('#plane').isVisible()).toBe(false);
    expect(await page.locator('#traces').isVisible()).toBe(false);
    await page.locator('#answers .simulated-tag').waitFor();
    daemon.say(
      affect({ time: 4.5, valence: null, arousal: null, classes, valid: false, reason: 'low-coverage' }),
    );
    await shows('.answer', /stress\s*30 % \(not valid\)/);
    const probabilities = { higher: 0.6, similar: 0.3, lower: 0.1 };
    daemon.say(
      affect({
        ...{ time: 4, session: 's2', dominance: 0.25, liking: -0.5, high: { valence: 0.8 } },
        ranking: { arousal: { start: { is: 'higher', probabilities } } },
      }),
    );
    await page.getByRole('button', { name: /s2/ }).click();
    await shows('.answer', /dominance\s*\+0\.25/);
    await shows('.answer', /liking\s*\u22120\.50/);
    await shows('.answer', /valence high\s*80 %/);
    await shows('.answer', /arousal against start\s*higher, 60 %/);
    expect(await page.locator('#plane').isVisible()).toBe(true);
  });

  it('shows indices of a pipeline without a model, and why one has no value yet', async () => {
    await open();
    const index = (value: number | null, reason: 'resting' | null) =>
      indices({ time: 5, indices: [{ channel: 'heart', feature: 'hr_mean', value, reason }] });
    daemon.say(index(null, 'resting'));
    await shows('.answer', /heart hr_mean heart_index\s*the rest is being measured/);
    expect(await page.locator('#plane').isVisible()).toBe(false);
    daemon.say(index(-1.5, null));
    await shows('.answer', /\u22121\.50 sd/);
    const fill = page.locator('#indices .answer-fill').first();
    expect(await fill.getAttribute('style')).toBe('width: 25%; left: 25%;');
  });

  it('names the model and the pipeline, in full on a click', async () => {
    await open();
    const message = affect({ time: 4 });
    daemon.say(message);
    await shows('.model', 'demo@sha256:01234567\u2026');
    await page.locator('.model').click();
    await shows('.model', message.model);
    await shows('.pipeline', 'sha256:fedcba98\u2026');
  });

  it('asks what each sensor brings to the estimate, and draws it to either side of nothing', async () => {
    await open();
    expect(daemon.asked).toMatchObject({
      streams: ['affect', 'indices', 'markers', 'quality', 'sys', 'truth'],
      explain: true,
    });
    const modalities = {
      eeg: { present: true, coverage: 1, weight: null },
      eye: { present: true, coverage: 1, weight: null },
    };
    daemon.say(
      affect({
        time: 4,
        modalities,
        contribution: {
          eeg: { valence: 0.25, arousal: -0.125 },
          eye: { valence: 0, arousal: 0.9, 'classes.stress': 0.04 },
        },
      }),
    );
    await shows('[data-modality=eeg] .changes', /valence\s*\+0\.25\s*arousal\s*\u22120\.13/);
    await shows('[data-modality=eye] .changes', /stress\s*\+0\.04/);
    expect(await page.locator('.contribution-meaning').isVisible()).toBe(true);
    expect(await page.locator('[data-modality=eeg] .bar', { hasText: 'weight' }).isVisible()).toBe(false);
    // Shares of the track, from its middle: half a side to the right, a quarter to the left; no further than its end.
    const drawn = await page.locator('.changes .bar-track').evaluateAll((tracks) =>
      tracks.map((track) => {
        const [all, fill] = [track, track.firstElementChild!].map((part) => part.getBoundingClientRect());
        const side = (x: number): number => Math.round((100 * (x - all.left - all.width / 2)) / (all.width / 2)); // biome-ignore format: a formula
        return [side(fill.left), side(fill.right)];
      }),
    );
    expect(drawn).toEqual([[0, 50], [-25, 0], [0, 0], [0, 100], [0, 8]]); // biome-ignore format: one a bar
    daemon.say(affect({ time: 4.5, modalities }));
    await page.locator('[data-modality=eeg] .changes').waitFor({ state: 'hidden' });
    expect(await page.locator('.contribution-meaning').isVisible()).toBe(false);
  });

  it('shows masked sensors and bad channels with their reasons', async () => {
    await open();
    daemon.say(
      affect({
        time: 4,
        modalities: {
          eeg: { present: true, coverage: 0.97, weight: 0.8 },
          eye: { present: false, coverage: 0, weight: 0, reason: 'stale' },
        },
      }),
      quality({
        time: 4,
        inputs: {
          eeg: {
            name: 'headset',
            type: 'EEG',
            sfreq: 256,
            present: true,
            reason: null,
            channels: [
              { label: 'Fp1', coverage: 1, state: 'ok' },
              { label: 'T7', coverage: 0, state: 'flat' },
              { label: '', coverage: 0, state: 'unlabelled' },
            ],
          },
        },
      }),
    );
    await shows('[data-modality=eye][data-present=false]', /masked\s*stopped sending/);
    await shows('[data-modality=eeg][data-present=true]', /97 %.*0\.80/s);
    await shows('[data-input=eeg]', 'EEG, 256 Hz, 1 of 3 channels ok; 1 flat, 1 unlabelled');
    const channels = page.locator('[data-input=eeg] .channel');
    expect(await channels.evaluateAll((all) => all.map((one) => one.getAttribute('data-kind')))).toEqual([
      'ok',
      'flat',
      'suspect',
    ]);
    expect(await channels.nth(1).textContent()).toBe('T7: flat line: check the contact');
    expect(await channels.nth(2).getAttribute('title')).toMatch(/^#3: channels have no names/);
    daemon.say(affect({ time: 5, modalities: { eeg: { present: true, coverage: 1, weight: 1 } } }));
    await page.locator('[data-modality=eye]').waitFor({ state: 'detached' });
  });

  it('says why predictions are not valid, and tells listeners', async () => {
    await open();
    daemon.say(affect({ time: 4 }), affect({ time: 5 }));
    await shows('.readout-valence', '+0.20');
    daemon.say(
      affect({ time: 6, valence: null, arousal: null, valid: false, reason: 'no-input', modalities: {} }),
    );
    await shows('.plane-state', 'no sensor delivers');
    await shows('.readout-valence', 'none');
    await shows('.blanks li', '0:05 to 0:06: no sensor delivers');
    await shows('[role=status]', 'not valid');
    expect(await page.locator('.plane-point').isVisible()).toBe(false);
  });

  it('comes back when the daemon restarts, with a fresh trace', async () => {
    await open();
    daemon.say(affect({ time: 100 }), affect({ time: 101 }));
    await page.locator('[aria-label*="2 predictions"]').first().waitFor();
    await daemon.stop();
    await shows('.connection-word', 'reconnecting');
    await shows('.connection-detail', 'last message');
    await shows('[role=status]', 'reconnecting');
    await daemon.start();
    await daemon.subscriber();
    // What Chromium says of the attempts in between.
    complaints = complaints.filter((text) => !text.includes('ERR_CONNECTION_REFUSED'));
    daemon.say(affect({ time: 4, valence: 0.9 }));
    await shows('.connection-word', 'live');
    await shows('.readout-valence', '+0.90');
    await page.locator('[aria-label*=": 1 predictions"]').first().waitFor();
  });

  it('shows one model of several, and another on a click', async () => {
    await open();
    daemon.say(affect({ time: 4, node: 'calm', valence: 0.25 }));
    await shows('.readout-valence', '+0.25');
    expect(await page.locator('#models').isHidden()).toBe(true);
    daemon.say(affect({ time: 4, node: 'stress', valence: -0.75 }));
    const stress = page.getByRole('button', { name: 'stress' });
    await stress.waitFor();
    await shows('.readout-valence', '+0.25');
    await stress.click();
    await shows('.readout-valence', '\u22120.75');
    daemon.say(
      affect({ time: 4.5, node: 'calm', valence: 0.5 }),
      affect({ time: 4.5, node: 'stress', valence: -0.5 }),
    );
    await shows('.readout-valence', '\u22120.50');
    expect(await stress.getAttribute('aria-pressed')).toBe('true');
    expect(await page.getByRole('button', { name: 'calm' }).getAttribute('aria-pressed')).toBe('false');
  });

  it('keeps sessions apart, by names that are text and nothing else', async () => {
    const other = '<img src=x onerror=alert(1)>';
    await open();
    daemon.say(
      affect({ time: 4, valence: 0.11 }),
      affect({ time: 4, valence: 0.99, session: other }),
      sys({ code: 'gap-found', level: 'warn', message: 'of the first' }),
      sys({ code: 'gap-found', level: 'warn', message: 'of the other' }, { session: other }),
    );
    await shows('.event-message', 'of the first');
    expect(await page.locator('.event').count()).toBe(1);
    await page.getByRole('button', { name: other }).click();
    await shows('.readout-valence', '+0.99');
    await shows('.event-message', 'of the other');
    await page.getByLabel('all sessions').check();
    await shows('.event-message', 'of the first');
    expect(await page.locator('.session[aria-current=true]').count()).toBe(1);
  });

  it('greys a session that falls silent, and tells its age', async () => {
    await open();
    await page.clock.install();
    daemon.say(affect({ time: 4 }));
    await shows('.connection-word', 'live');
    await page.clock.fastForward(1000 * (SILENT_AFTER_S + 60));
    await shows('.session.is-silent', /silent for 1 min/);
    await shows('.connection-word', 'silent');
    await shows('.connection-detail', /last message 1 min \d+ s ago/);
    await shows('.plane-state', /^Not current: the last estimate, 1 min \d+ s old/);
    await shows('.blanks li', /^0:04 to 1:\d\d: no messages/);
    daemon.say(affect({ time: 5 }));
    await shows('.connection-word', 'live');
    await page.locator('.session.is-silent').waitFor({ state: 'detached' });
    await shows('.plane-state', /^Box: 90 % interval/);
  });

  it('draws every stream of the session that is shown, says what each is for, and which fell silent', async () => {
    const eeg = signalInfo({ type: 'EEG', sfreq: 500, labels: ['Cz', 'Pz'], unit: 'uV' });
    const eda = signalInfo({ type: 'EDA', sfreq: 4, labels: ['EDA'], unit: 'uS' });
    const cues = signalInfo({ type: 'Markers', sfreq: 0, labels: ['cue'], unit: '' });
    const status = { ...{ name: '', source_id: '', channels: [], samples: 1, last: 1, stale: false } };
    daemon.sessions = [
      {
        ...{ session: 's1', run: 'r', zero_unix: null, time: 1, baseline_since: null, recording: null },
        streams: [
          { ...status, id: 'eeg', type: 'EEG', sfreq: 500, sources: ['eeg', 'more'], why: null },
          { ...status, id: 'eda', type: 'EDA', sfreq: 4, sources: [], why: 'no source takes type EDA' },
        ],
      },
    ];
    await open();
    daemon.say(quality({ time: 1 }), quality({ time: 1, session: 's2' }));
    await shows('.session', 's1');
    await expect.poll(() => [...daemon.watched]).toEqual([['s1', expect.objectContaining({ max_points_per_s: 20 })]]); // biome-ignore format: one
    daemon.say(
      opened('eeg', { ...eeg, simulated: true }),
      opened('eda', eda),
      opened('cues', cues),
      bins({ id: 'eeg', first: 0, least: [[-20, 1], [-30, 2]], greatest: [[20, 1], [10, 3]], past: true }), // biome-ignore format: rows
      bins({ id: 'eeg', first: 2, least: [[-5, 1], null, [4, null]], greatest: [[5, 1], null, [4, null]] }), // biome-ignore format: rows
      samples({ id: 'eda', zero: 0, times: [0, 0.25], data: [[2], [3]] }),
      samples({ id: 'cues', zero: 0, times: [0.2], data: [['<b>film</b>']] }),
      // Of another session, which is not shown.
      bins({ id: 'eeg', session: 's2', first: 900, least: [[9, 9]], greatest: [[9, 9]] }),
    );
    await shows('[data-stream=eeg][data-state=live]', /a EEG SIMULATED, EEG, 500 Hz, 2 channels/);
    await shows('[data-stream=eeg]', /feeds eeg, more; a lane is .50 uV/);
    await shows('[data-stream=eda]', 'feeds no source: no source takes type EDA');
    await shows('[data-stream=cues]', 'last: <b>film</b>');
    const plotted = (id: string, channel: number) =>
      page.evaluate<unknown>(
        `document.querySelector('[data-stream=${id}] signal-trace').plotted(${channel})`,
      );
    expect(await plotted('eeg', 0)).toEqual(
      [[0, -20, 20], [1, -30, 10], [2, -5, 5], [4, 4, 4]].map(([column, least, greatest]) => ({ time: column / 20, least, greatest })), // biome-ignore format: rows
    );
    expect(await plotted('eeg', 1)).toEqual(
      [[0, 1, 1], [1, 2, 3], [2, 1, 1]].map(([column, least, greatest]) => ({ time: column / 20, least, greatest })), // biome-ignore format: rows
    );
    // What is drawn lies at the right edge, one axis for all: that of EDA ended 50 ms after EEG's last.
    const drawn = (id: string) =>
      page.evaluate<number[]>(`(() => {
        const { width, height } = document.querySelector('[data-stream=${id}] canvas');
        const { data } = document.querySelector('[data-stream=${id}] canvas').getContext('2d').getImageData(0, 0, width, height);
        const columns = new Set();
        for (let i = 3; i < data.length; i += 4) if (data[i] > 0) columns.add(width - 1 - (((i - 3) / 4) % width));
        return [...columns].sort((a, b) => a - b);
      })()`);
    expect(await drawn('eeg')).toEqual([1, 3, 4, 5]);
    expect(await drawn('eda')).toEqual([0, 1, 2, 3, 4, 5]);
    await shows('[data-stream=eeg][data-state=silent]', 'silent');
    daemon.say({ ...opened('eeg', eeg), kind: 'close', info: undefined });
    await shows('[data-stream=eeg][data-state=gone]', 'gone');
    await page.getByRole('button', { name: 's2' }).click();
    await page.locator('#signals').waitFor({ state: 'hidden' });
    await expect.poll(() => [...daemon.watched.keys()]).toEqual(['s2']);
  });

  it('says within a second that a sensor was pulled', async () => {
    await open();
    await page.clock.install();
    daemon.say(quality({ time: 1 }));
    await expect.poll(() => daemon.watched.has('s1')).toBe(true);
    daemon.say(opened('eeg', signalInfo({ type: 'EEG', sfreq: 500, labels: ['Cz'], unit: 'uV' })));
    for (let first = 0; first < 40; first++) {
      daemon.say(bins({ id: 'eeg', first, least: [[0]], greatest: [[1]] }));
      const last = () =>
        page.evaluate(`document.querySelector('[data-stream=eeg] signal-trace')?.plotted(0).length`);
      await expect.poll(last).toBe(first + 1);
      await page.clock.runFor(50);
    }
    await shows('[data-stream=eeg][data-state=live]', 'live');
    await page.clock.runFor(1000);
    expect(await page.locator('[data-stream=eeg][data-state=silent]').count()).toBe(1);
  });

  it('moves the cursor of the traces by keyboard', async () => {
    await open();
    daemon.say(
      affect({ time: 4, valence: 0.1 }),
      affect({ time: 5, valence: 0.2 }),
      affect({ time: 6, valence: 0.3 }),
    );
    await page.locator('[aria-label*="3 predictions"]').first().waitFor();
    await page.locator('[data-trace=valence] .trace-plot').focus();
    await page.keyboard.press('End');
    await shows('[data-trace=valence] .trace-readout', '0:06.0: +0.30 [+0.00, +0.60]');
    await page.keyboard.press('ArrowLeft');
    await shows('[data-trace=valence] .trace-readout', '0:05.0: +0.20');
    await page.keyboard.press('Home');
    await shows('[data-trace=valence] .trace-readout', '0:04.0: +0.10');
  });

  it('stays small under thousands of messages', async () => {
    await open();
    const elements = () => page.evaluate<number>('document.querySelectorAll("*").length');
    for (let i = 0; i < 6000; i++)
      daemon.say(
        affect({ time: 4 + i / 2, session: `s${i % 5}` }),
        sys({ code: 'gap-found', level: 'warn', message: `gap ${i}` }, { session: `s${i % 5}` }),
      );
    daemon.say(affect({ time: 5000, session: 's0', valence: -0.77 }));
    await shows('.readout-valence', '\u22120.77');
    await page.getByLabel('all sessions').check();
    await shows('.event-message', 'gap 5999');
    expect(await page.locator('.event').count()).toBe(EVENT_LIMIT);
    expect(await elements()).toBeLessThan(2500);
  });

  it('passes the token of its address on, as a subprotocol', async () => {
    await open('/?token=s%C3%A9same');
    const carried = daemon.offered.find((offer) => offer.startsWith('affectd.bearer.'))!;
    expect(Buffer.from(carried.slice('affectd.bearer.'.length), 'base64url').toString()).toBe('s\u00e9same');
  });

  it('says that a token is missing', async () => {
    daemon.refuses = true;
    await open();
    await shows('.connection', /closed\s*unauthorised/);
    await shows('#empty-title', 'refused');
    await shows('#empty-text', '?token=');
  });

  it.each(['light', 'dark'] as const)('can be used by everybody, %s', async (colorScheme) => {
    const status = { run: 'r', zero_unix: null, time: 4, baseline_since: 2, streams: [] };
    const recording = { file: 'a.xdf', bytes: 1, since_unix: 0, disk_free_bytes: null, failure: 'disk-full' };
    daemon.sessions = [{ ...status, session: 's1', recording }];
    const outlet = { uid: 'u1', name: 'cap', type: 'EEG', source_id: '', host: 'pc', channels: 1, sfreq: 0 };
    const shelved = { file: 'a.xdf', session: null, bytes: 1, parts: 1, files: ['a.xdf'], begun_unix: null };
    daemon.answers = {
      lsl: { outlets: [{ ...outlet, state: 'lost', asked: true, received: [], why: 'lost' }], more: true },
      recordings: {
        recordings: [{ ...shelved, duration_s: 1, is_recorded: false }],
        ...{ more: true, disk_free_bytes: 1 },
      },
    };
    await open('/', { colorScheme });
    expect(await barriers(page)).toEqual([]);
    const classes = { stress: 0.7, rest: 0.3 };
    const contribution = { eeg: { valence: 0.1 }, eye: { valence: -0.2 } };
    daemon.say(
      affect({ time: 4, classes, contribution }),
      truth({ time: 4 }),
      marker({ time: 3 }),
      indices({ time: 4 }),
      sys({ code: 'gap-found', level: 'error', message: 'samples are missing' }),
      opened('eeg', signalInfo({ type: 'EEG', sfreq: 500, labels: ['Cz', 'Pz'], unit: 'uV' })),
      bins({ id: 'eeg', first: 0, least: [[-20, 1]], greatest: [[20, 1]] }),
    );
    await shows('.is-failing .act-told', 'disk-full');
    await page.locator('#network summary').click();
    await page.locator('#shelf summary').click();
    await shows('.outlet', 'lost');
    await shows('.recording', 'a.xdf');
    expect(await barriers(page)).toEqual([]);
  });

  it('is worked by the keyboard alone', async () => {
    const status = { run: 'r', zero_unix: null, time: 4, baseline_since: null, streams: [], recording: null };
    daemon.sessions = [
      { ...status, session: 's1' },
      { ...status, session: 's2' },
    ];
    daemon.answers = {
      record: { session: 's2', recording: null, stopped: null },
      lsl: { outlets: [], more: false },
    };
    await open();
    await shows('.session', 's2');
    /** Goes on by Tab, as far as a person would have to. */
    const reach = async (name: string): Promise<void> => {
      for (let presses = 0; presses < 40; presses++) {
        await page.keyboard.press('Tab');
        const { text, outline } = await page.evaluate<{ text: string; outline: string }>(`(() => {
          const { activeElement } = document;
          return {
            text: activeElement.ariaLabel ?? (activeElement.labels?.[0] ?? activeElement).textContent.trim(),
            outline: getComputedStyle(activeElement).outlineStyle,
          };
        })()`);
        // Who can't see where they are can't go anywhere.
        expect([text, outline]).not.toEqual([text, 'none']);
        if (text.includes(name)) return;
      }
      expect.unreachable(`${name} is not reached`);
    };
    await reach('s2');
    await page.keyboard.press('Enter');
    await expect.poll(() => [...daemon.watched.keys()]).toEqual(['s2']);
    await reach('Record');
    await page.keyboard.press('Space');
    await expect.poll(() => daemon.acted).toEqual([['record', 's2', 'start']]);
    await reach('Text');
    await page.keyboard.type('film');
    await page.keyboard.press('Enter');
    await expect.poll(() => daemon.marked).toMatchObject([{ session: 's2', text: 'film' }]);
    await reach('LSL outlets');
    await page.keyboard.press('Enter');
    await shows('#network .asked-note', 'No outlet answers');
  });

  it.each([
    [380, 'dark'],
    [820, 'light'],
    [1440, 'dark'],
  ] as const)('fits %i px without sideways scrolling, %s', async (width, colorScheme) => {
    await open('/', { viewport: { width, height: 800 }, colorScheme });
    daemon.say(affect({ time: 4, session: 'a-session-with-a-rather-long-name-2026-11-22' }));
    await page.locator('.model').click();
    await shows('.readout-valence', '+0.20');
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
  });
});
