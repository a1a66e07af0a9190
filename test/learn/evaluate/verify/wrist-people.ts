import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../../../../src/core/random.js';

/** Unix time at which every session starts, s. */
const START = 1_700_000_000;
/** Lengths of the blocks rest, stress, rest ... of a session before they vary, s. */
const BLOCKS_S = [150, 120, 140, 130, 120];
const RATE_HZ = 4;

/** Standard normal, Box and Muller. */
function normal(uniform: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

/**
 * Writes a data set in Stress-Predict's layout: people with a wrist band whose skin conductance rises within seconds
 * when their stress begins, each on a schedule of their own. It carries no marks of a simulation: what is tried on it is
 * what a model trained on people would be.
 */
export function writeWristPeople(root: string, people: number): void {
  const rows = ['Participant,HR,respr,Time(sec),Label'];
  for (let p = 0; p < people; p++) {
    const { uniform } = new Random(100 + p);
    const number = p + 2;
    const folder = join(root, 'Raw_data', `S${String(number).padStart(2, '0')}`);
    mkdirSync(folder, { recursive: true });
    const labels = BLOCKS_S.flatMap((length, b) =>
      Array<number>(Math.round(length * (0.8 + 0.4 * uniform()))).fill(b % 2),
    );
    labels.forEach((label, s) => {
      rows.push(`${number},70,12,${START + s},${label}`);
    });
    let [level, warmth] = [3 + 2 * uniform(), 32 + uniform()];
    const skin: string[] = [];
    const warm: string[] = [];
    for (let i = 0; i < labels.length * RATE_HZ; i++) {
      const goal = labels[Math.floor(i / RATE_HZ)] === 1 ? 5 : 2;
      level += 0.03 * (goal - level) + 0.05 * normal(uniform);
      warmth += 0.002 * normal(uniform);
      skin.push(Math.max(0.05, level).toFixed(6));
      warm.push(warmth.toFixed(2));
    }
    const csv = (values: readonly string[]): string =>
      `${START}.000000\n${RATE_HZ}.000000\n${values.join('\n')}\n`;
    writeFileSync(join(folder, 'EDA.csv'), csv(skin));
    writeFileSync(join(folder, 'TEMP.csv'), csv(warm));
  }
  mkdirSync(join(root, 'Processed_data'), { recursive: true });
  writeFileSync(
    join(root, 'Processed_data', 'Improved_All_Combined_hr_rsp_binary.csv'),
    `${rows.join('\n')}\n`,
  );
}
