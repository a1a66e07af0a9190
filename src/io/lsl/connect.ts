import type { Socket } from 'node:net';
import type { Seconds } from '../../core/clock.js';
import { LslError } from './lsl-error.js';
import { carrierOf, type LslContext } from './network.js';
import { type LslStreamInfo, parseInfo, type StreamAddress } from './stream-info.js';
import { XML_LIMITS } from './xml.js';

/** Addresses at which an outlet may be reached, the likelier first. */
function addressesOf({ v4, v6 }: LslStreamInfo): readonly StreamAddress[] {
  return [v4, v6].filter(({ address, dataPort }) => address !== '' && dataPort > 0);
}

/** Connects to the outlet's TCP port on whichever address answers. @throws LslError `connection`, `timeout`. */
export async function connect(context: LslContext, info: LslStreamInfo, timeout_s: Seconds): Promise<Socket> {
  let failure = new LslError('connection', `stream '${info.name}' tells no address`);
  for (const address of addressesOf(info)) {
    try {
      return await connectTo(context, address, timeout_s);
    } catch (error) {
      failure = error as LslError;
    }
  }
  throw failure;
}

function connectTo(
  context: LslContext,
  { address, dataPort }: StreamAddress,
  timeout_s: Seconds,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = carrierOf(context).connect(address, dataPort);
    const late = context.clock.after(timeout_s, () => {
      socket.destroy();
      reject(new LslError('timeout', `${address}:${dataPort} doesn't answer within ${timeout_s} s`));
    });
    socket.once('connect', () => {
      late.cancel();
      socket.removeAllListeners('error');
      socket.on('error', () => {});
      resolve(socket);
    });
    socket.once('error', (error) => {
      late.cancel();
      socket.on('error', () => {});
      reject(new LslError('connection', `${address}:${dataPort}: ${error.message}`, { cause: error }));
    });
  });
}

/** The stream's whole description. @throws LslError `connection`, `timeout`, `malformed`, `too-large`, `not-found`. */
export async function fetchFullInfo(
  context: LslContext,
  info: LslStreamInfo,
  timeout_s: Seconds = 5,
): Promise<LslStreamInfo> {
  const socket = await connect(context, info, timeout_s);
  const parts: Buffer[] = [];
  let length = 0;
  const text = await new Promise<string>((resolve, reject) => {
    const late = context.clock.after(timeout_s, () =>
      fail(new LslError('timeout', `no description within ${timeout_s} s`)),
    );
    const fail = (error: LslError): void => {
      late.cancel();
      socket.destroy();
      reject(error);
    };
    socket.on('data', (bytes: Buffer) => {
      parts.push(bytes);
      length += bytes.length;
      if (length > XML_LIMITS.bytes)
        fail(
          new LslError(
            'too-large',
            `a description of more than ${XML_LIMITS.bytes} bytes: let its desc hold less`,
          ),
        );
    });
    socket.on('close', () => {
      late.cancel();
      resolve(Buffer.concat(parts).toString('utf8'));
    });
    socket.write('LSL:fullinfo\r\n');
  });
  const full = parseInfo(text);
  if (full.uid !== info.uid)
    throw new LslError('not-found', 'the outlet at this address is another one by now');
  return { ...full, v4: info.v4, v6: info.v6 };
}
