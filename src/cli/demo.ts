import { join } from 'node:path';
import { Command } from 'commander';
import type { Seconds } from '../core/clock.js';
import { packageRoot } from '../core/package-root.js';
import { startDaemon, untilAborted } from '../daemon/daemon.js';
import { type DaemonOptions, serverOptions } from '../daemon/daemon-settings.js';
import { Feed } from '../daemon/feed.js';
import { openRecording } from '../io/recordings/open.js';
import { pace } from '../io/sources/pace.js';
import { type CommandFactory, examples } from './command.js';
import { type CommandContext, daemonLog, defaultPipeline } from './context.js';
import { loadLive } from './load-live.js';
import { addDaemonOptions } from './options/daemon-options.js';

const demoRecording = join(packageRoot, 'fixtures', 'demo', 'demo.xdf');

/** `affectd demo`: the daemon, fed with a simulated session through its ordinary ingest path. */
export const demoCommand: CommandFactory = (context) =>
  addDaemonOptions(
    new Command('demo').description('run the daemon on a bundled simulated session, with its page'),
  )
    .addHelpText('after', examples('affectd demo', 'affectd demo --port 9000'))
    .action(async (options: DaemonOptions) => {
      const events = daemonLog(context, options.logLevel);
      const loaded = await loadLive(context, defaultPipeline, options, events);
      const daemon = await startDaemon(context, loaded, options, events);
      const { url } = daemon.server;
      const ws = url.replace('http', 'ws');
      context.stdout.write(
        [
          'affectd demo: every signal is SIMULATED, and so is the model: nothing here is a person’s feeling.',
          `Watch:     ${url}`,
          `Subscribe: ${ws}v1/stream    (docs/reference/protocol.md, examples/)`,
          `Connect:   push your device to ${ws}v1/ingest    (docs/how-to/connect-a-device-over-websocket.md)`,
          'Stop with Ctrl-C. For your own devices: affectd run',
          '',
        ].join('\n'),
      );
      const { token } = await serverOptions(options);
      const device = new Feed({
        url: ws,
        session: 'demo',
        client: 'affectd demo',
        trustAnyCertificate: true,
        ...(token === undefined ? {} : { token }),
      });
      const feeding = feed(context, device);
      await Promise.race([untilAborted(context.signal), feeding]);
      await daemon.close();
    });

/** Plays the demo recording over and over; its stamps go on from round to round. */
async function feed(context: CommandContext, device: Feed): Promise<void> {
  const { clock, signal } = context;
  signal.addEventListener('abort', () => device.abandon(), { once: true });
  let shift_s: Seconds = 0;
  while (!signal.aborted) {
    const recording = await openRecording(demoRecording);
    const begin = Math.min(...recording.streams.map(({ first }) => first ?? Number.POSITIVE_INFINITY));
    const end = Math.max(
      ...recording.streams.map(({ info, last }) => (last ?? 0) + (info.sfreq > 0 ? 1 / info.sfreq : 0)),
    );
    const messages = recording.messages({ chunk: null, clockSync: true, events: () => {} });
    for await (const message of pace(messages, { clock, speed: 1, signal })) {
      if (message.kind === 'chunk') await device.ready();
      if (signal.aborted) break;
      device.send(message, shift_s);
    }
    await recording.close();
    shift_s += end - begin;
  }
}
