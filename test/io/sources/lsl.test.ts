import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/core/clock.js';
import { ConfigurationError } from '../../../src/core/errors.js';
import type { StreamMessage } from '../../../src/core/signal.js';
import { channelsElement, simulatedElement } from '../../../src/io/lsl/declaration.js';
import { type Carrier, carrierOf, type LslContext } from '../../../src/io/lsl/network.js';
import { Outlet } from '../../../src/io/lsl/outlet.js';
import type { StreamDescription } from '../../../src/io/lsl/stream-info.js';
import { type XmlElement, xmlElement } from '../../../src/io/lsl/xml.js';
import { type LslParams, LslSource } from '../../../src/io/sources/lsl.js';
import type { SessionMessage } from '../../../src/io/sources/source.js';
import { StallWatch } from '../../../src/signal/timebase/stall-watch.js';
import { runningClock } from '../../cli/running-clock.js';
import { cleanUpAfterEach } from '../../setup/clean-up-after-each.js';
import { testNetwork } from '../lsl/liblsl-oracle.js';
import { ownPorts } from '../lsl/own-ports.js';

const network = testNetwork(await ownPorts());
const { context } = network;
const { cleanups } = cleanUpAfterEach();

function listen(
  params: LslParams = {},
  {
    clock = context.clock,
    stall,
    carrier,
  }: Partial<Pick<LslContext, 'clock' | 'carrier'>> & { readonly stall?: StallWatch } = {},
) {
  const received: SessionMessage[] = [];
  const waiting = new Set<() => void>();
  const subscription = new LslSource({ ...context, clock, ...(carrier && { carrier }) }, params, {
    session: 'lab',
    ...(stall && { stall }),
  }).messages$.subscribe((message) => {
    received.push(message);
    for (const look of [...waiting]) look();
  });
  cleanups.push(() => subscription.unsubscribe());
  /** Resolves with the first message that fits. */
  const message = <T extends StreamMessage['kind']>(
    kind: T,
    fits: (message: Extract<StreamMessage, { kind: T }>, session: string) => boolean = () => true,
  ) =>
    new Promise<Extract<StreamMessage, { kind: T }>>((resolve) => {
      const look = (): void => {
        const found = received.find(
          (one) => one.message.kind === kind && fits(one.message as never, one.session),
        );
        if (!found) return;
        waiting.delete(look);
        resolve(found.message as never);
      };
      waiting.add(look);
      look();
    });
  return { received, message };
}

async function offer(description: Partial<StreamDescription> & Pick<StreamDescription, 'name' | 'type'>) {
  const outlet = await Outlet.create(context, { channelCount: 2, nominalRate_hz: 100, ...description });
  cleanups.push(() => outlet.close());
  return outlet;
}

const eegChannels = channelsElement([
  { label: 'FP1', unit: 'volts', type: 'EEG' },
  { label: 'Fp2', unit: 'volts', type: 'EEG' },
]);

/** `n` samples at 100 Hz that end now. */
function pushNow(outlet: Outlet, n: number, value = 1e-6): number {
  const now = context.clock.now();
  const values = new Float32Array(2 * n).fill(value);
  outlet.push(
    values,
    Float64Array.from({ length: n }, (_, i) => now + (i - n + 1) / 100),
  );
  return now;
}

describe('the machine sleeps', () => {
  it('a stream of the same machine, whose clock stood still, that was measured only since, is placed by arrivals', async () => {
    const { clock } = context;
    let slept_s = 0;
    const sleeping: Clock = {
      now: () => clock.now(),
      unix: () => clock.unix() + slept_s,
      uptime: () => clock.uptime() + slept_s,
      after: (delay_s, action) => clock.after(delay_s, action),
      every: (period_s, action) => clock.every(period_s, action),
    };
    const stall = new StallWatch(sleeping, () => {});
    cleanups.push(() => stall.stop());
    const { message } = listen({ query: "source_id='asleep'" }, { clock: sleeping, stall });
    const outlet = await offer({ name: 'Cap', type: 'EEG', sourceId: 'asleep' });
    await outlet.waitForConsumers(10);
    pushNow(outlet, 20);
    await message('chunk');
    slept_s = 60;
    const now = pushNow(outlet, 20);
    const { chunk } = await message('chunk', ({ chunk: { times } }) => times[0] > now + 1);
    expect(Math.abs(chunk.times[chunk.times.length - 1] - now - 60)).toBeLessThan(0.1);
    expect(chunk.gapBefore).toBe(true);
    const resets = network.events.filter(({ code }) => code === 'clock-reset');
    expect(resets.map(({ details }) => (details as { how: string }).how)).toEqual(['arrival']);
  });
});

