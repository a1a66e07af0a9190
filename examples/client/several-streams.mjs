// A headset and its markers over one connection: node examples/client/several-streams.mjs [http://127.0.0.1:8765]
import { IngestConnection } from 'affectd/client';
import { WebSocket } from 'ws';

const url = process.argv[2] ?? 'http://127.0.0.1:8765';
const device = new IngestConnection(url, { WebSocket, session: 'example' });
const headset = { name: 'headset', type: 'EEG', sfreq: 250, channels: ['Cz'], unit: 'uV', simulated: true };
const eeg = device.open(headset);
const markers = device.open({ name: 'markers', type: 'Markers', sfreq: 0, channels: ['marker'] });
eeg.push([[1.5], [1.7], [1.6]], 0);
markers.push([['stimulus']], [0.004]);
await device.close();
