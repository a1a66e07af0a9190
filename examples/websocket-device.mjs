// Streams a made-up headset: node examples/websocket-device.mjs [http://127.0.0.1:8765] [seconds]
import { openIngest } from 'affectd/client';
import { WebSocket } from 'ws'; // Node 22 has its own: leave this out there

const [url = 'http://127.0.0.1:8765', seconds = 'Infinity'] = process.argv.slice(2);
const sfreq = 250;
const channels = ['Fp1', 'Fp2', 'C3', 'C4', 'O1', 'O2'];
// A device of yours leaves `simulated` out.
const stream = {
  name: 'example headset',
  type: 'EEG',
  sfreq,
  channels,
  unit: 'uV',
  clock: 'session',
  simulated: true,
};
const eeg = openIngest(url, { WebSocket, session: 'example', stream });
eeg.on('error', ({ code, message }) => console.error(`${code}: ${message}`));

const start = performance.now();
for (let sent = 0; sent < Number(seconds) * sfreq; ) {
  const due = Math.min((performance.now() - start) / 1000, Number(seconds)) * sfreq;
  const samples = [];
  // Stamps count samples: the time of sending jitters, the headset's clock doesn't.
  const t0 = sent / sfreq;
  for (; sent < due; sent++)
    samples.push(channels.map((_, c) => 20 * Math.sin((62.8 * sent) / sfreq + c) + 10 * Math.random()));
  if (samples.length > 0) eeg.push(samples, t0);
  await new Promise((resolve) => setTimeout(resolve, 50));
}
await eeg.close();
