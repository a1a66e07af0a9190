/** Selective prediction: what it costs to speak more often (Geifman and El-Yaniv 2017). */
export interface RiskCoverage {
  /** Shares of predictions kept, the surest first: 1/n, 2/n ... 1. */
  readonly coverage: readonly number[];
  /** Mean loss of those kept. */
  readonly risk: readonly number[];
  /** Area under the curve, the mean risk over all coverages; the lower, the better uncertainty knows error. */
  readonly aurc: number;
}

/**
 * @param uncertainty [n], low = sure; predictions that are equally sure are counted with their mean loss
 * @param loss [n], such as absolute errors, or 0 and 1
 */
export function riskCoverage(uncertainty: ArrayLike<number>, loss: ArrayLike<number>): RiskCoverage {
  const n = uncertainty.length;
  const order = Array.from(uncertainty, (_, i) => i).sort((a, b) => uncertainty[a] - uncertainty[b]);
  const risk: number[] = [];
  let total = 0;
  for (let start = 0; start < n; ) {
    let end = start + 1;
    while (end < n && uncertainty[order[end]] === uncertainty[order[start]]) end++;
    const tied = order.slice(start, end).reduce((sum, i) => sum + loss[i], 0) / (end - start);
    for (let i = start; i < end; i++) {
      total += tied;
      risk.push(total / (i + 1));
    }
    start = end;
  }
  const coverage = risk.map((_, i) => (i + 1) / n);
  return { coverage, risk, aurc: risk.reduce((sum, r) => sum + r, 0) / n };
}
