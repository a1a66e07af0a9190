// Says which sensors are masked, and why: node examples/client/sensors.mjs [http://127.0.0.1:8765]
import { connectStream } from 'affectd/client';
import { WebSocket } from 'ws';

const client = connectStream(process.argv[2] ?? 'http://127.0.0.1:8765', { WebSocket });
client.on('quality', ({ session, time, inputs }) => {
  for (const [input, { present, reason }] of Object.entries(inputs))
    if (!present) console.log(`${session} ${time} s: ${input} is masked (${reason})`);
});
await client.subscribe({ streams: ['quality'], policy: 'latest' });
