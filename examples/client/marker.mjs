// Marks now in a session: node examples/client/marker.mjs http://127.0.0.1:8765 SESSION TEXT
import { openIngest } from 'affectd/client';
import { WebSocket } from 'ws';

const [url, session, text] = process.argv.slice(2);
const stream = { name: 'markers', type: 'Markers', sfreq: 0, channels: ['marker'], clock: 'unix' };
const markers = openIngest(url, { WebSocket, session, stream });
markers.push([[text]], [Date.now() / 1000]);
await markers.close();
