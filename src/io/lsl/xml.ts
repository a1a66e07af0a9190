import { XMLParser } from 'fast-xml-parser';
import { tableOf } from '../../core/table.js';
import { LslError } from './lsl-error.js';

/** An element of a stream's description. Text beside children is not kept: liblsl writes none. */
export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

/**
 * Largest description that is read, and its depth and number of elements: 1024 channels of 20 elements, with room. It is
 * parsed in one go, so beyond is abuse.
 */
export const XML_LIMITS = { bytes: 1 << 20, depth: 64, elements: 32_768 } as const;

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  // Entities are taken apart below: the five of XML and characters by number, none that a document defines.
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: XML_LIMITS.depth,
  cdataPropName: '#cdata',
});

type ParsedNode = Readonly<Record<string, unknown>>;

/** The root element. @throws LslError `malformed`, `too-large`. */
export function parseXml(text: string): XmlElement {
  if (text.length > XML_LIMITS.bytes)
    throw new LslError(
      'too-large',
      `a description of ${text.length} characters; ${XML_LIMITS.bytes} are read: let its desc hold less`,
    );
  if (/<!(DOCTYPE|ENTITY)/i.test(text))
    throw new LslError('malformed', 'a description that defines a document type or entities');
  checkNesting(text);
  let nodes: unknown;
  try {
    nodes = parser.parse(text);
  } catch (error) {
    throw new LslError('malformed', `not XML: ${(error as Error).message}`, { cause: error });
  }
  const roots = Array.isArray(nodes) ? elementsOf(nodes as ParsedNode[], { elements: 0 }, 0) : [];
  if (roots.length !== 1) throw new LslError('malformed', 'not XML: no single root element');
  return roots[0];
}

/** Depth and tags of the raw text, before anything is built from it. */
function checkNesting(text: string): void {
  let depth = 0;
  let elements = 0;
  for (const [, closing, selfClosing] of text.matchAll(/<(\/)?[A-Za-z_][^<>]*?(\/)?>/g)) {
    if (closing) depth--;
    else {
      elements++;
      if (!selfClosing) depth++;
    }
    if (depth > XML_LIMITS.depth || elements > XML_LIMITS.elements)
      throw new LslError(
        'too-large',
        `a description of more than ${XML_LIMITS.elements} elements, or nested deeper than ${XML_LIMITS.depth}: let its desc hold less`,
      );
  }
}

function elementsOf(nodes: readonly ParsedNode[], count: { elements: number }, depth: number): XmlElement[] {
  if (depth > XML_LIMITS.depth) throw new LslError('too-large', 'a description nested too deep');
  const elements: XmlElement[] = [];
  for (const node of nodes) {
    const name = Object.keys(node).find((key) => key !== ':@');
    if (name === undefined || name.startsWith('#')) continue;
    if (++count.elements > XML_LIMITS.elements) throw new LslError('too-large', 'too many elements');
    const inner = node[name] as readonly ParsedNode[];
    const children = elementsOf(inner, count, depth + 1);
    elements.push({ name, text: children.length > 0 ? '' : textOf(inner), children });
  }
  return elements;
}

function textOf(nodes: readonly ParsedNode[]): string {
  return nodes
    .map((node) => {
      if ('#text' in node) return decodeEntities(String(node['#text']));
      const cdata = node['#cdata'];
      return Array.isArray(cdata) ? cdata.map((part) => String((part as ParsedNode)['#text'])).join('') : '';
    })
    .join('');
}

const named = tableOf({ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" });

function decodeEntities(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w{1,8}));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return named.get(name) ?? whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** `&#0;` and other characters that XML can't hold become U+FFFD. */
function escapeXml(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML forbids
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
      .replace(/[&<>"']/g, (c) => escapes[c])
  );
}

/** The element as text, indented by tabs as liblsl writes it. */
export function formatXml(element: XmlElement, indent = ''): string {
  const { name, text, children } = element;
  if (children.length > 0) {
    const inner = children.map((child) => formatXml(child, `${indent}\t`)).join('');
    return `${indent}<${name}>\n${inner}${indent}</${name}>\n`;
  }
  return text === '' ? `${indent}<${name} />\n` : `${indent}<${name}>${escapeXml(text)}</${name}>\n`;
}

/** An element that holds text, or children. @throws LslError `malformed` for a name that XML doesn't allow. */
export function xmlElement(name: string, content: string | readonly XmlElement[] = ''): XmlElement {
  if (!/^[\p{L}_][\p{L}\p{N}_.-]*$/u.test(name))
    throw new LslError('malformed', `'${name}' can't be an element's name`);
  return typeof content === 'string'
    ? { name, text: content, children: [] }
    : { name, text: '', children: content };
}

export function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((child) => child.name === name);
}

/** Text of the first child of that name; '' if there is none. */
export function childText(element: XmlElement | undefined, name: string): string {
  return childOf(element, name)?.text ?? '';
}
