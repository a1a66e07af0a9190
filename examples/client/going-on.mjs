// Every prediction of a session, also those made since this program's last run: node examples/client/going-on.mjs URL SESSION FILE
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connectStream } from 'affectd/client';
import { WebSocket } from 'ws';

const [url, session, file] = process.argv.slice(2);
const heard = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { run: '' };
const client = connectStream(url, { WebSocket });
client.on('affect', ({ run, node, seq, valence }) => {
  console.log(`${node} ${seq}: ${valence}`);
  writeFileSync(file, JSON.stringify({ run, [node]: seq }));
});
await client.subscribe({ streams: ['affect'], session, after: heard });
