import { tableOf } from '../../../core/table.js';
/** What reader and writer share of XDF 1.0 (https://github.com/sccn/xdf/wiki/Specifications). */

export const XDF_MAGIC = 'XDF:';

/** Name of the string stream in which a session tells what isn't a sample: JSON lines, of which `k` says what they tell. */
export const SESSION_LOG = 'affectd-session';

export const xdfTag = {
  fileHeader: 1,
  streamHeader: 2,
  samples: 3,
  clockOffset: 4,
  boundary: 5,
  streamFooter: 6,
} as const;

/** Content of a boundary chunk: where reading goes on after damage. */
export const XDF_BOUNDARY = Uint8Array.of(
  ...[0x43, 0xa5, 0x46, 0xdc, 0xcb, 0xf5, 0x41, 0x0f, 0xb3, 0x0e, 0xd5, 0x46, 0x73, 0x83, 0xcb, 0xe4],
);

interface NumericFormat {
  readonly bytes: number;
  read(view: DataView, at: number): number;
  write(view: DataView, at: number, value: number): void;
}

/** Numeric sample formats, little-endian. int64 beyond 2^53 loses its last bits, as every float64 reader does. */
export const xdfNumericFormats = tableOf<NumericFormat>({
  int8: { bytes: 1, read: (v, at) => v.getInt8(at), write: (v, at, x) => v.setInt8(at, x) },
  int16: { bytes: 2, read: (v, at) => v.getInt16(at, true), write: (v, at, x) => v.setInt16(at, x, true) },
  int32: { bytes: 4, read: (v, at) => v.getInt32(at, true), write: (v, at, x) => v.setInt32(at, x, true) },
  int64: {
    bytes: 8,
    read: (v, at) => Number(v.getBigInt64(at, true)),
    write: (v, at, x) => v.setBigInt64(at, BigInt(Math.round(x)), true),
  },
  float32: {
    bytes: 4,
    read: (v, at) => v.getFloat32(at, true),
    write: (v, at, x) => v.setFloat32(at, x, true),
  },
  double64: {
    bytes: 8,
    read: (v, at) => v.getFloat64(at, true),
    write: (v, at, x) => v.setFloat64(at, x, true),
  },
});

/** Length of an integer with one byte before it that tells its width: 1, 4 or 8 bytes. */
export function readVariableInteger(
  view: DataView,
  at: number,
  end: number,
): { value: number; next: number } | null {
  if (at >= end) return null;
  const width = view.getUint8(at);
  const next = at + 1 + width;
  if (next > end) return null;
  if (width === 1) return { value: view.getUint8(at + 1), next };
  if (width === 4) return { value: view.getUint32(at + 1, true), next };
  if (width === 8) return { value: Number(view.getBigUint64(at + 1, true)), next };
  return null;
}
