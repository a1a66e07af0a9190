import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { NumericFormat } from '../channel-format.js';
import { channelFormats } from '../channel-format.js';

const require = createRequire(import.meta.url);

/** A pointer that liblsl gave. */
export type Handle = object;

interface NativeFunction<A extends unknown[], R> {
  (...args: A): R;
  async(...args: [...A, (error: Error | null, result: R) => void]): void;
}

/** What is used of liblsl. Every call that may wait is made on another thread. */
export interface Liblsl {
  readonly path: string;
  /** Times 100. */
  readonly protocolVersion: number;
  resolve(query: string, timeout_s: number): Promise<Handle | null>;
  /** Without liblsl's own recovery. */
  createInlet(info: Handle, maxBuffered_s: number, maxChunkLength: number): Handle;
  /** The full info document; must come before the first pull, which else waits for it without end. */
  fullInfo(inlet: Handle, timeout_s: number): Promise<{ readonly xml: string; readonly error: number }>;
  openStream(inlet: Handle, timeout_s: number): Promise<number>;
  timeCorrection(
    inlet: Handle,
    timeout_s: number,
  ): Promise<{ readonly offset: number; readonly error: number }>;
  /** Values pulled into `values` and `times`; both must live until it resolves. Waits at most `timeout_s`. */
  pull(inlet: Handle, format: NumericFormat, into: PullBuffers, timeout_s: number): Promise<number>;
  /** As {@link pull}, at once. */
  pullNow(inlet: Handle, format: NumericFormat, into: PullBuffers): number;
  /** Text pulled; at once. */
  pullTextNow(inlet: Handle, times: Float64Array, channels: number, error: Int32Array): readonly string[];
  /** Takes half a second. No pull may be pending. */
  destroyInlet(inlet: Handle): Promise<void>;
  destroyInfo(info: Handle): void;
  createOutlet(stream: {
    readonly name: string;
    readonly type: string;
    readonly channelCount: number;
    readonly nominalRate_hz: number;
    readonly sourceId: string;
  }): Handle;
  pushFloats(outlet: Handle, values: Float32Array, times: Float64Array): void;
  clock(): number;
}

export interface PullBuffers {
  readonly values: ArrayBufferView & { readonly length: number };
  readonly times: Float64Array;
  readonly error: Int32Array;
}

/** Where liblsl is, or why there is none: the person's own (`LSL_LIB`), else the one that `lsl.js` carries. */
export function findLiblsl(
  environment: NodeJS.ProcessEnv = process.env,
): { path: string } | { reason: string } {
  const own = environment.LSL_LIB;
  if (own) return existsSync(own) ? { path: own } : { reason: `LSL_LIB names ${own}, which is not there` };
  const files: Readonly<Record<string, string>> = {
    'linux x64': 'liblsl64.so',
    'win32 x64': 'liblsl64.dll',
    'darwin x64': 'liblsl64.dylib',
    'darwin arm64': 'liblslarm.dylib',
  };
  const file = files[`${process.platform} ${process.arch}`];
  if (!file)
    return { reason: `lsl.js has no liblsl for ${process.platform} ${process.arch}; name yours in LSL_LIB` };
  try {
    const path = join(dirname(require.resolve('lsl.js/package.json')), 'prebuilt', file);
    return existsSync(path) ? { path } : { reason: `lsl.js lacks ${file}` };
  } catch {
    return { reason: 'the optional package lsl.js is not installed' };
  }
}

let loaded: Liblsl | { reason: string } | null = null;

/** liblsl through koffi, or why it can't be used. */
export function loadLiblsl(): Liblsl | { reason: string } {
  loaded ??= load();
  return loaded;
}

function load(): Liblsl | { reason: string } {
  const found = findLiblsl();
  if ('reason' in found) return found;
  try {
    // Its types need a bundler's resolution; what is used of it is typed here.
    const koffi = require('koffi') as {
      load(path: string): { func(declaration: string): unknown };
      decode(pointer: Handle | bigint, type: string, length: number): string;
    };
    return bind(koffi, found.path);
  } catch (error) {
    return { reason: `${found.path} can't be loaded: ${(error as Error).message.split('\n')[0]}` };
  }
}

const suffixes: Readonly<Record<NumericFormat, readonly [suffix: string, type: string]>> = {
  float32: ['f', 'float'],
  double64: ['d', 'double'],
  int32: ['i', 'int32_t'],
  int16: ['s', 'int16_t'],
  int8: ['c', 'int8_t'],
  int64: ['l', 'int64_t'],
};

type PullArgs = [Handle, ArrayBufferView, Float64Array, number, number, number, Int32Array];

