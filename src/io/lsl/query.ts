import { tableOf } from '../../core/table.js';
import { LslError } from './lsl-error.js';
import type { XmlElement } from './xml.js';

/** Longest query that is evaluated, and how deep its parentheses may go. */
const MAX_LENGTH = 4096;
const MAX_DEPTH = 32;

/** What an expression of the query gives: XPath's four types. */
type Value = string | number | boolean | readonly XmlElement[];
type Expression = (root: XmlElement) => Value;

/** Tells whether a stream's `info` element fits. */
export type Query = (info: XmlElement) => boolean;

/**
 * Compiles a predicate on `info` in the part of XPath 1.0 that LSL's queries use: `and`, `or`, `=`, `!=`, `<`, `<=`, `>`, `>=`, `not()`,
 * `starts-with()`, `contains()`, `count()`, text and numbers, and paths such as `desc/channels/channel/label`, with
 * `*`, `//name`, `text()` and a predicate in brackets. Paths start at `info`. An empty query fits everything.
 * @throws LslError `query`, with the place of the fault.
 */
export function compileQuery(query: string): Query {
  if (query.trim() === '') return () => true;
  if (query.length > MAX_LENGTH) throw new LslError('query', `a query of ${query.length} characters`);
  const expression = new QueryParser(query).parse();
  return (info) => truth(expression(info));
}

/** `text` as a query's literal. @throws LslError `query` if it holds both kinds of quotes: XPath 1.0 can't say that. */
export function quoteForQuery(text: string): string {
  if (!text.includes("'")) return `'${text}'`;
  if (!text.includes('"')) return `"${text}"`;
  throw new LslError('query', `both kinds of quotes in ${text}`);
}

