// The mean valence of every ten predictions: node examples/client/observable.mjs [http://127.0.0.1:8765]
import { connectStream } from 'affectd/client';
import { bufferCount, filter, Observable } from 'rxjs';
import { WebSocket } from 'ws';

const client = connectStream(process.argv[2] ?? 'http://127.0.0.1:8765', { WebSocket });
const affect$ = new Observable((subscriber) => client.on('affect', (message) => subscriber.next(message)));
const tens$ = affect$.pipe(
  filter(({ valid }) => valid),
  bufferCount(10),
);
tens$.subscribe((ten) => console.log((ten.reduce((sum, { valence }) => sum + valence, 0) / 10).toFixed(3)));
await client.subscribe({ streams: ['affect'] });