function bind(
  koffi: {
    load(path: string): { func(declaration: string): unknown };
    decode(pointer: Handle | bigint, type: string, length: number): string;
  },
  path: string,
): Liblsl {
  const library = koffi.load(path);
  const f = <A extends unknown[], R>(declaration: string) =>
    library.func(declaration) as NativeFunction<A, R>;
  const protocolVersion = f<[], number>('int lsl_protocol_version()')();
  const clock = f<[], number>('double lsl_local_clock()');
  const createInfo = f<[string, string, number, number, number, string], Handle>(
    'void *lsl_create_streaminfo(str, str, int, double, int, str)',
  );
  const createOutlet = f<[Handle, number, number], Handle>('void *lsl_create_outlet(void *, int, int)');
  const pushFloats = f<[Handle, Float32Array, number, Float64Array, number], number>(
    'int lsl_push_chunk_ftnp(void *, const float *, ulong, const double *, int)',
  );
  const destroyInfo = f<[Handle], void>('void lsl_destroy_streaminfo(void *)');
  const destroyString = f<[Handle | bigint], void>('void lsl_destroy_string(void *)');
  const resolve = f<[(Handle | null)[], number, string, number, number], number>(
    'int lsl_resolve_bypred(_Out_ void **, uint32_t, str, int, double)',
  );
  const createInlet = f<[Handle, number, number, number], Handle>(
    'void *lsl_create_inlet(void *, int, int, int)',
  );
  const fullInfo = f<[Handle, number, number[]], Handle | null>(
    'void *lsl_get_fullinfo(void *, double, _Out_ int32_t *)',
  );
  const xmlOf = f<[Handle], Handle>('void *lsl_get_xml(void *)');
  const openStream = f<[Handle, number, number[]], void>(
    'void lsl_open_stream(void *, double, _Out_ int32_t *)',
  );
  const timeCorrection = f<[Handle, number, number[]], number>(
    'double lsl_time_correction(void *, double, _Out_ int32_t *)',
  );
  const destroyInlet = f<[Handle], void>('void lsl_destroy_inlet(void *)');
  const pulls = Object.fromEntries(
    Object.entries(suffixes).map(([format, [suffix, type]]) => [
      format,
      f<PullArgs, number>(
        `ulong lsl_pull_chunk_${suffix}(void *, ${type} *, double *, ulong, ulong, double, int32_t *)`,
      ),
    ]),
  ) as Record<NumericFormat, NativeFunction<PullArgs, number>>;
  const pullText = f<[Handle, BigUint64Array, Float64Array, number, number, number, Int32Array], number>(
    'ulong lsl_pull_chunk_str(void *, void **, double *, ulong, ulong, double, int32_t *)',
  );
  const text = (pointer: Handle | bigint): string => {
    const value = koffi.decode(pointer, 'char', -1);
    destroyString(pointer);
    return value;
  };
  return {
    path,
    protocolVersion,
    clock,
    async resolve(query, timeout_s) {
      const found: (Handle | null)[] = [null];
      return (await onThread(resolve, found, 1, query, 1, timeout_s)) > 0 ? found[0] : null;
    },
    createInlet: (info, maxBuffered_s, maxChunkLength) => createInlet(info, maxBuffered_s, maxChunkLength, 0),
    async fullInfo(inlet, timeout_s) {
      const error = [0];
      const info = await onThread(fullInfo, inlet, timeout_s, error);
      if (error[0] !== 0 || !info) return { xml: '', error: error[0] || -1 };
      const xml = text(xmlOf(info));
      destroyInfo(info);
      return { xml, error: 0 };
    },
    async openStream(inlet, timeout_s) {
      const error = [0];
      await onThread(openStream, inlet, timeout_s, error);
      return error[0];
    },
    async timeCorrection(inlet, timeout_s) {
      const error = [0];
      const offset = await onThread(timeCorrection, inlet, timeout_s, error);
      return { offset, error: error[0] };
    },
    async pull(inlet, format, { values, times, error }, timeout_s) {
      return Number(
        await onThread(pulls[format], inlet, values, times, values.length, times.length, timeout_s, error),
      );
    },
    pullNow: (inlet, format, { values, times, error }) =>
      Number(pulls[format](inlet, values, times, values.length, times.length, 0, error)),
    pullTextNow(inlet, times, channels, error) {
      const pointers = new BigUint64Array(times.length * channels);
      const got = Number(pullText(inlet, pointers, times, pointers.length, times.length, 0, error));
      return Array.from(pointers.subarray(0, got), (pointer) => text(pointer));
    },
    destroyInlet: (inlet) => onThread(destroyInlet, inlet),
    destroyInfo,
    createOutlet({ name, type, channelCount, nominalRate_hz, sourceId }) {
      const format = channelFormats.indexOf('float32') + 1;
      const info = createInfo(name, type, channelCount, nominalRate_hz, format, sourceId);
      const outlet = createOutlet(info, 0, 360);
      destroyInfo(info);
      return outlet;
    },
    pushFloats: (outlet, values, times) => void pushFloats(outlet, values, values.length, times, 1),
  };
}

function onThread<A extends unknown[], R>(call: NativeFunction<A, R>, ...args: A): Promise<R> {
  return new Promise((resolve, reject) => {
    call.async(...args, (error, result) => (error ? reject(error) : resolve(result)));
  });
}
