// One side of namespaces.test.ts, in a network namespace of its own: `offer`, or `find`, which prints what it got.
import { Inlet, Outlet, parseConfig, resolveStreams, SystemClock } from '../../../dist/io/lsl/index.js';

const clock = new SystemClock();
const context = { clock, config: parseConfig('', 'defaults'), events: () => {} };

if (process.argv[2] === 'offer') {
  const outlet = await Outlet.create(context, {
    name: 'far',
    type: 'EEG',
    sourceId: 'far',
    nominalRate_hz: 100,
  });
  let sample = 0;
  clock.every(0.01, () => {
    if (outlet.consumers > 0) outlet.push(Float32Array.of(sample++), clock.now());
  });
} else {
  const [info] = await resolveStreams(context, { query: "source_id='far'", minimum: 1, timeout_s: 30 });
  const values = [];
  const inlet = new Inlet(context, info, {
    samples: (batch) => {
      values.push(...batch.values);
      if (values.length < 50) return;
      process.stdout.write(JSON.stringify({ address: info.v4.address || info.v6.address, values }));
      process.exit(0);
    },
  });
  await inlet.open();
}