describe('lsl source', () => {
  it('brings streams in with canonical labels and units, on this machine’s clock', async () => {
    const { message } = listen({ query: "source_id='a'" });
    const outlet = await offer({ name: 'Cap', type: 'EEG', sourceId: 'a', description: [eegChannels] });
    await outlet.waitForConsumers(10);
    const now = pushNow(outlet, 20);
    const { info } = await message('open');
    expect(info).toMatchObject({ id: 'Cap', type: 'EEG', sfreq: 100, sourceId: 'a', aligned: 'clock' });
    expect(info.channels.map(({ label, unit }) => `${label} ${unit}`)).toEqual(['Fp1 uV', 'Fp2 uV']);
    const { chunk } = await message('chunk');
    expect(chunk.times).toHaveLength(20);
    expect(Math.abs(chunk.times[19] - now)).toBeLessThan(1e-3);
    expect(chunk.data[0]).toBeCloseTo(1, 5);
    expect(chunk.gapBefore).toBe(false);
  });

  it('takes up a restarted outlet again within 1.5 s, with a gap before and events', async () => {
    const { message } = listen({ query: "source_id='b'" });
    const first = await offer({ name: 'Cap', type: 'EEG', sourceId: 'b', description: [eegChannels] });
    await first.waitForConsumers(10);
    pushNow(first, 5);
    await message('chunk');
    await first.close();
    await network.event('stream-lost');
    const second = await offer({ name: 'Cap', type: 'EEG', sourceId: 'b', description: [eegChannels] });
    const restarted = context.clock.now();
    await second.waitForConsumers(10);
    pushNow(second, 5, 2e-6);
    const { chunk } = await message('chunk', ({ chunk }) => chunk.data[0] > 1.5);
    expect(context.clock.now() - restarted).toBeLessThan(1.5);
    expect(chunk.gapBefore).toBe(true);
    expect((await network.event('stream-recovered')).stream).toBe('Cap');
  });

  it('brings stamps that count from 1970 onto this machine’s clock and says so', async () => {
    const { message } = listen({ name: 'E4' });
    const outlet = await offer({ name: 'E4', type: 'BVP', sourceId: 'c', channelCount: 1 });
    await outlet.waitForConsumers(10);
    const unix = context.clock.unix();
    const now = context.clock.now();
    outlet.push(Float32Array.of(1, 2), Float64Array.of(unix, unix + 0.01));
    const { info } = await message('open');
    expect(info.type).toBe('PPG');
    const { chunk } = await message('chunk');
    expect(Math.abs(chunk.times[0] - now)).toBeLessThan(0.01);
    const { details } = await network.event('stream-assumed-aligned');
    expect(details?.clock).toBe('unix');
  });

  it('delivers markers, of text and of Emotiv’s numbers', async () => {
    const { message } = listen({ query: "starts-with(source_id,'markers')" });
    const text = await offer({
      name: 'Stimuli',
      type: 'Markers',
      channelCount: 1,
      channelFormat: 'string',
      nominalRate_hz: 0,
      sourceId: 'markers 1',
    });
    await text.waitForConsumers(10);
    // Markers wait for a session to be in.
    const cap = await offer({ name: 'Cap', type: 'EEG', sourceId: 'markers of a cap' });
    await cap.waitForConsumers(10);
    pushNow(cap, 5);
    text.push(['grüße'], Float64Array.of(context.clock.now()));
    expect((await message('marker')).marker.value).toBe('grüße');
    const emotiv = await offer({
      name: 'EmotivDataStream-Markers',
      type: 'Markers',
      channelCount: 3,
      channelFormat: 'double64',
      nominalRate_hz: 0,
      sourceId: 'markers 2',
      description: [
        channelsElement(
          ['MarkerTime', 'MarkerValue', 'CurrentTime'].map((label) => ({ label, unit: '', type: '' })),
        ),
      ],
    });
    await emotiv.waitForConsumers(10);
    emotiv.push(Float64Array.of(1, 77, 2), Float64Array.of(context.clock.now()));
    expect((await message('marker', ({ marker }) => marker.value !== 'grüße')).marker.value).toBe('77');
  });

  it('keeps two people apart: no sample crosses', async () => {
    const { received, message } = listen({
      query: "starts-with(source_id,'person')",
      session: { by: 'pattern', pattern: '^person(\\d+)' },
    });
    const outlets = await Promise.all(
      [1, 2].map((n) =>
        offer({ name: 'Muse', type: 'EEG', sourceId: `person${n}-muse`, description: [eegChannels] }),
      ),
    );
    await Promise.all(outlets.map((outlet) => outlet.waitForConsumers(10)));
    for (const [i, outlet] of outlets.entries())
      for (let k = 0; k < 5; k++) pushNow(outlet, 4, (i + 1) * 1e-6);
    for (const n of ['1', '2'])
      await message('chunk', ({ chunk }, session) => session === n && chunk.times.length > 0);
    for (const { session, message: one } of received)
      if (one.kind === 'chunk')
        for (const value of one.chunk.data) expect(value).toBeCloseTo(Number(session), 4);
    expect(new Set(received.map(({ session }) => session))).toEqual(new Set(['1', '2']));
  });

  it('tells people apart by the subject in the description', async () => {
    const { message } = listen({ name: 'S', session: { by: 'subject' } });
    const subject = xmlElement('subject', [xmlElement('id', 'P07')]);
    const outlet = await offer({
      name: 'S',
      type: 'EEG',
      sourceId: 's',
      description: [eegChannels, subject],
    });
    await outlet.waitForConsumers(10);
    pushNow(outlet, 3);
    expect((await message('open', (_, session) => session === 'P07')).info.name).toBe('S');
  });

  it('takes the truth in, and keeps what is simulated marked', async () => {
    const { message } = listen({ query: "starts-with(source_id,'marked-')" });
    const description = [eegChannels, simulatedElement];
    const outlet = await offer({ name: 'Cap', type: 'EEG', sourceId: 'marked-a', description });
    const told = await offer({
      ...{ name: 'rating', type: 'Annotation', sourceId: 'marked-b' },
      description: [channelsElement(['valence', 'arousal'].map((label) => ({ label, unit: '', type: '' })))],
    });
    await Promise.all([outlet.waitForConsumers(10), told.waitForConsumers(10)]);
    pushNow(outlet, 20);
    pushNow(told, 20, 0.5);
    expect((await message('open', ({ info }) => info.type === 'EEG')).info.simulated).toBe(true);
    const { info } = await message('open', (one) => one.info.type === 'Annotation');
    expect('simulated' in info).toBe(false);
    const { chunk } = await message('chunk', (one) => one.chunk.info.type === 'Annotation');
    expect(chunk.data[0]).toBe(0.5);
  });

  it('looks for all lost streams by the questions that it asks anyway', async () => {
    const askers = new Set<string>();
    const ordinary = carrierOf({});
    const carrier: Carrier = {
      ...ordinary,
      bind: async (options, received) => {
        const socket = await ordinary.bind(options, received);
        const send = socket.send.bind(socket) as (bytes: Buffer, ...rest: unknown[]) => void;
        const heard = (bytes: Buffer, ...rest: unknown[]): void => {
          const [what, , asker] = bytes.toString().split('\r\n');
          if (what === 'LSL:shortinfo') askers.add(asker.split(' ')[1]);
          send(bytes, ...rest);
        };
        return Object.assign(socket, { send: heard });
      },
    };
    const { message } = listen({ query: "starts-with(source_id,'lost')" }, { carrier });
    const names = ['One', 'Two', 'Three'];
    const opened = async (): Promise<Outlet[]> => {
      const outlets = await Promise.all(
        names.map((name) =>
          offer({ name, type: 'EEG', sourceId: `lost ${name}`, description: [eegChannels] }),
        ),
      );
      for (const outlet of outlets) await outlet.waitForConsumers(10);
      return outlets;
    };
    for (const outlet of await opened()) {
      pushNow(outlet, 5);
      await outlet.close();
    }
    for (const name of names) await network.event('stream-lost', ({ stream }) => stream === name);
    for (const outlet of await opened()) pushNow(outlet, 5, 2e-6);
    for (const name of names)
      await message('chunk', ({ chunk }) => chunk.info.id === name && chunk.data[0] > 1.5);
    expect(askers.size).toBe(1);
  });

  it('takes a simulator in a headset’s place for another stream', async () => {
    const { clock, stop } = runningClock();
    cleanups.push(stop);
    const hurried = { ...context, clock };
    const told: string[] = [];
    const source = new LslSource(hurried, { query: "source_id='swapped'" }, { session: 'lab' });
    const swapped = new Promise<void>((resolve) => {
      const subscription = source.messages$.subscribe(({ message }) => {
        if (message.kind === 'open') told.push(message.info.simulated ? 'a simulator' : 'a headset');
        if (message.kind === 'close') told.push(message.cut ? 'cut' : 'closed');
        if (told.length === 3) resolve();
      });
      cleanups.push(() => subscription.unsubscribe());
    });
    const cap = {
      ...{ name: 'Cap', type: 'EEG', sourceId: 'swapped' },
      channelCount: 2,
      nominalRate_hz: 100,
    };
    const pushed = async (description: XmlElement[]): Promise<Outlet> => {
      const outlet = await Outlet.create(hurried, { ...cap, description });
      cleanups.push(() => outlet.close());
      const feeding = clock.every(0.1, () => outlet.push(new Float32Array(20)));
      cleanups.push(() => feeding.cancel());
      return outlet;
    };
    const headset = await pushed([eegChannels]);
    await headset.waitForConsumers(1000);
    while (told.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await headset.close();
    await pushed([eegChannels, simulatedElement]);
    await swapped;
    expect(told).toEqual(['a headset', 'cut', 'a simulator']);
  });

  it('takes an outlet without a source id that comes back for the same stream', async () => {
    const { received, message } = listen({ name: 'Nameless' });
    const first = await offer({ name: 'Nameless', type: 'EEG', sourceId: '', description: [eegChannels] });
    await first.waitForConsumers(10);
    pushNow(first, 5);
    await message('chunk');
    await first.close();
    await network.event('stream-lost');
    const second = await offer({ name: 'Nameless', type: 'EEG', sourceId: '', description: [eegChannels] });
    await second.waitForConsumers(10);
    pushNow(second, 5, 2e-6);
    const { chunk } = await message('chunk', (one) => one.chunk.data[0] > 1.5);
    expect(chunk.info.id).toBe('Nameless');
    expect(chunk.gapBefore).toBe(true);
    const kinds = received.map(({ message: { kind } }) => kind).filter((kind) => kind !== 'zero');
    expect(kinds).toEqual(['open', 'chunk', 'close', 'open', 'chunk']);
    expect(received.find(({ message: { kind } }) => kind === 'close')?.message).toMatchObject({ cut: true });
  });

  it('takes a device that comes back with other channels in anew', async () => {
    const { message } = listen({ name: 'Grown' });
    const first = await offer({ name: 'Grown', type: 'EEG', sourceId: 'grown', description: [eegChannels] });
    await first.waitForConsumers(10);
    pushNow(first, 5);
    await message('chunk');
    await first.close();
    await network.event('stream-lost');
    const labels = ['FP1', 'Fp2', 'Cz'].map((label) => ({ label, unit: 'volts', type: 'EEG' }));
    const second = await offer({
      ...{ name: 'Grown', type: 'EEG', sourceId: 'grown', channelCount: 3 },
      description: [channelsElement(labels)],
    });
    await second.waitForConsumers(10);
    second.push(
      new Float32Array(15).fill(1e-6),
      Float64Array.from({ length: 5 }, (_, i) => context.clock.now() + i / 100),
    );
    const { info } = await message('open', (one) => one.info.channels.length === 3);
    expect(info.id).toBe('Grown');
    expect((await message('close')).cut).toBe(true);
  });

  /** Pushes the last `every_s` again and again. */
  function feed(outlet: Outlet, value: number, every_s = 0.1): void {
    const feeding = context.clock.every(every_s, () => pushNow(outlet, 100 * every_s, value));
    cleanups.push(() => feeding.cancel());
  }

  it('tells outlets that are equal in all but their uid apart while both deliver', async () => {
    const { received, message } = listen({ name: 'Twin' });
    for (const k of [1, 2]) {
      const twin = await offer({ name: 'Twin', type: 'EEG', sourceId: 'twin', description: [eegChannels] });
      await twin.waitForConsumers(10);
      // The second comes and delivers while the first pauses.
      feed(twin, k * 1e-6, k === 1 ? 0.4 : 0.1);
      await message('open', ({ info }) => info.id === (k === 1 ? 'Twin' : 'Twin#2'));
    }
    const of = async (id: string) =>
      (await message('chunk', ({ chunk }) => chunk.info.id === id)).chunk.data[0];
    expect(await of('Twin')).toBeCloseTo(1, 5);
    expect(await of('Twin#2')).toBeCloseTo(2, 5);
    expect((await network.event('stream-duplicate')).stream).toBe('Twin#2');
    expect(received.filter((one) => one.message.kind === 'close')).toEqual([]);
  });

  it.each(['', 'silent'])(
    'takes an outlet that delivers for one equal to it, "%s", that fell silent before',
    async (sourceId) => {
      const name = `Silent${sourceId}`;
      const { received, message } = listen({ name });
      const first = await offer({ name, type: 'EEG', sourceId, description: [eegChannels] });
      await first.waitForConsumers(10);
      pushNow(first, 10);
      await message('chunk');
      const restarted = context.clock.now();
      const second = await offer({ name, type: 'EEG', sourceId, description: [eegChannels] });
      await second.waitForConsumers(10);
      feed(second, 2e-6);
      const { chunk } = await message(
        'chunk',
        (one) => one.chunk.data[0] > 1.5 && one.chunk.info.id === name,
      );
      expect(context.clock.now() - restarted).toBeLessThan(2);
      expect(chunk.gapBefore).toBe(true);
      expect(chunk.info.aligned).toBe('clock');
      expect((await message('close', ({ id }) => id === name)).cut).toBe(true);
      // What came meanwhile as a stream of its own has ended before.
      const closes = received.flatMap(({ message: one }) => (one.kind === 'close' ? [one] : []));
      expect(closes.at(-1)).toEqual({ kind: 'close', id: name, cut: true });
      while (first.consumers > 0) await new Promise((resolve) => setImmediate(resolve));
    },
  );

  it('serves nodes that ask for this and that once each, and closes what none asks for any more', async () => {
    const source = new LslSource(context, { name: 'This' }, { session: 'lab' });
    source.serve([{ name: 'This' }, { name: 'That' }, { query: "starts-with(name,'Th')" }])();
    const kinds: string[] = [];
    const subscription = source.messages$.subscribe(({ message }) => {
      if (message.kind === 'open') kinds.push(`open ${message.info.id}`);
      if (message.kind === 'close') kinds.push(`${message.cut ? 'cut' : 'close'} ${message.id}`);
    });
    cleanups.push(() => subscription.unsubscribe());
    for (const name of ['This', 'That']) {
      const outlet = await offer({ name, type: 'EEG', sourceId: name, description: [eegChannels] });
      await outlet.waitForConsumers(10);
      expect(outlet.consumers).toBe(1);
      pushNow(outlet, 5);
    }
    while (kinds.length < 2) await new Promise((resolve) => setImmediate(resolve));
    source.serve([{ name: 'That' }])();
    expect(kinds).toEqual(['open This', 'open That', 'close This']);
    expect(() => source.serve([{ query: '((' }])).toThrow(ConfigurationError);
  });

  it('never takes predictions in', async () => {
    const { received, message } = listen({ query: "starts-with(source_id,'own')" });
    const own = await offer({ name: 'affectd', type: 'Affect', sourceId: 'own 1' });
    const other = await offer({ name: 'Cap', type: 'EEG', sourceId: 'own 2' });
    await other.waitForConsumers(10);
    pushNow(other, 3);
    await message('open');
    expect(own.consumers).toBe(0);
    expect(received.every(({ message: one }) => one.kind !== 'open' || one.info.name === 'Cap')).toBe(true);
  });

  it('refuses a query or a pattern that cannot be read', () => {
    expect(() => new LslSource(context, { query: "name='x" }, { session: 'lab' })).toThrow(
      ConfigurationError,
    );
    expect(
      () => new LslSource(context, { session: { by: 'pattern', pattern: '(' } }, { session: 'lab' }),
    ).toThrow(ConfigurationError);
  });
});
