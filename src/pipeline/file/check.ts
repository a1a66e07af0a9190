import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join as joinPath, resolve } from 'node:path';
import { closest } from 'fastest-levenshtein';
import { z } from 'zod';
import type { TransformDefinition, UpstreamFacts } from '../../core/component.js';
import { digestOf } from '../../core/digest.js';
import { packageRoot } from '../../core/package-root.js';
import { canonicalLabels } from '../../signal/montage/labels.js';
import type { AlignParams } from '../../signal/transforms/align.js';
import type { PipelineDocument } from './document.js';
import type {
  Join,
  ModelNode,
  Pipeline,
  PipelineSection,
  SinkNode,
  SourceNode,
  TransformNode,
} from './pipeline.js';
import { pipelineSections } from './pipeline.js';
import {
  inputSchema,
  modelNodeSchema,
  nodeNamePattern,
  sinkNodeSchema,
  sourceNodeSchema,
} from './pipeline-schema.js';
import type { PipelineProblem } from './problem.js';
import {
  modelDefinitions,
  type ParameterSchema,
  sinkDefinitions,
  sourceDefinitions,
  transformDefinitions,
} from './registry.js';

/** The longest that a window waits for a stream; a file can say less, s. */
const DEFAULT_LATENESS_S = 2;
/** See `after` of the protocol's `subscribe`. */
const RESERVED_NAME = 'run';

type RawNode = Readonly<Record<string, unknown>>;
type Parsed = { readonly definition: TransformDefinition; readonly params: unknown; readonly raw: RawNode };

/** What an edge carries. */
type Kind = 'chunks' | 'features' | 'windows' | 'frames' | 'predictions';

/**
 * Checks a pipeline file in three phases (shape, graph, physics) and builds the {@link Pipeline}. Every problem of a
 * phase is collected; a later phase looks only at nodes that passed the earlier ones.
 */
export function checkPipeline(document: PipelineDocument): {
  pipeline: Pipeline | null;
  problems: PipelineProblem[];
} {
  const checker = new PipelineChecker(document);
  const pipeline = checker.check();
  return { pipeline: checker.problems.length === 0 ? pipeline : null, problems: checker.problems };
}

class PipelineChecker {
  readonly problems: PipelineProblem[] = [];
  readonly #sources = new Map<string, SourceNode>();
  readonly #parsed = new Map<string, Parsed>();
  readonly #transforms = new Map<string, TransformNode>();
  readonly #joins = new Map<string, Join & { readonly allowed_lateness_s: number }>();
  readonly #models = new Map<string, ModelNode>();
  readonly #sinks = new Map<string, SinkNode>();
  readonly #facts = new Map<string, UpstreamFacts>();
  /** Nodes named in the file, usable or not, so that one broken node gives one problem and not one at each use. */
  readonly #named = new Map<string, PipelineSection>();
  #lateness_s = DEFAULT_LATENESS_S;

  constructor(readonly document: PipelineDocument) {}

  check(): Pipeline | null {
    this.problems.push(...this.document.syntaxProblems());
    if (this.problems.length > 0) return null;
    const file = this.document.value();
    if (!isRecord(file)) {
      this.#report([], 'a pipeline file is a mapping with the keys sources, transforms, models and sinks');
      return null;
    }
    this.#checkShape(file);
    this.#checkGraph(file);
    if (this.problems.length > 0) return null;
    return {
      file: this.document.file,
      sources: this.#sources,
      transforms: this.#transforms,
      models: this.#models,
      sinks: this.#sinks,
      allowed_lateness_s: this.#lateness_s,
      digest: digestOf({
        transforms: Object.fromEntries([...this.#parsed].map(([name, node]) => [name, normalised(node)])),
        models: Object.fromEntries(
          [...this.#models].map(([name, node]) => [
            name,
            { type: node.type, digests: Object.fromEntries(node.join.digests) },
          ]),
        ),
      }),
    };
  }

  // Phase 1: shape. Each node's keys against the schema of its type.

  #checkShape(file: RawNode): void {
    for (const key of Object.keys(file)) {
      if (!(pipelineSections as readonly string[]).includes(key)) {
        this.#report([key], `unknown section; ${suggest(key, pipelineSections)}`);
      }
    }
    for (const section of pipelineSections) {
      const nodes = file[section] ?? {};
      if (!isRecord(nodes)) {
        this.#report([section], 'must be a mapping from names to nodes');
        continue;
      }
      for (const [name, node] of Object.entries(nodes)) this.#checkNode(section, name, node);
    }
    if (!isRecord(file.sources) || Object.keys(file.sources).length === 0) {
      this.#report(['sources'], 'a pipeline needs at least one source');
    }
  }

