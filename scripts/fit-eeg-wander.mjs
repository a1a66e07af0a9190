// How much the EEG of people at rest changes by itself from window to window, beside simulated people whom nothing moves:
// what src/simulation/eeg-wander.ts was fitted to.
//   npm run build && node scripts/fit-eeg-wander.mjs ../shared/recordings
import { compare, deviation, mean, median, vectorsOf } from './people-at-rest.mjs';

const DURATION_S = 180;

/** [windows][regions] ln power of each band, up to a constant. */
async function lnPowers(messages) {
  const rows = new Map();
  for (const { schema, values, present } of await vectorsOf('eeg_de', messages)) {
    const sums = new Map();
    schema.features.forEach(({ channel, feature }, i) => {
      const region = regionOf(channel);
      if (!present[i] || region === null) return;
      const key = `${feature} ${region}`;
      const [sum, n] = sums.get(key) ?? [0, 0];
      // Differential entropy is half the ln power and a constant.
      sums.set(key, [sum + 2 * values[i], n + 1]);
    });
    for (const band of ['de_delta', 'de_theta', 'de_alpha', 'de_beta', 'de_gamma']) {
      const row = REGIONS.map((region) => {
        const [sum, n] = sums.get(`${band} ${region}`) ?? [Number.NaN, 1];
        return sum / n;
      });
      if (row.some(Number.isNaN)) continue;
      if (!rows.has(band)) rows.set(band, []);
      rows.get(band).push(row);
    }
  }
  return rows;
}

const REGIONS = [
  'frontal left',
  'frontal right',
  'central',
  'temporal left',
  'temporal right',
  'parietal',
  'occipital',
];
const places = {
  'frontal left': 'Fp1 F3 F7',
  'frontal right': 'Fp2 F4 F8',
  central: 'C3 C4 Cz',
  'temporal left': 'T3 T7',
  'temporal right': 'T4 T8',
  parietal: 'P3 P4 Pz P7 P8 T5 T6',
  occipital: 'O1 O2',
};
const byLabel = new Map(
  Object.entries(places).flatMap(([region, labels]) => labels.split(' ').map((label) => [label, region])),
);
const regionOf = (label) => byLabel.get(label) ?? null;

/** Deviation over windows: of the whole scalp; of a region against the whole; frontal left less right; front less back; then the whole's autocorrelation. */
function statistics(rows) {
  const whole = rows.map(mean);
  const apart = REGIONS.map((_, r) => deviation(rows.map((row, i) => row[r] - whole[i])));
  const m = mean(whole);
  const next = mean(whole.slice(1).map((v, i) => (v - m) * (whole[i] - m))) / deviation(whole) ** 2;
  return {
    whole: deviation(whole),
    apart: mean(apart),
    sides: deviation(rows.map((row) => row[0] - row[1])),
    front_back: deviation(rows.map((row) => (row[0] + row[1] - row[5] - row[6]) / 2)),
    next,
  };
}

async function table(name, sessions) {
  const people = [];
  for (const session of sessions) {
    const { messages, close } = await session();
    const rows = await lnPowers(messages);
    await close?.();
    people.push(new Map([...rows].map(([band, list]) => [band, statistics(list)])));
  }
  for (const band of people[0].keys()) {
    const told = Object.keys(people[0].get(band)).map(
      (key) => `${key} ${median(people.map((person) => person.get(band)[key])).toFixed(2)}`,
    );
    console.log(`${name}, ${band}: ${told.join(', ')}`);
  }
}

await compare({ sensor: 'eeg', people: 10, duration_s: DURATION_S }, table);
