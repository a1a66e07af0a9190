// Prints valence and arousal as they come: node examples/websocket-client.mjs [http://127.0.0.1:8765]
import { connectStream } from 'affectd/client';
import { WebSocket } from 'ws'; // Node 22 and browsers have their own: leave this out there

const stream = connectStream(process.argv[2] ?? 'http://127.0.0.1:8765', { WebSocket });

stream.on('state', (state) => console.error(state));
stream.on('affect', ({ session, time, valence, arousal, valid, reason, evidence }) => {
  if (valid)
    console.log(`${session} ${time} s: valence ${valence}, arousal ${arousal} (evidence: ${evidence})`);
  else console.log(`${session} ${time} s: no prediction (${reason})`);
});

await stream.subscribe({ streams: ['affect'], policy: 'latest' });