const tokenPattern =
  /\s*(?:(?<literal>'[^']*'|"[^"]*")|(?<number>\d+(?:\.\d*)?|\.\d+)|(?<name>[\p{L}_][\p{L}\p{N}_.-]*|\*)|(?<symbol>\/\/|!=|<=|>=|[()[\]=<>/,.@|]))/uy;

interface Token {
  readonly kind: 'literal' | 'number' | 'name' | 'symbol' | 'end';
  readonly text: string;
  readonly at: number;
}

class QueryParser {
  readonly #tokens: Token[] = [];
  #next = 0;
  #depth = 0;

  constructor(readonly query: string) {
    tokenPattern.lastIndex = 0;
    const end = query.trimEnd().length;
    while (tokenPattern.lastIndex < end) {
      const at = tokenPattern.lastIndex;
      const match = tokenPattern.exec(query);
      if (!match?.groups) throw this.#fault(at);
      const { literal, number, name, symbol } = match.groups;
      if (literal !== undefined) this.#tokens.push({ kind: 'literal', text: literal.slice(1, -1), at });
      else if (number !== undefined) this.#tokens.push({ kind: 'number', text: number, at });
      else if (name !== undefined) this.#tokens.push({ kind: 'name', text: name, at });
      else this.#tokens.push({ kind: 'symbol', text: symbol, at });
    }
    this.#tokens.push({ kind: 'end', text: '', at: end });
  }

  parse(): Expression {
    const expression = this.#or();
    if (this.#peek.kind !== 'end') throw this.#fault();
    return expression;
  }

  get #peek(): Token {
    return this.#tokens[this.#next];
  }

  #fault(at = this.#peek.at): LslError {
    return new LslError(
      'query',
      `can't read the query at character ${at + 1}: ${this.query.slice(at, at + 24)}`,
    );
  }

  #take(kind: Token['kind'], text?: string): Token | null {
    const token = this.#peek;
    if (token.kind !== kind || (text !== undefined && token.text !== text)) return null;
    this.#next++;
    return token;
  }

  #expect(text: string): void {
    if (!this.#take('symbol', text)) throw this.#fault();
  }

  #or(): Expression {
    if (++this.#depth > MAX_DEPTH) throw new LslError('query', 'a query nested too deep');
    const terms = [this.#and()];
    while (this.#take('name', 'or')) terms.push(this.#and());
    this.#depth--;
    return terms.length === 1 ? terms[0] : (root) => terms.some((term) => truth(term(root)));
  }

  #and(): Expression {
    const terms = [this.#comparison()];
    while (this.#take('name', 'and')) terms.push(this.#comparison());
    return terms.length === 1 ? terms[0] : (root) => terms.every((term) => truth(term(root)));
  }

  #comparison(): Expression {
    let left = this.#primary();
    for (;;) {
      const operator = ['=', '!=', '<=', '>=', '<', '>'].find((text) => this.#take('symbol', text));
      if (!operator) return left;
      const first = left;
      const second = this.#primary();
      left = (root) => compare(operator, first(root), second(root));
    }
  }

  #primary(): Expression {
    const literal = this.#take('literal');
    if (literal) return () => literal.text;
    const number = this.#take('number');
    if (number) return () => Number(number.text);
    if (this.#take('symbol', '(')) {
      const inner = this.#or();
      this.#expect(')');
      return inner;
    }
    const following = this.#tokens[this.#next + 1];
    if (this.#peek.kind === 'name' && following?.text === '(' && following.kind === 'symbol')
      if (this.#peek.text !== 'text') return this.#call();
    return this.#path();
  }

  #call(): Expression {
    const name = this.#take('name')!.text;
    this.#expect('(');
    const args: Expression[] = [];
    if (!this.#take('symbol', ')')) {
      do args.push(this.#or());
      while (this.#take('symbol', ','));
      this.#expect(')');
    }
    const called = functions.get(name);
    if (!called) throw new LslError('query', `no function ${name}() in queries`);
    if (args.length !== called.parameters)
      throw new LslError('query', `${name}() takes ${called.parameters} arguments`);
    return (root) => called.evaluate(args.map((arg) => arg(root)));
  }

  #path(): Expression {
    const steps: ((nodes: readonly XmlElement[]) => readonly XmlElement[])[] = [];
    let descend = false;
    let rooted = false;
    if (this.#take('symbol', '//')) descend = true;
    else if (this.#take('symbol', '/')) rooted = true;
    do {
      if (this.#take('symbol', '.')) continue;
      const attribute = this.#take('symbol', '@') !== null;
      const token = this.#take('name');
      if (!token) throw this.#fault();
      const isText = token.text === 'text' && this.#take('symbol', '(') !== null;
      if (isText) this.#expect(')');
      else {
        const name = token.text;
        const everywhere = descend;
        const fits = (e: XmlElement): boolean => !attribute && (name === '*' || e.name === name);
        if (rooted) {
          // From the document itself: its only child is `info`, the element that queries start at.
          steps.push((nodes) => nodes.filter(fits));
        } else {
          steps.push((nodes) => [
            ...new Set(nodes.flatMap((node) => (everywhere ? below(node) : node.children).filter(fits))),
          ]);
        }
      }
      rooted = false;
      while (this.#take('symbol', '[')) {
        const inner = this.#or();
        this.#expect(']');
        steps.push((nodes) => nodes.filter((node, i) => holds(inner(node), i + 1)));
      }
    } while (
      this.#separator((isDescent) => {
        descend = isDescent;
      })
    );
    return (root) => steps.reduce<readonly XmlElement[]>((nodes, step) => step(nodes), [root]);
  }

  #separator(descend: (isDescent: boolean) => void): boolean {
    if (this.#take('symbol', '//')) {
      descend(true);
      return true;
    }
    descend(false);
    return this.#take('symbol', '/') !== null;
  }
}

const functions = tableOf<{ parameters: number; evaluate: (args: readonly Value[]) => Value }>({
  'starts-with': { parameters: 2, evaluate: ([a, b]) => text(a).startsWith(text(b)) },
  contains: { parameters: 2, evaluate: ([a, b]) => text(a).includes(text(b)) },
  count: {
    parameters: 1,
    evaluate: ([nodes]) => {
      if (!isNodes(nodes)) throw new LslError('query', 'count() takes a path');
      return nodes.length;
    },
  },
  not: { parameters: 1, evaluate: ([value]) => !truth(value) },
  true: { parameters: 0, evaluate: () => true },
  false: { parameters: 0, evaluate: () => false },
  string: { parameters: 1, evaluate: ([value]) => text(value) },
  number: { parameters: 1, evaluate: ([value]) => number(value) },
  'string-length': { parameters: 1, evaluate: ([value]) => text(value).length },
});

function below(node: XmlElement): readonly XmlElement[] {
  return node.children.flatMap((child) => [child, ...below(child)]);
}

const isNodes = (value: Value): value is readonly XmlElement[] => typeof value === 'object';

function holds(value: Value, position: number): boolean {
  return typeof value === 'number' ? value === position : truth(value);
}

function truth(value: Value): boolean {
  return isNodes(value) ? value.length > 0 : Boolean(value);
}

function textOfElement(element: XmlElement): string {
  return element.children.length === 0 ? element.text : element.children.map(textOfElement).join('');
}

function text(value: Value): string {
  return isNodes(value) ? (value[0] ? textOfElement(value[0]) : '') : String(value);
}

function number(value: Value): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  const digits = text(value).trim();
  return digits === '' ? Number.NaN : Number(digits);
}

/** XPath: a set of nodes compares true if any of them does. */
function compare(operator: string, left: Value, right: Value): boolean {
  if (isNodes(left)) return left.some((node) => compare(operator, textOfElement(node), right));
  if (isNodes(right)) return right.some((node) => compare(operator, left, textOfElement(node)));
  switch (operator) {
    case '=':
      return equal(left, right);
    case '!=':
      return !equal(left, right);
    case '<':
      return number(left) < number(right);
    case '<=':
      return number(left) <= number(right);
    case '>':
      return number(left) > number(right);
    default:
      return number(left) >= number(right);
  }
}

function equal(left: Value, right: Value): boolean {
  if (typeof left === 'boolean' || typeof right === 'boolean') return truth(left) === truth(right);
  if (typeof left === 'number' || typeof right === 'number') return number(left) === number(right);
  return text(left) === text(right);
}
