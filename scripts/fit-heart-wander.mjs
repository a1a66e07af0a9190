// How much the heart's rate of people at rest changes by itself, beside simulated people whom nothing moves: what the wander in
// src/simulation/beat-train.ts was fitted to.
//   npm run build && node scripts/fit-heart-wander.mjs ../shared/recordings
import { compare, deviation, mean, median, vectorsOf } from './people-at-rest.mjs';

const DURATION_S = 184;
const WINDOW_S = 4;
const LAGS_S = [4, 8, 16, 32, 60];
/** A third of the windows at least must have beats: person 2's ECG has none. */
const LEAST_WINDOWS = 15;

/** [windows] mean rate, /min; NaN where it isn't measured. */
async function rates(messages) {
  return (await vectorsOf('heart_ecg', messages)).map(({ schema, values, present }) => {
    const at = schema.features.findIndex(({ feature }) => feature === 'hr_mean');
    return present[at] ? values[at] : Number.NaN;
  });
}

/** Deviation over windows, then half the mean square of what the rate changes by within each lag, as a deviation. */
function statistics(rate) {
  const known = rate.filter((v) => !Number.isNaN(v));
  if (known.length < LEAST_WINDOWS) return null;
  const out = { deviation: deviation(known) };
  for (const lag_s of LAGS_S) {
    const changes = rate.slice(lag_s / WINDOW_S).map((v, i) => v - rate[i]);
    out[`${lag_s} s`] = Math.sqrt(mean(changes.filter((v) => !Number.isNaN(v)).map((v) => (v * v) / 2)));
  }
  return out;
}

async function table(name, sessions) {
  const people = [];
  for (const session of sessions) {
    const { messages, close } = await session();
    const found = statistics(await rates(messages));
    await close?.();
    if (found) people.push(found);
  }
  const told = Object.keys(people[0]).map((key) => {
    const all = people.map((person) => person[key]);
    return `${key} ${median(all).toFixed(2)} (${Math.min(...all).toFixed(1)} to ${Math.max(...all).toFixed(1)})`;
  });
  console.log(`${name}, ${people.length} people, /min: ${told.join(', ')}`);
}

await compare({ sensor: 'ecg', people: 40, duration_s: DURATION_S }, table);
