/** WebAssembly instructions as bytes (WebAssembly Core Specification 2.0, 5.4), as far as the kernels here need them. */
export type Code = readonly number[];

/** Unsigned LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest ? low | 0x80 : low);
  } while (rest);
  return bytes;
}

/** Signed LEB128 of a value that is not negative. */
function signed(value: number): number[] {
  const bytes = unsigned(value);
  const last = bytes[bytes.length - 1];
  if (!(last & 0x40)) return bytes;
  return [...bytes.slice(0, -1), last | 0x80, 0];
}

const vector = (op: number): number[] => [0xfd, ...unsigned(op)];
const ADDRESS_ALIGNMENT = 3;
const storeLane = (address: Code, value: Code, lane: number): number[] => [
  ...address,
  ...value,
  ...vector(0x5b),
  ADDRESS_ALIGNMENT,
  0,
  lane,
];
/** Eight bytes of a shuffle, from `first` on. */
const lane = (first: number): number[] => Array.from({ length: 8 }, (_, i) => first + i);

export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)];

const binary =
  (op: number) =>
  (a: Code, b: Code): Code => [...a, ...b, op];
const vectorBinary =
  (op: number) =>
  (a: Code, b: Code): Code => [...a, ...b, ...vector(op)];
const vectorUnary =
  (op: number) =>
  (a: Code): Code => [...a, ...vector(op)];
const memory = (op: readonly number[], alignment: number) => ({
  load: (address: Code, offset = 0): Code => [...address, ...op, alignment, ...unsigned(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [
    ...address,
    ...value,
    ...op,
    alignment,
    ...unsigned(offset),
  ],
});

export const i32 = {
  constant: (value: number): Code => [0x41, ...signed(value)],
  add: binary(0x6a),
  subtract: binary(0x6b),
  multiply: binary(0x6c),
  and: binary(0x71),
  shiftLeft: binary(0x74),
  /** Unsigned. */
  shiftRight: binary(0x76),
  load: memory([0x28], 2).load,
};

export const f32 = {
  load: memory([0x2a], 2).load,
  store: memory([0x38], 2).store,
  constant: (value: number): Code => [0x43, ...new Uint8Array(Float32Array.of(value).buffer)],
  add: binary(0x92),
  multiply: binary(0x94),
};

/** Four float32 lanes. */
export const f32x4 = {
  load: memory(vector(0), 2).load,
  store: memory(vector(11), 2).store,
  /** One float32 into all lanes. */
  loadSplat: memory(vector(9), 2).load,
  /** One float32 into one lane of `value`. */
  loadLane: (address: Code, value: Code, lane: number): Code => [
    ...address,
    ...value,
    ...vector(0x56),
    2,
    0,
    lane,
  ],
  constant: (value: number): Code => {
    const bytes = new Uint8Array(Float32Array.of(value, value, value, value).buffer);
    return [...vector(12), ...bytes];
  },
  lane: (a: Code, lane: number): Code => [...a, ...vector(0x1f), lane],
  /** Lanes 0-3 are `a`'s, 4-7 are `b`'s. */
  shuffle: (a: Code, b: Code, lanes: readonly [number, number, number, number]): Code => [
    ...a,
    ...b,
    ...vector(0x0d),
    ...lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte)),
  ],
  add: vectorBinary(0xe4),
  subtract: vectorBinary(0xe5),
  multiply: vectorBinary(0xe6),
  divide: vectorBinary(0xe7),
  minimum: vectorBinary(0xe8),
  maximum: vectorBinary(0xe9),
  absolute: vectorUnary(0xe0),
  negate: vectorUnary(0xe1),
  squareRoot: vectorUnary(0xe3),
  nearest: vectorUnary(0x6a),
  /** All bits of the lanes where it holds. */
  greaterThan: vectorBinary(0x44),
  /** `a` where `mask` has ones, else `b`. */
  select: (a: Code, b: Code, mask: Code): Code => [...a, ...b, ...mask, ...vector(0x52)],
  /** 2 to the power of whole `exponent`s between -126 and 127: the exponent's bits, put in their place. */
  powerOfTwo: (exponent: Code): Code => [
    ...exponent,
    ...vector(0xf8),
    ...vector(12),
    ...new Uint8Array(Int32Array.of(127, 127, 127, 127).buffer),
    ...vector(0xae),
    ...i32.constant(23),
    ...vector(0xab),
  ],
};

