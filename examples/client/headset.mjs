// Sends a second of a made-up headset: node examples/client/headset.mjs [http://127.0.0.1:8765]
import { openIngest } from 'affectd/client';
import { WebSocket } from 'ws';

const channels = ['Fp1', 'Fp2'];
const stream = { name: 'headset', type: 'EEG', sfreq: 250, channels, unit: 'uV', simulated: true };
const eeg = openIngest(process.argv[2] ?? 'http://127.0.0.1:8765', { WebSocket, session: 'example', stream });
for (let sent = 0; sent < 250; sent += 25)
  eeg.push(new Float32Array(25 * channels.length).fill(10), sent / 250); // stamps count samples
await eeg.close(); // once everything is safe
