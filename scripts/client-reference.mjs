// The reference page of `affectd/client`, made from the types and docstrings of src/io/client.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Files that export something, in the order of the page. A file that isn't here fails. */
const sections = [
  ['stream-client.ts', 'Reading predictions'],
  ['ingest-client.ts', 'Sending samples'],
  ['connection.ts', 'The connection'],
  ['timers.ts', 'Timers'],
  ['web-socket.ts', 'The WebSocket'],
  ['sample-frame.ts', 'Binary frames'],
  ['scale.ts', 'Scales'],
  ['control.ts', 'What is asked and answered'],
  ['output.ts', 'What is published'],
  ['calls.ts', 'Calls'],
];

/** Types whose fields, with their meaning, stand in the protocol's reference. */
const ofProtocol = ['control.ts', 'output.ts', 'calls.ts'];

/** What people do with the client, and the program that does it. */
const examples = [
  ['Print predictions', 'websocket-client.mjs'],
  ['Send a headset', 'client/headset.mjs'],
  ['Send a marker', 'client/marker.mjs'],
  ['Several streams of one device', 'client/several-streams.mjs'],
  ['As an Observable, with RxJS', 'client/observable.mjs'],
  ['Go on where another run of the program stopped', 'client/going-on.mjs'],
  ['Say which sensors are not well', 'client/sensors.mjs'],
];

/** @returns {string} docs/reference/client.md */
export function clientReference() {
  const index = join(root, 'src', 'io', 'client', 'index.ts');
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const program = ts.createProgram([index], { ...options, incremental: false, tsBuildInfoFile: undefined });
  const checker = program.getTypeChecker();
  const exported = checker
    .getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(index)))
    .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol));
  const byFile = Map.groupBy?.(exported, fileOf) ?? groupBy(exported, fileOf);
  for (const file of byFile.keys())
    if (!sections.some(([name]) => name === file))
      throw new Error(`${file} has no section in scripts/client-reference.mjs: add one`);
  return `${[
    introduction,
    '## Examples',
    ...examples.map(
      ([title, file]) =>
        `### ${title}\n\n[examples/${file}](../../examples/${file}):\n\n\`\`\`js\n${readFileSync(join(root, 'examples', file), 'utf8').trimEnd()}\n\`\`\``,
    ),
    ...sections.flatMap(([file, title]) => [
      `## ${title}`,
      ...(ofProtocol.includes(file)
        ? [protocolTypes(checker, byFile.get(file))]
        : byFile.get(file).map((symbol) => describe(checker, symbol))),
    ]),
  ].join('\n\n')}\n`;
}

const introduction = `# The client, \`affectd/client\`

<!-- Made by \`npm run generate\` from src/io/client; edit there. -->

For browsers and Node, without dependencies. Node 20 has no WebSocket of its own: pass \`ws\`'s. What goes over the wire is in the
[protocol](protocol.md); [connecting a device](../how-to/connect-a-device-over-websocket.md) says what to get right.
[In Python](../how-to/read-and-send-in-python.md) there is one file.`;

function fileOf(symbol) {
  return basename(symbol.declarations[0].getSourceFile().fileName);
}

