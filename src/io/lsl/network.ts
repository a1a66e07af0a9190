import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import {
  connect as connectSocket,
  createServer,
  isIPv6,
  type Server,
  type Socket as TcpSocket,
} from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import type { Clock } from '../../core/clock.js';
import { ConfigurationError } from '../../core/errors.js';
import type { EventSink } from '../../core/event.js';
import type { LslConfig } from './config.js';

/** One address of one of this machine's network interfaces. */
export interface InterfaceAddress {
  readonly interface: string;
  readonly family: 4 | 6;
  /** With `%scope` where the address is link-local. */
  readonly address: string;
  /** Subnet's broadcast address; null for IPv6 and this machine itself. */
  readonly broadcast: string | null;
  /** Whether only this machine is reached. */
  readonly internal: boolean;
}

/** What carries datagrams and connections: the machine's network, or a simulated one. */
export interface Carrier {
  /** Name of the machine, as it tells others. */
  readonly hostname: string;
  bind(options: DatagramOptions, received: Datagram): Promise<Socket>;
  connect(host: string, port: number): TcpSocket;
  /** Rejects with `EADDRINUSE` where the port is taken; 0 takes any. */
  listen(port: number, host: string, ipv6Only: boolean): Promise<Server>;
}

/** What everything in this folder needs to talk to the network. */
export interface LslContext {
  /** Its `now` is the clock of stamps, seconds since the machine's start. */
  readonly clock: Clock;
  readonly config: LslConfig;
  readonly events: EventSink;
  /** Addresses to use, looked up anew as interfaces come and go. Default: all of this machine. */
  readonly interfaces?: () => readonly InterfaceAddress[];
  /** Default: the machine's network. */
  readonly carrier?: Carrier;
}

/** Only this machine: nothing that is sent leaves it. */
export function loopbackInterfaces(): readonly InterfaceAddress[] {
  return systemInterfaces().filter(({ internal }) => internal);
}

export function systemInterfaces(): readonly InterfaceAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? []).map((found) => {
      const family = found.family === 'IPv4' ? 4 : 6;
      const scoped = family === 6 && found.scopeid ? `${found.address}%${name}` : found.address;
      return {
        interface: name,
        family,
        address: scoped,
        broadcast: family === 4 && !found.internal ? broadcastOf(found.address, found.netmask) : null,
        internal: found.internal,
      } as const;
    }),
  );
}

/** The addresses that a context uses, after its settings. */
export function usableInterfaces({ config, interfaces = systemInterfaces }: LslContext): InterfaceAddress[] {
  return interfaces().filter(
    ({ family, address, internal }) =>
      (family === 4 ? config.ipv4 : config.ipv6) &&
      (internal || !config.machineOnly) &&
      (config.listenAddress === null || internal || address === config.listenAddress),
  );
}

/** Whether nothing beyond this machine is to be used, whatever interfaces come up later. */
export function staysInside({ config, interfaces }: LslContext): boolean {
  return config.machineOnly || (interfaces?.().every(({ internal }) => internal) ?? false);
}

function broadcastOf(address: string, netmask: string): string {
  const mask = netmask.split('.').map(Number);
  return address
    .split('.')
    .map((part, i) => (Number(part) & mask[i]) | (~mask[i] & 0xff))
    .join('.');
}

export type Datagram = (bytes: Buffer, from: RemoteInfo) => void;

export interface DatagramOptions {
  readonly family: 4 | 6;
  readonly port: number;
  readonly address?: string;
  readonly shared?: boolean;
}

/** A bound UDP socket that never throws later: what goes wrong with a datagram, sent or received, concerns that one only. */
export function bindDatagrams(options: DatagramOptions, received: Datagram): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({
      type: options.family === 4 ? 'udp4' : 'udp6',
      reuseAddr: options.shared ?? false,
      ipv6Only: options.family === 6,
    });
    socket.once('error', (error) => {
      close(socket);
      reject(error);
    });
    socket.on('message', (bytes, from) => {
      try {
        received(bytes, from);
      } catch {
        // Whoever sent it asks again, or learns nothing.
      }
    });
    socket.bind({ port: options.port, address: options.address }, () => {
      socket.removeAllListeners('error');
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}

function listen(port: number, host: string, ipv6Only: boolean): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ noDelay: true });
    server.once('error', reject);
    server.listen({ port, host, ipv6Only }, () => {
      server.off('error', reject);
      server.on('error', () => {});
      resolve(server);
    });
  });
}

const systemCarrier: Carrier = {
  hostname: hostname(),
  bind: bindDatagrams,
  connect: (host, port) => connectSocket({ host, port, noDelay: true, keepAlive: true }),
  listen,
};

export function carrierOf({ carrier = systemCarrier }: Pick<LslContext, 'carrier'>): Carrier {
  return carrier;
}

export function close(socket: Socket): void {
  try {
    socket.close();
  } catch {
    // It was closed already.
  }
}

/**
 * Sends; a failure (no route, interface gone) is told to `failed` and to nobody else. Addresses go straight to the
 * socket, without a look-up by name.
 */
export function send(
  socket: Socket,
  bytes: Buffer | string,
  port: number,
  address: string,
  failed: (error: Error) => void = () => {},
): void {
  try {
    socket.send(bytes, port, address, (error) => {
      if (error) failed(error);
    });
  } catch (error) {
    failed(error as Error);
  }
}

export const isLoopback = (address: string): boolean =>
  address.startsWith('127.') || address === '::1' || address === 'localhost';

export const isMulticast = (address: string): boolean =>
  isIPv6(address) ? /^ff/i.test(address) : /^2(2[4-9]|3\d)\./.test(address);

/** Takes the first port of the range that is free, then any. @throws ConfigurationError `lsl-ports-taken`. */
export async function bindInRange<T>(
  { basePort, portRange, allowRandomPorts }: LslConfig,
  bind: (port: number) => Promise<T>,
): Promise<T> {
  for (let port = basePort; port < basePort + portRange; port++) {
    try {
      return await bind(port);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
  if (!allowRandomPorts)
    throw new ConfigurationError(
      'lsl-ports-taken',
      `ports ${basePort} to ${basePort + portRange - 1} are taken and AllowRandomPorts is off; raise PortRange in lsl_api.cfg`,
    );
  return bind(0);
}
