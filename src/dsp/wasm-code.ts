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
/** Eight bytes of a shuffle, from `first` on. */
const lane = (first: number): number[] => Array.from({ length: 8 }, (_, i) => first + i);

export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)];

export const i32 = {
  constant: (value: number): Code => [0x41, ...signed(value)],
  add: (a: Code, b: Code): Code => [...a, ...b, 0x6a],
  subtract: (a: Code, b: Code): Code => [...a, ...b, 0x6b],
  multiply: (a: Code, b: Code): Code => [...a, ...b, 0x6c],
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
