import type { StreamType } from '../../core/signal.js';
import { tableOf } from '../../core/table.js';

/** `canonical = raw * scale + offset`. A NaN scale masks: the values can't be brought to the canonical unit. */
export interface UnitConversion {
  readonly unit: string;
  readonly scale: number;
  readonly offset: number;
}

interface Quantity {
  readonly unit: string;
  /** Scale, or scale and offset, of each spelling to `unit`; lower case, no blanks, `u` for micro. */
  readonly spellings: ReadonlyMap<string, number | readonly [scale: number, offset: number]>;
}

const voltageIn = (unit: 'uV' | 'mV'): Quantity => {
  const one = unit === 'uV' ? 1 : 1e-3;
  const spellings = new Map<string, number>();
  for (const [names, factor] of [
    [['v', 'volt', 'volts'], 1e6],
    [['mv', 'millivolt', 'millivolts'], 1e3],
    [['uv', 'microvolt', 'microvolts'], 1],
    [['nv', 'nanovolt', 'nanovolts'], 1e-3],
  ] as const)
    for (const name of names) spellings.set(name, factor * one);
  return { unit, spellings };
};

const perMinute: Quantity = {
  unit: '1/min',
  spellings: tableOf({ '1/min': 1, bpm: 1, 'beats/min': 1, beatsperminute: 1, hz: 60, '1/s': 60 }),
};

/** What the values of a type are measured in; types that are not listed keep their unit. */
const quantities: Partial<Record<StreamType, Quantity>> = {
  EEG: voltageIn('uV'),
  EOG: voltageIn('uV'),
  EMG: voltageIn('uV'),
  ECG: voltageIn('mV'),
  EDA: {
    unit: 'uS',
    spellings: tableOf({
      us: 1,
      microsiemens: 1,
      usiemens: 1,
      umho: 1,
      s: 1e6,
      siemens: 1e6,
      ms: 1e3,
      ns: 1e-3,
    }),
  },
  TEMP: {
    unit: 'degC',
    spellings: tableOf({
      degc: 1,
      c: 1,
      celsius: 1,
      degreescelsius: 1,
      degreecelsius: 1,
      degf: [5 / 9, -160 / 9],
      f: [5 / 9, -160 / 9],
      fahrenheit: [5 / 9, -160 / 9],
      k: [1, -273.15],
      kelvin: [1, -273.15],
    }),
  },
  ACC: {
    unit: 'g',
    spellings: tableOf({
      g: 1,
      mg: 1e-3,
      '1/64g': 1 / 64,
      'm/s2': 1 / 9.80665,
      'm/s^2': 1 / 9.80665,
      'm/s²': 1 / 9.80665,
    }),
  },
  GYRO: {
    unit: 'deg/s',
    spellings: tableOf({ 'deg/s': 1, dps: 1, degreespersecond: 1, 'rad/s': 180 / Math.PI }),
  },
  HR: perMinute,
  IBI: { unit: 's', spellings: tableOf({ s: 1, sec: 1, seconds: 1, ms: 1e-3, milliseconds: 1e-3 }) },
};

/** Skin resistance, which is no conductance: it keeps a unit of its own, and who asks for conductance converts it. */
const resistances = tableOf<number>({
  ohm: 1,
  ohms: 1,
  ω: 1,
  kohm: 1e3,
  kohms: 1e3,
  kiloohm: 1e3,
  kω: 1e3,
  mohm: 1e6,
  megaohm: 1e6,
  mω: 1e6,
});

/** Spellings of the units that gaze and free channels carry, to the canonical one. */
const freeUnits = tableOf<readonly [unit: string, scale: number]>({
  px: ['px', 1],
  pixel: ['px', 1],
  pixels: ['px', 1],
  norm: ['norm', 1],
  normalized: ['norm', 1],
  normalised: ['norm', 1],
  screencoords: ['norm', 1],
  mm: ['mm', 1],
  millimeter: ['mm', 1],
  millimeters: ['mm', 1],
  millimetres: ['mm', 1],
  deg: ['deg', 1],
  degree: ['deg', 1],
  degrees: ['deg', 1],
  rad: ['deg', 180 / Math.PI],
  radians: ['deg', 180 / Math.PI],
  uv: ['uV', 1],
  microvolts: ['uV', 1],
  millivolts: ['mV', 1],
  volts: ['V', 1],
  degc: ['degC', 1],
  seconds: ['s', 1],
});

const unknownSpellings = new Set(['', 'none', 'unknown', 'n/a', 'na', 'nan', '-', '?']);

/** Whether a device that writes `raw` tells no unit. */
export function isUnitUnknown(raw: string): boolean {
  return unknownSpellings.has(spelling(raw));
}

/**
 * How values in `raw` become the canonical unit of `type`. An unknown unit leaves them as they are with unit ''; a unit
 * that can't be converted (a temperature in volt) masks them. Types without a canonical unit keep theirs.
 */
export function unitConversion(type: StreamType, raw: string): UnitConversion {
  if (isUnitUnknown(raw)) return { unit: '', scale: 1, offset: 0 };
  const name = spelling(raw);
  const resistance = type === 'EDA' ? resistances.get(name) : undefined;
  if (resistance !== undefined) return { unit: 'ohm', scale: resistance, offset: 0 };
  const quantity = quantities[type];
  if (quantity) {
    const factor = quantity.spellings.get(name);
    if (factor === undefined) return { unit: '', scale: Number.NaN, offset: 0 };
    const [scale, offset] = typeof factor === 'number' ? [factor, 0] : factor;
    return { unit: quantity.unit, scale, offset };
  }
  const [unit, scale] = freeUnits.get(name) ?? [raw.trim(), 1];
  return { unit, scale, offset: 0 };
}

/** Whether `type` has one canonical unit. */
export function hasCanonicalUnit(type: StreamType): boolean {
  return quantities[type] !== undefined;
}

function spelling(raw: string): string {
  return raw.trim().toLowerCase().replace(/[µμ]/g, 'u').replace(/^°/, 'deg').replace(/\s+/g, '');
}
