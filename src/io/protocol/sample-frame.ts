import { ProtocolError } from './error-code.js';
import { PROTOCOL_VERSION } from './version.js';

/** `u8 version, u8 kind, u16 stream, u32 seq, u32 n, f64 t0`. */
export const HEADER_BYTES = 20;
export const KIND_SAMPLES = 1;

export interface SampleFrame {
  /** Id that `open` answered, 0..65535. */
  readonly stream: number;
  /** Rises by one with each frame of the stream, modulo 2^32. */
  readonly seq: number;
  /** Stamp of the first sample, s; the others follow at the stream's nominal rate. NaN when `times` holds all. */
  readonly t0: number;
  /** [n] stamps, s, or null when `t0` stands for them. */
  readonly times: Float64Array | null;
  /** [n * C], sample by sample; NaN = missing. */
  readonly data: Float32Array;
}

export interface SampleFrameHeader {
  readonly stream: number;
  readonly seq: number;
  readonly samples: number;
  readonly t0: number;
}

/**
 * A binary frame, little-endian: the header, then n float64 stamps if `t0` is NaN, then n*C float32.
 * @throws RangeError where `data` does not divide into samples.
 */
export function encodeSamples(frame: SampleFrame, channels: number): Uint8Array<ArrayBuffer> {
  const samples = frame.data.length / channels;
  if (!Number.isInteger(samples))
    throw new RangeError(`${frame.data.length} values are no samples of ${channels} channels`);
  if (frame.times && frame.times.length !== samples)
    throw new RangeError(`${frame.times.length} stamps for ${samples} samples`);
  if (!frame.times && Number.isNaN(frame.t0)) throw new RangeError('a frame needs t0 or times');
  const dataAt = HEADER_BYTES + (frame.times ? 8 * samples : 0);
  const buffer = new ArrayBuffer(dataAt + 4 * frame.data.length);
  const view = new DataView(buffer);
  view.setUint8(0, PROTOCOL_VERSION);
  view.setUint8(1, KIND_SAMPLES);
  view.setUint16(2, frame.stream, true);
  view.setUint32(4, frame.seq, true);
  view.setUint32(8, samples, true);
  view.setFloat64(12, frame.times ? Number.NaN : frame.t0, true);
  frame.times?.forEach((time, i) => {
    view.setFloat64(HEADER_BYTES + 8 * i, time, true);
  });
  frame.data.forEach((value, i) => {
    view.setFloat32(dataAt + 4 * i, value, true);
  });
  return new Uint8Array(buffer);
}

/** @throws ProtocolError `binary-malformed`, `binary-version`, `binary-kind`. */
export function decodeHeader(bytes: Uint8Array): SampleFrameHeader {
  if (bytes.length < HEADER_BYTES)
    throw new ProtocolError(
      'binary-malformed',
      `a frame of ${bytes.length} bytes; the header alone has ${HEADER_BYTES}`,
    );
  const view = viewOf(bytes);
  if (view.getUint8(0) !== PROTOCOL_VERSION)
    throw new ProtocolError(
      'binary-version',
      `frame version ${view.getUint8(0)}; this is version ${PROTOCOL_VERSION}`,
    );
  if (view.getUint8(1) !== KIND_SAMPLES)
    throw new ProtocolError(
      'binary-kind',
      `frame kind ${view.getUint8(1)}; the only kind is ${KIND_SAMPLES}`,
    );
  return {
    stream: view.getUint16(2, true),
    seq: view.getUint32(4, true),
    samples: view.getUint32(8, true),
    t0: view.getFloat64(12, true),
  };
}

/**
 * @param channels Channels of the stream that the frame's header names.
 * @throws ProtocolError as {@link decodeHeader}, and where the length does not fit `channels`.
 */
export function decodeSamples(bytes: Uint8Array, channels: number): SampleFrame {
  const { stream, seq, samples, t0 } = decodeHeader(bytes);
  const stamped = Number.isNaN(t0);
  const dataAt = HEADER_BYTES + (stamped ? 8 * samples : 0);
  const expected = dataAt + 4 * samples * channels;
  if (bytes.length !== expected)
    throw new ProtocolError(
      'binary-malformed',
      `${bytes.length} bytes; ${samples} samples of ${channels} channels take ${expected}`,
      { stream, seq },
    );
  const view = viewOf(bytes);
  const times = stamped ? new Float64Array(samples) : null;
  if (times) for (let i = 0; i < samples; i++) times[i] = view.getFloat64(HEADER_BYTES + 8 * i, true);
  const data = new Float32Array(samples * channels);
  for (let i = 0; i < data.length; i++) data[i] = view.getFloat32(dataAt + 4 * i, true);
  return { stream, seq, t0, times, data };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
