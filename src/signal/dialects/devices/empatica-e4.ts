import type { DeviceDialect } from '../device.js';
import type { RawStreamDeclaration } from '../raw-stream.js';

/** Type, rate, labels and unit of the streams of Empatica's E4 (its LSL script; the E4's data sheet gives the units). */
const e4Streams: readonly (readonly [
  type: string,
  sfreq: number,
  labels: readonly string[],
  unit: string,
])[] = [
  ['ACC', 32, ['x', 'y', 'z'], '1/64g'],
  ['BVP', 64, ['BVP'], ''],
  ['GSR', 4, ['EDA'], 'uS'],
  ['TEMP', 4, ['TEMP'], 'degC'],
];

/** Its streams are called `acc`, `bvp`, `gsr` and `temp` and carry no metadata: without a unit they would be masked. */
export const empaticaE4: DeviceDialect = {
  device: 'Empatica E4',
  matches: (raw) => e4StreamOf(raw) !== undefined && raw.channels.every(({ unit }) => unit === ''),
  amend: (raw) => {
    const [, , labels, unit] = e4StreamOf(raw)!;
    return {
      ...raw,
      channels: raw.channels.map(({ label }, c) => ({ label: label || labels[c], unit, type: '' })),
    };
  },
};

function e4StreamOf({ name, type, sfreq, channels }: RawStreamDeclaration) {
  return e4Streams.find(
    ([known, rate, labels]) =>
      known === type.toUpperCase() &&
      known === name.toUpperCase() &&
      rate === sfreq &&
      labels.length === channels.length,
  );
}