/** Two float64 lanes. */
export const f64x2 = {
  load: (address: Code, offset = 0): Code => [
    ...address,
    ...vector(0),
    ADDRESS_ALIGNMENT,
    ...unsigned(offset),
  ],
  /** One float64 into both lanes. */
  loadSplat: (address: Code, offset = 0): Code => [
    ...address,
    ...vector(10),
    ADDRESS_ALIGNMENT,
    ...unsigned(offset),
  ],
  store: (address: Code, value: Code, offset = 0): Code => [
    ...address,
    ...value,
    ...vector(11),
    ADDRESS_ALIGNMENT,
    ...unsigned(offset),
  ],
  constant: (value: number): Code => {
    const bytes = new Uint8Array(Float64Array.of(value, value).buffer);
    return [...vector(12), ...bytes];
  },
  /** `value` with the second lane from memory. */
  loadSecond: (address: Code, value: Code): Code => [
    ...address,
    ...value,
    ...vector(0x57),
    ADDRESS_ALIGNMENT,
    0,
    1,
  ],
  /** One lane into memory. */
  storeFirst: (address: Code, value: Code): Code => storeLane(address, value, 0),
  storeSecond: (address: Code, value: Code): Code => storeLane(address, value, 1),
  /** The first lanes of both, and the second lanes of both. */
  low: (a: Code, b: Code): Code => [...a, ...b, ...vector(13), ...lane(0), ...lane(16)],
  high: (a: Code, b: Code): Code => [...a, ...b, ...vector(13), ...lane(8), ...lane(24)],
  add: (a: Code, b: Code): Code => [...a, ...b, ...vector(0xf0)],
  subtract: (a: Code, b: Code): Code => [...a, ...b, ...vector(0xf1)],
  multiply: (a: Code, b: Code): Code => [...a, ...b, ...vector(0xf2)],
};

/** Runs `body` at least once and counts the local `counter` down by 1 until it is 0. */
export const repeat = (counter: number, body: Code): Code => [
  ...[0x03, 0x40],
  ...body,
  ...i32.subtract(get(counter), i32.constant(1)),
  ...[0x22, ...unsigned(counter)],
  ...[0x0d, 0],
  0x0b,
];

/** Runs `body` where `condition` is not 0. */
export const when = (condition: Code, body: Code, otherwise: Code = []): Code => [
  ...condition,
  ...[0x04, 0x40],
  ...body,
  ...(otherwise.length > 0 ? [0x05, ...otherwise] : []),
  0x0b,
];

/** A function under construction: i32 parameters, then i32 and v128 locals as they are asked for. */
export class FunctionBuilder {
  readonly #types: number[] = [];
  readonly code: number[] = [];

  constructor(
    readonly name: string,
    readonly parameters: number,
  ) {}

  /** A new local that holds `value`. */
  i32(value: Code): number {
    return this.#local(0x7f, value);
  }
  v128(value: Code): number {
    return this.#local(0x7b, value);
  }
  f32(value: Code): number {
    return this.#local(0x7d, value);
  }

  /** Writes a loop that runs `write`'s code `count` times, not at all where `count` is 0. */
  loop(count: Code, write: () => void): void {
    const left = this.i32(count);
    const body = this.capture(write);
    this.push(when(get(left), repeat(left, body)));
  }
  /** Adds to an i32 local. */
  advance(local: number, by: Code): void {
    this.push(set(local, i32.add(get(local), by)));
  }

  push(...code: Code[]): void {
    for (const part of code) this.code.push(...part);
  }

  /** What `write` adds, taken out of the function's own code again: the body of a {@link repeat}. */
  capture(write: () => void): Code {
    const start = this.code.length;
    write();
    return this.code.splice(start);
  }

  /** Locals and code, with the length before them. */
  body(): number[] {
    const locals = this.#types.flatMap((type) => [1, type]);
    const content = [...unsigned(this.#types.length), ...locals, ...this.code, 0x0b];
    return [...unsigned(content.length), ...content];
  }

  #local(type: number, value: Code): number {
    this.#types.push(type);
    const local = this.parameters + this.#types.length - 1;
    this.push(set(local, value));
    return local;
  }
}

/** A module with one imported memory, `env.memory`, that exports `functions` by name; none gives a result. */
export function moduleOf(functions: readonly FunctionBuilder[]): Uint8Array<ArrayBuffer> {
  const text = (s: string) => [...unsigned(s.length), ...new TextEncoder().encode(s)];
  const list = (items: readonly (readonly number[])[]) => [...unsigned(items.length), ...items.flat()];
  const section = (id: number, content: readonly number[]) => [id, ...unsigned(content.length), ...content];
  const types = functions.map((f) => [0x60, ...list(Array.from({ length: f.parameters }, () => [0x7f])), 0]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, list(types)),
    ...section(2, list([[...text('env'), ...text('memory'), 0x02, 0x00, 0]])),
    ...section(3, list(functions.map((_, i) => unsigned(i)))),
    ...section(7, list(functions.map((f, i) => [...text(f.name), 0x00, ...unsigned(i)]))),
    ...section(10, list(functions.map((f) => f.body()))),
  ]);
}