  #checkNode(section: PipelineSection, name: string, node: unknown): void {
    const path = [section, name];
    if (!nodeNamePattern.test(name)) {
      this.#report(
        path,
        'a name is a letter followed by letters, digits and underscores, 128 in all at most',
      );
    }
    if (name === RESERVED_NAME)
      this.#report(
        path,
        `${name} stands beside the names of nodes where a subscriber tells what it heard last; choose another`,
      );
    const other = this.#named.get(name);
    if (other !== undefined) this.#report(path, `the name is taken by ${other}.${name}; choose another`);
    this.#named.set(name, section);
    if (!isRecord(node)) {
      this.#report(path, 'must be a mapping with a type');
      return;
    }
    const definitions: ReadonlyMap<string, unknown> = {
      sources: sourceDefinitions,
      transforms: transformDefinitions,
      models: modelDefinitions,
      sinks: sinkDefinitions,
    }[section];
    if (typeof node.type !== 'string') {
      this.#report(path, `has no type; the types of ${section} are ${[...definitions.keys()].join(', ')}`);
      return;
    }
    if (!definitions.has(node.type)) {
      this.#report(
        [...path, 'type'],
        `no ${section.slice(0, -1)} is called ${node.type}; ${suggest(node.type, [...definitions.keys()])}`,
      );
      return;
    }
    if (section === 'sources') this.#parseSource(name, node, node.type);
    else if (section === 'transforms') this.#parseTransform(name, node, node.type);
    else if (section === 'models') this.#parse(path, modelNodeSchema, node);
    else this.#parseSink(name, node, node.type);
  }

  #parseSource(name: string, node: RawNode, type: string): void {
    const definition = sourceDefinitions.get(type);
    if (!definition) return;
    const { own, rest } = split(node, Object.keys(sourceNodeSchema.shape));
    const common = this.#parse(['sources', name], sourceNodeSchema, own);
    // A door that keeps out what no source of the file takes has some of the selectors, too.
    const { own: shared } = split(own, keysOf(definition.params));
    const params = this.#parse(['sources', name], definition.params as ParameterSchema, {
      ...shared,
      ...rest,
    });
    if (!common || !params) return;
    if (common.name !== undefined && common.stream_name !== undefined)
      this.#report(['sources', name, 'stream_name'], 'is the same as name; give one of them');
    this.#sources.set(name, {
      name,
      type,
      stream_type: common.stream_type,
      select: {
        name: common.name ?? common.stream_name ?? null,
        source_id: common.source_id ?? null,
        hostname: common.hostname ?? null,
        has_labels: common.has_labels ? canonicalLabels(common.has_labels) : null,
      },
      failover: common.failover,
      labels: common.labels ?? null,
      optional: common.optional,
      params,
    });
    this.#facts.set(name, {
      stream_type: common.stream_type,
      ...(common.sfreq_hz === undefined ? {} : { sfreq_hz: common.sfreq_hz }),
    });
  }

  #parseTransform(name: string, node: RawNode, type: string): void {
    const definition = transformDefinitions.get(type);
    if (!definition) return;
    const path = ['transforms', name];
    const edgeKey = definition.kind === 'join' ? 'inputs' : 'input';
    const { own, rest } = split(node, ['type', edgeKey]);
    const edges = this.#parse(path, inputSchema(definition.kind === 'join'), own);
    const params = this.#parse(path, definition.params as z.ZodType<unknown>, rest, rest);
    if (edges && params !== null) this.#parsed.set(name, { definition, params, raw: node });
  }

  #parseSink(name: string, node: RawNode, type: string): void {
    const definition = sinkDefinitions.get(type);
    if (!definition) return;
    const { own, rest } = split(node, Object.keys(sinkNodeSchema.shape));
    const common = this.#parse(['sinks', name], sinkNodeSchema, own);
    const params = this.#parse(['sinks', name], definition.params as ParameterSchema, rest);
    if (!common || !params) return;
    this.#sinks.set(name, { name, type, inputs: [common.input].flat(), params });
  }

  #parse<T>(path: readonly string[], schema: z.ZodType<T>, value: unknown, known: RawNode = {}): T | null {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    for (const issue of result.error.issues) {
      const place = [...path, ...issue.path.map((key) => (typeof key === 'number' ? key : String(key)))];
      if (issue.code === 'unrecognized_keys') {
        const shape = keysOf(schema);
        for (const key of issue.keys) {
          this.#report(
            [...place, key],
            issue.path.length === 0 && shape.length > 0
              ? `unknown key; ${suggest(key, shape)}`
              : 'unknown key; remove it',
          );
        }
      } else {
        const got = issue.path.reduce<unknown>((v, key) => (isRecord(v) ? v[String(key)] : undefined), known);
        this.#report(
          place,
          got === undefined ? issue.message : `${issue.message} (it is ${JSON.stringify(got)})`,
        );
      }
    }
    return null;
  }

  // Phase 2: graph. Edges lead to nodes of the right kind, without cycles. Phase 3, physics, runs node by node on
  // what arrives there.

  #checkGraph(file: RawNode): void {
    const visiting: string[] = [];
    const visited = new Set<string>();
    const visit = (name: string): void => {
      if (visited.has(name)) return;
      const parsed = this.#parsed.get(name);
      if (!parsed) return;
      visited.add(name);
      visiting.push(name);
      for (const { input, path } of edgesOf(parsed)) {
        const cycle = visiting.indexOf(input);
        if (cycle >= 0) {
          this.#report(
            ['transforms', name, ...path],
            `a cycle: ${[...visiting.slice(cycle), input].join(' -> ')}`,
          );
          this.#parsed.delete(name);
        } else visit(input);
      }
      visiting.pop();
      if (this.#parsed.has(name)) this.#connect(name, parsed);
    };
    for (const name of [...this.#parsed.keys()]) visit(name);
    const models = isRecord(file.models) ? file.models : {};
    for (const [name, node] of Object.entries(models)) {
      const checked = modelNodeSchema.safeParse(node);
      if (checked.success) this.#connectModel(name, checked.data);
    }
    for (const sink of this.#sinks.values()) this.#connectSink(sink);
  }

  #connectSink({ name, type, inputs }: SinkNode): void {
    const path = ['sinks', name, 'input'];
    const one = sinkDefinitions.get(type)?.onePredictor;
    for (const input of inputs)
      this.#expect(path, input, one ? ['predictions'] : ['predictions', 'features']);
    if (one && inputs.length > 1)
      this.#report(path, `a sink of type ${type} takes one model; give each a sink of its own`);
  }

  #connect(name: string, { definition, params, raw }: Parsed): void {
    const path = ['transforms', name];
    if (definition.kind === 'join') {
      const join = this.#joinOf(
        name,
        path,
        raw.inputs as Record<string, string | string[]>,
        params as AlignParams,
      );
      if (join) this.#joins.set(name, join);
      return;
    }
    const input = String(raw.input);
    const accepted: readonly Kind[] = definition.kind === 'features' ? ['features'] : ['chunks'];
    if (!this.#expect([...path, 'input'], input, accepted)) return;
    const beside = this.#besideOf(path, definition, raw);
    if (!beside) return;
    const upstream = this.#facts.get(input) ?? {};
    for (const problem of definition.physics?.(params as never, upstream) ?? []) {
      this.#report([...path, ...problem.path], problem.message);
    }
    this.#facts.set(
      name,
      definition.kind === 'chunk' && definition.facts
        ? definition.facts(params as never, upstream)
        : upstream,
    );
    const parent = this.#transforms.get(input);
    this.#transforms.set(name, {
      name,
      definition,
      params,
      input,
      beside,
      source: parent?.source ?? input,
      digest: digestOf({
        type: definition.type,
        params,
        input: parent?.digest ?? { stream_type: this.#sources.get(input)?.stream_type },
        ...(beside.length > 0 && { beside: this.#digestsOf(beside) }),
      }),
    });
  }

  /** The other nodes that a node of features wants; null where one of them is a wrong one. */
  #besideOf(
    path: readonly string[],
    definition: TransformDefinition,
    raw: RawNode,
  ): readonly string[] | null {
    if (definition.kind !== 'features' || !definition.beside) return [];
    const { param, feature } = definition.beside;
    const nodes = besideNodes(raw, param);
    const right = nodes.filter((node) => {
      if (!this.#expect([...path, param], node, ['features'])) return false;
      type Listing = { readonly features?: readonly (string | { name: string })[] } | undefined;
      const listed = (this.#transforms.get(node)?.params as Listing)?.features ?? [];
      if (listed.some((f) => (typeof f === 'string' ? f : f.name) === feature)) return true;
      this.#report([...path, param], `${node} doesn't list the feature ${feature}`);
      return false;
    });
    return right.length === nodes.length ? nodes : null;
  }

  /** One node's digest, or the list of several nodes' digests. */
  #digestsOf(nodes: readonly string[]): unknown {
    const digests = nodes.map((node) => this.#transforms.get(node)?.digest);
    return digests.length === 1 ? digests[0] : digests;
  }

  #connectModel(name: string, node: z.infer<typeof modelNodeSchema>): void {
    const path = ['models', name];
    let join: Join | null = null;
    if (node.input !== undefined) {
      if (this.#expect([...path, 'input'], node.input, ['frames']))
        join = this.#joins.get(node.input) ?? null;
    } else if (node.inputs !== undefined) {
      join = this.#joinOf(name, path, node.inputs, { allowed_lateness_s: DEFAULT_LATENESS_S });
    }
    const { line, column } = this.document.problem(path, '');
    if (join)
      this.#models.set(name, { name, type: node.type, path: this.#resolve(node.path), join, line, column });
  }

  #joinOf(
    name: string,
    path: readonly string[],
    inputs: Record<string, string | string[]>,
    params: AlignParams,
  ): (Join & { allowed_lateness_s: number }) | null {
    const timings: { window_s: number; hop_s: number }[] = [];
    const hops = new Map<string, number>();
    const candidates = new Map<string, readonly string[]>();
    const digests = new Map<string, string>();
    let ok = true;
    for (const [modality, value] of Object.entries(inputs)) {
      const nodes = [value].flat();
      for (const node of nodes) {
        if (!this.#expect([...path, 'inputs', modality], node, ['features', 'windows'])) ok = false;
        const timing = this.#timingOf(node);
        if (!timing) continue;
        timings.push(timing);
        hops.set(node, timing.hop_s);
      }
      candidates.set(modality, nodes);
      digests.set(modality, digestOf(nodes.map((node) => this.#transforms.get(node)?.digest ?? null)));
    }
    if (!ok || timings.length === 0) return null;
    this.#lateness_s = Math.min(this.#lateness_s, params.allowed_lateness_s);
    return {
      name,
      inputs: candidates,
      digests,
      hops_s: hops,
      window_s: Math.min(...timings.map((t) => t.window_s)),
      hop_s: params.hop_s ?? Math.min(...timings.map((t) => t.hop_s)),
      allowed_lateness_s: params.allowed_lateness_s,
    };
  }

  #timingOf(name: string): { window_s: number; hop_s: number } | null {
    for (let node = this.#transforms.get(name); node; node = this.#transforms.get(node.input)) {
      if (node.definition.kind === 'window') return node.definition.timing(node.params as never);
    }
    return null;
  }

  /** Reports unless `input` is a node that gives one of `kinds`; silent about nodes that are broken themselves. */
  #expect(path: readonly string[], input: string, kinds: readonly Kind[]): boolean {
    const kind = this.#kindOf(input);
    if (kind !== null) {
      if (kinds.includes(kind)) return true;
      this.#report(path, `${input} gives ${kind}, but ${kinds.join(' or ')} are needed here`);
      return false;
    }
    if (!this.#named.has(input))
      this.#report(path, `no node is called ${input}; ${suggest(input, [...this.#named.keys()])}`);
    return false;
  }

  #kindOf(name: string): Kind | null {
    if (this.#sources.has(name)) return 'chunks';
    if (this.#joins.has(name)) return 'frames';
    if (this.#models.has(name)) return 'predictions';
    const node = this.#transforms.get(name);
    if (!node) return null;
    if (node.definition.kind === 'chunk') return 'chunks';
    return node.definition.kind === 'window' && node.definition.produces === 'window'
      ? 'windows'
      : 'features';
  }

  /** A model's folder: beside the pipeline file, below its parent, or shipped with the package. */
  #resolve(path: string): string {
    if (isAbsolute(path)) return path;
    const base = dirname(resolve(this.document.file));
    const places = [base, dirname(base), packageRoot].map((place) => joinPath(place, path));
    return places.find((place) => existsSync(place)) ?? places[0];
  }

  #report(path: readonly (string | number)[], message: string): void {
    this.problems.push(this.document.problem(path, message));
  }
}

function normalised({ definition, params, raw }: Parsed): unknown {
  return { type: definition.type, params, input: raw.input, inputs: raw.inputs };
}

function edgesOf({ raw, definition }: Parsed): { input: string; path: string[] }[] {
  if (typeof raw.input === 'string') {
    const key = definition.kind === 'features' ? definition.beside?.param : undefined;
    const edges = [{ input: raw.input, path: ['input'] }];
    if (key === undefined) return edges;
    return [...edges, ...besideNodes(raw, key).map((node) => ({ input: node, path: [key] }))];
  }
  if (!isRecord(raw.inputs)) return [];
  return Object.entries(raw.inputs).flatMap(([modality, nodes]) =>
    [nodes].flat().map((input) => ({ input: String(input), path: ['inputs', modality] })),
  );
}

/** What `param` names: a node, or a list of them. */
function besideNodes(raw: RawNode, param: string): string[] {
  return [raw[param]].flat().map(String);
}

function split(node: RawNode, ownKeys: readonly string[]): { own: RawNode; rest: RawNode } {
  const entries = Object.entries(node);
  return {
    own: Object.fromEntries(entries.filter(([key]) => ownKeys.includes(key))),
    rest: Object.fromEntries(entries.filter(([key]) => !ownKeys.includes(key))),
  };
}

function keysOf(schema: z.ZodType): string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function suggest(name: string, known: readonly string[]): string {
  return known.length === 0
    ? 'there are none'
    : `did you mean ${closest(name, [...known])}? (known: ${known.join(', ')})`;
}

function isRecord(value: unknown): value is RawNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
