import { connect, createServer, type Socket } from 'node:net';
import { bindDatagrams, close, send } from '../../../src/io/lsl/network.js';
import type { LslStreamInfo } from '../../../src/io/lsl/stream-info.js';
import { formatInfo } from '../../../src/io/lsl/stream-info.js';

export interface Relay {
  /** The outlet as receivers are to know it: reached at the relay. */
  readonly info: LslStreamInfo;
  close(): Promise<void>;
}

export interface RelayOptions {
  /**
   * Port at which queries of discovery are answered, whatever they ask for: one that the receiver asks, and not the first
   * of those, where it may have a socket itself.
   */
  readonly discoveryPort: number;
  /** What a receiver says first is changed by this. */
  readonly request?: (text: string) => string;
  /** How long a question of the time, or its answer, is under way, s. */
  readonly delay_s?: () => number;
  readonly after: (delay_s: number, action: () => void) => void;
}

/** Stands between an outlet on this machine and its receivers: a network that delays, or a receiver that says other things. */
export async function relayOutlet(outlet: LslStreamInfo, options: RelayOptions): Promise<Relay> {
  const { discoveryPort, request = (text) => text, delay_s = () => 0, after } = options;
  const sockets = new Set<Socket>();
  const server = createServer((receiver) => {
    const sender = connect(outlet.v4.dataPort, '127.0.0.1');
    for (const socket of [receiver, sender]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
    }
    receiver.once('data', (bytes) => {
      sender.write(request(bytes.toString('latin1')), 'latin1');
      receiver.pipe(sender);
    });
    sender.pipe(receiver);
    receiver.on('close', () => sender.destroy());
    sender.on('close', () => receiver.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: dataPort } = server.address() as { port: number };

  const lines = new Map<string, Awaited<ReturnType<typeof bindDatagrams>>>();
  /** A line of its own to the outlet for each receiver, so that answers find back. */
  const lineOf = async (port: number, address: string) => {
    const key = `${address} ${port}`;
    let line = lines.get(key);
    if (!line) {
      line = await bindDatagrams({ family: 4, port: 0, address: '127.0.0.1' }, (bytes) =>
        after(delay_s(), () => send(service, bytes, port, address)),
      );
      lines.set(key, line);
    }
    return line;
  };
  const service = await bindDatagrams({ family: 4, port: 0, address: '127.0.0.1' }, (bytes, from) => {
    after(delay_s(), () => {
      void lineOf(from.port, from.address).then((line) =>
        send(line, bytes, outlet.v4.servicePort, '127.0.0.1'),
      );
    });
  });
  const info = { ...outlet, v4: { address: '', dataPort, servicePort: service.address().port } };
  const discovery = await bindDatagrams(
    { family: 4, port: discoveryPort, address: '127.0.0.1' },
    (bytes, from) => {
      const [method, , back = ''] = bytes.toString('utf8').split('\r\n');
      const [port, id] = back.split(' ');
      if (method === 'LSL:shortinfo')
        send(discovery, `${id}\r\n${formatInfo(info, 'short')}`, Number(port), from.address);
    },
  );
  return {
    info: { ...info, v4: { ...info.v4, address: '127.0.0.1' } },
    close: async () => {
      for (const socket of [service, discovery, ...lines.values()]) close(socket);
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
