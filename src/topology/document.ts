import { type Document, isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import type { PipelineProblem } from './problem.js';

type Path = readonly (string | number)[];

/** A YAML text that knows on which line every value stands. */
export class PipelineDocument {
  readonly #document: Document.Parsed;
  readonly #lines = new LineCounter();

  constructor(
    readonly file: string,
    text: string,
  ) {
    this.#document = parseDocument(text, { lineCounter: this.#lines, uniqueKeys: true, version: '1.2' });
  }

  /** The parsed value, or undefined with problems when the text is not YAML. */
  value(): unknown {
    return this.#document.errors.length > 0 ? undefined : this.#document.toJS();
  }

  syntaxProblems(): PipelineProblem[] {
    return this.#document.errors.map((error) => {
      const { line, col } = this.#lines.linePos(error.pos[0]);
      const message = error.message.split('\n')[0].replace(/ at line \d+, column \d+:?$/, '');
      return { file: this.file, line, column: col, path: '', message: `not valid YAML: ${message}` };
    });
  }

  /** A problem at `path`, on the line of its key; of the nearest parent when the path does not exist. */
  problem(path: Path, message: string): PipelineProblem {
    const { line, col } = this.#lines.linePos(this.#offsetOf(path));
    return {
      file: this.file,
      line: Math.max(1, line),
      column: Math.max(1, col),
      path: path.join('.'),
      message,
    };
  }

  #offsetOf(path: Path): number {
    let node: unknown = this.#document.contents;
    let offset = 0;
    for (const key of path) {
      if (isMap(node)) {
        const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
        if (!pair) break;
        if (isScalar(pair.key) && pair.key.range) offset = pair.key.range[0];
        node = pair.value;
      } else {
        const child: unknown = this.#document.getIn(path.slice(0, path.indexOf(key) + 1), true);
        if (!isScalar(child) || !child.range) break;
        offset = child.range[0];
        node = child;
      }
    }
    return offset;
  }
}
