import { type FeatureSchema, type FeatureVector, featureName } from '../../core/features.js';
import { SIMULATED_COLUMN } from '../../signal/dialects/simulated-mark.js';

/**
 * Feature vectors as CSV rows (RFC 4180): `time,<prefix>.<channel>.<feature>,...`, one row a closing time; the prefix is the
 * source's name, or the node's where several nodes share a source. The header needs every node's schema, so rows wait until
 * each of `nodes` has given a vector. Where any stream of theirs is simulated,
 * a last column `simulated` says 1 in every row.
 */
export class FeatureTable {
  /** By node, in the order of their columns. */
  readonly #prefixes: ReadonlyMap<string, string>;
  readonly #schemas = new Map<string, FeatureSchema>();
  #waiting: { time: number; vectors: Map<string, FeatureVector> }[] = [];
  #row: { time: number; vectors: Map<string, FeatureVector> } | null = null;
  #headerWritten = false;

  /** `nodes`: the extract nodes that have a stream, in the order of their columns. */
  constructor(
    nodes: readonly { readonly name: string; readonly source: string }[],
    readonly simulated = false,
  ) {
    this.#prefixes = new Map(
      nodes.map(({ name, source }) => {
        const isShared = nodes.some((other) => other.name !== name && other.source === source);
        return [name, isShared ? name : source];
      }),
    );
  }

  /** What a node gave; of nodes that have no columns nothing is taken. */
  add(node: string, vector: FeatureVector): void {
    if (!this.#prefixes.has(node)) return;
    if (!this.#schemas.has(node)) this.#schemas.set(node, vector.schema);
    this.#row ??= { time: vector.time, vectors: new Map() };
    this.#row.vectors.set(node, vector);
  }

  /** Ends the row; gives the text that is ready to be written. */
  close(): string {
    if (this.#row) this.#waiting.push(this.#row);
    this.#row = null;
    const isKnown = [...this.#prefixes.keys()].every((node) => this.#schemas.has(node));
    return this.#headerWritten || isKnown ? this.flush() : '';
  }

  /** Everything that still waits; nodes that never gave a vector have no columns. */
  flush(): string {
    const lines: string[] = [];
    if (!this.#headerWritten) {
      this.#headerWritten = true;
      const mark = this.simulated ? [SIMULATED_COLUMN] : [];
      lines.push(['time', ...this.#columns(), ...mark].map(quote).join(','));
    }
    for (const { time, vectors } of this.#waiting) lines.push(this.#line(time, vectors));
    this.#waiting = [];
    return lines.map((line) => `${line}\r\n`).join('');
  }

  #columns(): string[] {
    return [...this.#prefixes].flatMap(([node, prefix]) =>
      (this.#schemas.get(node)?.features ?? []).map((feature) => `${prefix}.${featureName(feature)}`),
    );
  }

  #line(time: number, vectors: ReadonlyMap<string, FeatureVector>): string {
    const cells = [String(time)];
    for (const node of this.#prefixes.keys()) {
      const width = this.#schemas.get(node)?.features.length ?? 0;
      if (width > 0) cells.push(cellsOf(vectors.get(node), width));
    }
    if (this.simulated) cells.push('1');
    return cells.join(',');
  }
}

/** `width` cells, empty where a value is missing. */
function cellsOf(vector: FeatureVector | undefined, width: number): string {
  if (!vector) return ','.repeat(width - 1);
  const { values, present } = vector;
  // Most windows miss nothing, and the array's own join makes no string of its own for each value.
  const whole = values.length === width && values.every((value, i) => present[i] && Number.isFinite(value));
  if (whole) return values.join(',');
  return Array.from({ length: width }, (_, i) =>
    present[i] && Number.isFinite(values[i]) ? String(values[i]) : '',
  ).join(',');
}

function quote(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
