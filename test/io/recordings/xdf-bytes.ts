/** Writes XDF by hand, byte by byte, so that reader and writer are not each other's only witness. */

const doubles = (...values: number[]) => {
  const bytes = Buffer.alloc(8 * values.length);
  values.forEach((value, i) => void bytes.writeDoubleLE(value, 8 * i));
  return bytes;
};

const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

export const magic = Buffer.from('XDF:');

export function chunk(tag: number, content: Uint8Array, lengthBytes: 1 | 4 | 8 = 4): Buffer {
  const head = Buffer.alloc(1 + lengthBytes + 2);
  head.writeUInt8(lengthBytes, 0);
  const length = content.length + 2;
  if (lengthBytes === 1) head.writeUInt8(length, 1);
  else if (lengthBytes === 4) head.writeUInt32LE(length, 1);
  else head.writeBigUInt64LE(BigInt(length), 1);
  head.writeUInt16LE(tag, 1 + lengthBytes);
  return Buffer.concat([head, content]);
}

export const fileHeader = chunk(1, Buffer.from('<?xml version="1.0"?><info><version>1.0</version></info>'));

export interface HeaderFields {
  id: number;
  name?: string;
  type?: string;
  format?: string;
  channels?: number;
  sfreq?: number | string;
  desc?: string;
}

export function streamHeader(fields: HeaderFields): Buffer {
  const { id, name = 's', type = 'EEG', format = 'float32', channels = 1, sfreq = 100, desc = '' } = fields;
  const text = `<?xml version="1.0"?><info><name>${name}</name><type>${type}</type><channel_count>${channels}</channel_count><nominal_srate>${sfreq}</nominal_srate><channel_format>${format}</channel_format><desc>${desc}</desc></info>`;
  return chunk(2, Buffer.concat([u32(id), Buffer.from(text)]));
}

export const footer = (id: number, text: string) => chunk(6, Buffer.concat([u32(id), Buffer.from(text)]));

export const clockOffset = (id: number, time: number, offset: number) =>
  chunk(4, Buffer.concat([u32(id), doubles(time, offset)]));

export const boundary = chunk(5, Buffer.from('43a546dccbf5410fb30ed5467383cbe4', 'hex'), 1);

/** `stamp`: null leaves it to be deduced. */
export function samples(id: number, list: readonly { stamp: number | null; values: Uint8Array }[]): Buffer {
  const parts: Uint8Array[] = [u32(id), Buffer.from([4]), u32(list.length)];
  for (const { stamp, values } of list)
    parts.push(stamp === null ? Buffer.from([0]) : Buffer.concat([Buffer.from([8]), doubles(stamp)]), values);
  return chunk(3, Buffer.concat(parts));
}

export function floats(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => void bytes.writeFloatLE(value, 4 * i));
  return bytes;
}

export const text = (value: string) => {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([Buffer.from([1, bytes.length]), bytes]);
};

/** `n` float32 samples of one channel, counting up, at exact stamps. */
export const ramp = (id: number, from: number, n: number, start: number, sfreq = 100) =>
  samples(
    id,
    Array.from({ length: n }, (_, i) => ({ stamp: start + i / sfreq, values: floats(from + i) })),
  );