/** Node 20 has no Map.groupBy. */
function groupBy(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function protocolTypes(checker, symbols) {
  return [
    'Fields and their meaning stand in the [protocol](protocol.md).',
    ...symbols.map((symbol) => {
      const text = docOf(checker, symbol);
      return `- \`${symbol.name}\`${text ? `: ${text}` : ''}`;
    }),
  ].join('\n');
}

function describe(checker, symbol) {
  const [declaration] = symbol.declarations;
  const heading = `### \`${symbol.name}\``;
  const text = docOf(checker, symbol);
  if (ts.isFunctionDeclaration(declaration))
    return join2([heading, code(signature(checker, declaration)), text, tags(symbol)]);
  if (ts.isClassDeclaration(declaration))
    return join2([
      heading,
      heritage(declaration) && `\`class${heritage(declaration)}\``,
      text,
      members(checker, symbol, declaration.members),
    ]);
  if (ts.isInterfaceDeclaration(declaration))
    return join2([
      heading,
      heritage(declaration) && `\`interface${heritage(declaration)}\``,
      text,
      members(checker, symbol, declaration.members),
    ]);
  return join2([heading, code(ownText(declaration)), text, tags(symbol)]);
}

/** `type X = ...` and `const x: ...` as they are written. */
function ownText(declaration) {
  if (ts.isVariableDeclaration(declaration))
    return `const ${declaration.name.getText()}: ${declaration.type.getText()}`;
  return declaration
    .getText()
    .replace(/^export /, '')
    .replace(/;$/, '');
}

function heritage(declaration) {
  return (declaration.heritageClauses ?? []).map((clause) => ` ${clause.getText()}`).join('');
}

function members(checker, owner, declarations) {
  const rows = declarations.flatMap((member) => {
    const symbol = checker.getSymbolAtLocation(member.name ?? member) ?? member.symbol;
    if (isHidden(member, symbol)) return [];
    if (ts.isConstructorDeclaration(member)) {
      const parameters = member.parameters.map((parameter) => parameter.getText().replace(/^readonly /, ''));
      const fields = member.parameters
        .filter((parameter) => ts.isParameterPropertyDeclaration(parameter, member))
        .map((parameter) => [parameter.getText().replace(/^readonly /, ''), '']);
      return [
        [
          `new ${owner.name}(${parameters.join(', ')})`,
          join1(docOf(checker, member.symbol), tags(member.symbol, ' ')),
        ],
        ...fields,
      ];
    }
    if (ts.isMethodDeclaration(member) || ts.isMethodSignature(member))
      return [[signature(checker, member), join1(docOf(checker, symbol), tags(symbol, ' '))]];
    const mark = member.questionToken ? '?' : '';
    const type = member.type?.getText() ?? checker.typeToString(checker.getTypeOfSymbol(symbol));
    return [[`${symbol.name}${mark}: ${type}`, docOf(checker, symbol)]];
  });
  const unique = rows.filter(([text], i) => rows.findIndex(([other]) => other === text) === i);
  return table(unique.map(([text, meaning]) => [`\`${text}\``, meaning]));
}

/** What isn't for users of the client. */
function isHidden(member, symbol) {
  if (member.name && ts.isPrivateIdentifier(member.name)) return true;
  const modifiers = ts.getCombinedModifierFlags(member);
  if (modifiers & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) return true;
  return (symbol ?? member.symbol).getJsDocTags().some(({ name }) => name === 'internal');
}

/** As it is written: types keep their names. */
function signature(checker, declaration) {
  const listed = (nodes) => nodes.map((node) => node.getText()).join(', ');
  const generic = declaration.typeParameters ? `<${listed(declaration.typeParameters)}>` : '';
  const mark = declaration.questionToken ? '?' : '';
  const returned =
    declaration.type?.getText() ??
    checker.typeToString(checker.getSignatureFromDeclaration(declaration).getReturnType());
  return `${declaration.name.getText()}${mark}${generic}(${listed(declaration.parameters)}): ${returned}`;
}

function docOf(checker, symbol) {
  return prose(ts.displayPartsToString(symbol.getDocumentationComment(checker)));
}

function tags(symbol, between = '\n\n') {
  return symbol
    .getJsDocTags()
    .flatMap(({ name, text }) => {
      const said = ts.displayPartsToString(text);
      if (name === 'example') return [code(said, 'js')];
      if (name === 'param') return [prose(said.replace(/^(\S+) /, '`$1`: '))];
      if (name === 'returns') return [`Returns ${decapitalised(prose(said))}`];
      if (name === 'throws') return [`Throws ${prose(said)}`];
      return [];
    })
    .map((said) => (/[.`]$/.test(said) ? said : `${said}.`))
    .join(between);
}

function decapitalised(text) {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** A docstring's lines are one paragraph; a link to another type is its name. */
function prose(text) {
  return text
    .replace(/\{@link (\S+?)\s*\}/g, '`$1`')
    .replace(/\s*\n\s*/g, ' ')
    .trim();
}

function table(rows) {
  if (rows.length === 0) return '';
  const cells = (row) =>
    `| ${row.map((cell) => cell.replaceAll('|', '\\|').replace(/\s*\n\s*/g, ' ')).join(' | ')} |`;
  return ['| member | meaning |', '|---|---|', ...rows.map(cells)].join('\n');
}

function code(text, language = 'ts') {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

function join1(...parts) {
  return parts.filter(Boolean).join(' ');
}

function join2(parts) {
  return parts.filter(Boolean).join('\n\n');
}
