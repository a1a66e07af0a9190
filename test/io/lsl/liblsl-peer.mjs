// The real liblsl, in a process of its own: the oracle of the tests. Started by liblsl-oracle.ts; talks over IPC.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const koffi = require('koffi');
const lib = koffi.load(process.argv[2]);
const f = (declaration) => lib.func(declaration);

const lsl = {
  version: f('int lsl_protocol_version()'),
  clock: f('double lsl_local_clock()'),
  createInfo: f('void *lsl_create_streaminfo(str, str, int, double, int, str)'),
  destroyInfo: f('void lsl_destroy_streaminfo(void *)'),
  desc: f('void *lsl_get_desc(void *)'),
  appendChild: f('void *lsl_append_child(void *, str)'),
  appendChildValue: f('void *lsl_append_child_value(void *, str, str)'),
  xml: f('void *lsl_get_xml(void *)'),
  uid: f('str lsl_get_uid(void *)'),
  destroyString: f('void lsl_destroy_string(void *)'),
  createOutlet: f('void *lsl_create_outlet(void *, int, int)'),
  destroyOutlet: f('void lsl_destroy_outlet(void *)'),
  haveConsumers: f('int lsl_have_consumers(void *)'),
  waitForConsumers: f('int lsl_wait_for_consumers(void *, double)'),
  resolve: f('int lsl_resolve_bypred(_Out_ void **, uint32_t, str, int, double)'),
  createInlet: f('void *lsl_create_inlet(void *, int, int, int)'),
  fullInfo: f('void *lsl_get_fullinfo(void *, double, _Out_ int32_t *)'),
  openStream: f('void lsl_open_stream(void *, double, _Out_ int32_t *)'),
  timeCorrection: f('double lsl_time_correction(void *, double, _Out_ int32_t *)'),
  destroyInlet: f('void lsl_destroy_inlet(void *)'),
};

const formats = ['', 'float32', 'double64', 'string', 'int32', 'int16', 'int8', 'int64'];
const suffix = { float32: 'f', double64: 'd', int32: 'i', int16: 's', int8: 'c', int64: 'l' };
const c = {
  float32: 'float',
  double64: 'double',
  int32: 'int32_t',
  int16: 'int16_t',
  int8: 'int8_t',
  int64: 'int64_t',
};
const arrays = {
  float32: Float32Array,
  double64: Float64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  int64: BigInt64Array,
};
const pushers = {};
const pullers = {};
for (const name of Object.keys(suffix)) {
  pushers[name] = f(
    `int lsl_push_chunk_${suffix[name]}tnp(void *, const ${c[name]} *, ulong, const double *, int)`,
  );
  pushers[`${name} deduced`] = f(
    `int lsl_push_chunk_${suffix[name]}tp(void *, const ${c[name]} *, ulong, double, int)`,
  );
  pullers[name] = f(
    `ulong lsl_pull_chunk_${suffix[name]}(void *, ${c[name]} *, double *, ulong, ulong, double, int32_t *)`,
  );
}
const pushText = f('int lsl_push_sample_strtp(void *, const char **, double, int)');
const pullText = f('ulong lsl_pull_chunk_str(void *, void **, double *, ulong, ulong, double, int32_t *)');

const outlets = new Map();
const inlets = new Map();
let next = 1;

const asyncCall = (fn, ...args) =>
  new Promise((resolve, reject) =>
    fn.async(...args, (error, result) => (error ? reject(error) : resolve(result))),
  );

function text(pointer) {
  const value = koffi.decode(pointer, 'char', -1);
  lsl.destroyString(pointer);
  return value;
}

const methods = {
  info: () => ({ version: lsl.version(), clock: lsl.clock() }),
  createOutlet({ name, type, channels, format, rate, sourceId, labels }) {
    const info = lsl.createInfo(name, type, channels, rate, formats.indexOf(format), sourceId);
    if (labels) {
      const list = lsl.appendChild(lsl.desc(info), 'channels');
      for (const label of labels) {
        const channel = lsl.appendChild(list, 'channel');
        lsl.appendChildValue(channel, 'label', label);
        lsl.appendChildValue(channel, 'unit', 'microvolts');
      }
    }
    const outlet = lsl.createOutlet(info, 0, 360);
    const id = next++;
    outlets.set(id, { outlet, format, channels, info });
    return id;
  },
  waitForConsumers: async ({ id, timeout_s }) => {
    return (await asyncCall(lsl.waitForConsumers, outlets.get(id).outlet, timeout_s)) !== 0;
  },
  push({ id, values, times }) {
    const { outlet, format, channels } = outlets.get(id);
    if (format === 'string') {
      for (let i = 0; i < times.length; i++)
        pushText(outlet, values.slice(i * channels, (i + 1) * channels), times[i], 1);
    } else if (typeof times === 'number')
      pushers[`${format} deduced`](outlet, values, values.length, times, 1);
    else pushers[format](outlet, values, values.length, times, 1);
  },
  destroyOutlet: async ({ id }) => {
    await asyncCall(lsl.destroyOutlet, outlets.get(id).outlet);
    outlets.delete(id);
  },
  async openInlet({ query, timeout_s }) {
    const found = [null];
    const n = await asyncCall(lsl.resolve, found, 1, query, 1, timeout_s);
    if (n < 1) return null;
    const inlet = lsl.createInlet(found[0], 360, 0, 1);
    const error = [0];
    const full = await asyncCall(lsl.fullInfo, inlet, 5, error);
    if (error[0] !== 0) throw new Error(`fullinfo: ${error[0]}`);
    const xml = text(lsl.xml(full));
    lsl.destroyInfo(full);
    lsl.destroyInfo(found[0]);
    await asyncCall(lsl.openStream, inlet, 5, error);
    if (error[0] !== 0) throw new Error(`open_stream: ${error[0]}`);
    const id = next++;
    inlets.set(id, inlet);
    return { id, xml };
  },
  timeCorrection: async ({ id, timeout_s }) => {
    const error = [0];
    const offset = await asyncCall(lsl.timeCorrection, inlets.get(id), timeout_s, error);
    return { offset, error: error[0] };
  },
  async pull({ id, format, channels, samples, timeout_s }) {
    const inlet = inlets.get(id);
    const times = new Float64Array(samples);
    const error = new Int32Array(1);
    if (format === 'string') {
      const pointers = new BigUint64Array(samples * channels);
      const got = await asyncCall(
        pullText,
        inlet,
        pointers,
        times,
        pointers.length,
        samples,
        timeout_s,
        error,
      );
      const values = [...pointers.subarray(0, Number(got))].map((pointer) => text(pointer));
      return { values, times: times.slice(0, Number(got) / channels), error: error[0] };
    }
    const values = new arrays[format](samples * channels);
    const got = Number(
      await asyncCall(pullers[format], inlet, values, times, values.length, samples, timeout_s, error),
    );
    return { values: values.slice(0, got), times: times.slice(0, got / channels), error: error[0] };
  },
  destroyInlet: async ({ id }) => {
    await asyncCall(lsl.destroyInlet, inlets.get(id));
    inlets.delete(id);
  },
};

process.on('message', async ({ call, method, params }) => {
  try {
    process.send({ call, result: await methods[method](params ?? {}) });
  } catch (error) {
    process.send({ call, error: String(error?.stack ?? error) });
  }
});
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
