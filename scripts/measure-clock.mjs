// What a stream's clock shows on simulated devices (docs/explanation/clocks.md): the table, as Markdown. Rows that don't show what
// they must are marked, and the exit code is 1.
//
//   node scripts/measure-clock.mjs [seeds] [part of a row's name]     (8; needs `npm run build`)
import { markdownTable } from '../dist/core/markdown-table.js';
import { clockRows, mean, runClockRow, toldShare } from '../dist/testing/clock-rows.js';

const [count = '8', part = ''] = process.argv.slice(2);
const seeds = Array.from({ length: Number(count) }, (_, i) => i + 1);
const cells = [];
let failed = 0;
for (const row of clockRows.filter(({ name }) => name.includes(part))) {
  const { figures, failures } = runClockRow(row, seeds);
  const worst = (of) => Math.max(...figures.map(of));
  const losses = figures.reduce((sum, f) => sum + f.losses, 0);
  const { clockStep, outage_s } = row.device;
  cells.push([
    row.name,
    mean(figures.map((f) => f.falseGapsPerMinute)).toFixed(1),
    losses > 0 ? `${(100 * toldShare(figures)).toFixed(1)} %` : '',
    String(worst((f) => f.outliers)),
    clockStep
      ? `${worst((f) => f.resets[0] - clockStep.at_s).toFixed(1)} s`
      : String(worst((f) => f.resets.length)),
    rates(figures),
    `${(1000 * worst((f) => f.worstPlace_s)).toFixed(0)} ms`,
    `${(1000 * worst((f) => f.worstFromFirst_s)).toFixed(0)} ms`,
    outage_s ? staleAfter(figures, outage_s) : '',
    `${(100 * worst((f) => f.lostWindows)).toFixed(1)} %`,
  ]);
  for (const failure of failures) console.error(`${row.name}: ${failure}`);
  if (failures.length > 0) failed++;
}
console.log(
  markdownTable(
    [
      'device',
      'false gaps a minute',
      'losses told',
      'outliers',
      'reset',
      'rate',
      'placed within',
      'from the first sample',
      'stale after',
      'windows lost',
    ],
    cells,
  ),
);
console.error(
  `${cells.length - failed} of ${cells.length} rows show what they must, with ${seeds.length} seeds`,
);
process.exitCode = failed > 0 ? 1 : 0;

/** Of outages that are long enough for it. */
function staleAfter(figures, [from, to]) {
  const onsets = figures.flatMap((f) => f.staleOnsets.filter((at) => at >= from && at <= to));
  return onsets.length === 0 ? '' : `${(Math.max(...onsets) - from).toFixed(1)} s`;
}

function rates(figures) {
  const changes = figures.flatMap((f) => f.rates);
  if (changes.length === 0) return 'as declared';
  const used = changes.map(({ used_hz }) => used_hz ?? Number.NaN);
  const [least, most] = [Math.min(...used), Math.max(...used)];
  const latest = Math.max(...changes.map(({ at_s }) => at_s));
  return `${least === most ? least : `${least} to ${most}`} Hz by ${latest.toFixed(1)} s${changes.length > figures.length ? `, ${changes.length} changes` : ''}`;
}
