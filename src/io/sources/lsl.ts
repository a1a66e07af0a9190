import { Observable } from 'rxjs';
import { z } from 'zod';
import { ConfigurationError } from '../../core/errors.js';
import { chooseBackend } from '../lsl/backend.js';
import { loadConfig } from '../lsl/config.js';
import { subjectOf } from '../lsl/declaration.js';
import type { LslContext } from '../lsl/network.js';
import { compileQuery, quoteForQuery } from '../lsl/query.js';
import { Listening, type LslSourceOptions, type SessionRule } from './lsl/listening.js';
import { type SessionMessage, type Source, sourceDefinition } from './source.js';

const sessionRules = ['hostname', 'subject', 'source_id', 'pattern'] as const;

export const lslParams = z.strictObject({
  query: z
    .string()
    .optional()
    .describe("Only streams that fit this LSL query, as in type='EEG' and starts-with(name,'Muse')."),
  name: z.string().min(1).optional().describe('Only streams of this name.'),
  source_id: z.string().min(1).optional().describe('Only the stream of this source id.'),
  hostname: z.string().min(1).optional().describe('Only streams of this host.'),
  session: z
    .strictObject({
      by: z
        .enum(sessionRules)
        .describe(
          "What tells people apart: the host, `desc/subject/id`, the source id, or `pattern`'s first group.",
        ),
      pattern: z
        .string()
        .optional()
        .describe(
          'Regular expression, tried on source id, then name, then host; its first group names the session.',
        ),
    })
    .optional()
    .describe('How several people on one network become several sessions; default: all streams are one.'),
});
export type LslParams = z.output<typeof lslParams>;

/** Streams found by the Lab Streaming Layer: they may appear, vanish and return at any time. */
export class LslSource implements Source {
  readonly messages$: Observable<SessionMessage>;
  #queries: ReadonlySet<string>;
  readonly #listening = new Set<Listening>();

  /** @throws ConfigurationError `lsl-query-unusable`, `session-pattern-unusable`. */
  constructor(context: LslContext, params: LslParams, options: LslSourceOptions) {
    this.#queries = new Set([queryOf(params)]);
    const rule = sessionRule(params, options.session);
    this.messages$ = new Observable((subscriber) => {
      const listening = new Listening(context, rule, subscriber, options);
      this.#listening.add(listening);
      listening.follow(this.#queries);
      return () => {
        this.#listening.delete(listening);
        listening.close();
      };
    });
  }

  /** Nodes of one session rule share a source: a stream is received once, whichever of them ask for it. */
  serve(params: readonly unknown[]): () => void {
    const queries = new Set((params as readonly LslParams[]).map(queryOf));
    return () => {
      this.#queries = queries;
      for (const listening of this.#listening) listening.follow(queries);
    };
  }
}

function queryOf({ query, name, source_id, hostname }: LslParams): string {
  try {
    const conditions = Object.entries({ name, source_id, hostname }).flatMap(([field, text]) =>
      text === undefined ? [] : [`${field}=${quoteForQuery(text)}`],
    );
    if (query?.trim()) conditions.push(`(${query})`);
    const whole = conditions.join(' and ');
    compileQuery(whole);
    return whole;
  } catch (error) {
    throw new ConfigurationError('lsl-query-unusable', `lsl source: ${(error as Error).message}`);
  }
}

function sessionRule({ session: rule }: LslParams, session: string): SessionRule {
  if (!rule) return () => session;
  switch (rule.by) {
    case 'hostname':
      return ({ hostname }) => hostname || session;
    case 'subject':
      return (info) => subjectOf(info) || session;
    case 'source_id':
      return ({ sourceId }) => sourceId || session;
    case 'pattern': {
      const pattern = compilePattern(rule.pattern);
      return ({ sourceId, name, hostname }) => {
        for (const text of [sourceId, name, hostname]) {
          const found = pattern.exec(text);
          if (found) return found[1] ?? found[0];
        }
        return session;
      };
    }
  }
}

function compilePattern(pattern: string | undefined): RegExp {
  try {
    if (!pattern) throw new Error('session: {by: pattern} needs a pattern');
    return new RegExp(pattern);
  } catch (error) {
    throw new ConfigurationError('session-pattern-unusable', `lsl source: ${(error as Error).message}`);
  }
}

export const lslSource = sourceDefinition<LslParams>({
  type: 'lsl',
  summary: 'Streams of the Lab Streaming Layer, found on the network by what they say of themselves.',
  params: lslParams,
  receiver: ({ session }) => session ?? null,
  create: (params, { clock, events, lslBackend = 'auto', lslNetwork = {}, ...shared }) =>
    new LslSource({ clock, events, ...lslNetwork, config: lslNetwork.config ?? loadConfig() }, params, {
      ...shared,
      backend: chooseBackend(lslBackend),
    }),
});
