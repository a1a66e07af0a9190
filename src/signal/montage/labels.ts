/**
 * EEG electrode names after the 10-20, 10-10 and 10-5 systems (Oostenveld & Praamstra 2001,
 * doi:10.1016/S1388-2457(00)00527-7), and the ways in which files and devices spell them.
 */

const suffixes = (first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, i) => String(first + i)).flatMap((n) => [n, `${n}h`]);

const wideRows = ['AFp', 'AF', 'AFF', 'F', 'P', 'PPO', 'PO', 'POO'];
const centralRows = [
  ['FFC', 'FFT'],
  ['FC', 'FT'],
  ['FCC', 'FTT'],
  ['C', 'T'],
  ['CCP', 'TTP'],
  ['CP', 'TP'],
  ['CPP', 'TPP'],
];
const narrowRows = ['N', 'NFp', 'Fp', 'O', 'OI', 'I'];

/** 10-20, 10-10 and 10-5 names in canonical case. */
export const tenFiveLabels: readonly string[] = [
  ...wideRows.flatMap((row) => [`${row}z`, ...suffixes(1, 10).map((s) => row + s)]),
  ...centralRows.flatMap(([middle, side]) => [
    `${middle}z`,
    ...suffixes(1, 6).map((s) => middle + s),
    ...suffixes(7, 10).map((s) => side + s),
  ]),
  ...narrowRows.flatMap((row) => [`${row}z`, ...suffixes(1, 2).map((s) => row + s)]),
];

/** Old 10-20 names and their places in the 10-10 system: they name the same electrode. */
const oldNames: Readonly<Record<string, string>> = { T3: 'T7', T4: 'T8', T5: 'P7', T6: 'P8' };

/** Names in use beside the systems: ears, mastoids, anterior temporal, and Neuroscan's cerebellar row. */
const otherLabels = ['A1', 'A2', 'M1', 'M2', 'T1', 'T2', 'CB1', 'CB2', ...Object.keys(oldNames)];

const byLowerCase = new Map([...tenFiveLabels, ...otherLabels].map((label) => [label.toLowerCase(), label]));
const synonyms = new Map(Object.entries(oldNames).flatMap(([a, b]) => [[a, b] as const, [b, a] as const]));

const referencePair = /^[am][12]\s*-\s*[am][12]$/i;

/** Whether `label` is one of the electrode names above, in any case. */
export function isElectrodeLabel(label: string): boolean {
  return byLowerCase.has(label.toLowerCase());
}

/** Whether `raw` names a difference of references (`EEG A2-A1`), which is not scalp EEG. */
export function isReferencePair(raw: string): boolean {
  return referencePair.test(withoutPrefix(raw));
}

/** Whether `raw` reads as scalp EEG: an electrode, or the difference of two (`Fpz-Cz`). */
export function isEegLabel(raw: string): boolean {
  if (isReferencePair(raw)) return false;
  return canonicalLabel(raw).split('-').every(isElectrodeLabel);
}

/**
 * `raw` without `EEG ` before and `-Ref`, `-LE`, `-A1`, `-A2` or padding dots after it, in canonical case
 * (`EEG FP1-Ref` is `Fp1`). Old names stay (`T3`); a difference of references stays whole (`A2-A1`).
 */
export function canonicalLabel(raw: string): string {
  const name = withoutPrefix(raw);
  if (referencePair.test(name)) return name.toUpperCase();
  const label = name.replace(/(?<!\s)\s*-\s*(ref|le|a1|a2)$/i, '').replace(/(?<!\.)\.+$/, '');
  return label
    .split('-')
    .map((part) => byLowerCase.get(part.trim().toLowerCase()) ?? part)
    .join('-');
}

/** Canonical labels of a stream; the second of a name becomes `name#2`. Empty labels stay empty. */
export function canonicalLabels(raws: readonly string[]): string[] {
  return distinctLabels(raws.map(canonicalLabel));
}

/** `labels` with repeated names numbered: `Fz`, `Fz#2`. Empty labels stay empty. */
export function distinctLabels(labels: readonly string[]): string[] {
  const taken = new Set(labels);
  const seen = new Map<string, number>();
  return labels.map((label) => {
    let count = (seen.get(label) ?? 0) + 1;
    if (label === '' || count === 1) {
      seen.set(label, count);
      return label;
    }
    while (taken.has(`${label}#${count}`)) count++;
    seen.set(label, count);
    return `${label}#${count}`;
  });
}

/** The other name of the same electrode (`T3` and `T7`), or null. For look-ups by montages and models only. */
export function synonymOf(label: string): string | null {
  return synonyms.get(label) ?? null;
}

function withoutPrefix(raw: string): string {
  return raw.trim().replace(/^eeg[\s:_]+/i, '');
}
