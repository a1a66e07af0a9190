import type { Seconds } from '../core/clock.js';
import type { Chunk } from '../core/signal.js';
import { declarationOf } from '../io/lsl/declaration.js';
import { Inlet } from '../io/lsl/inlet.js';
import { LslError } from '../io/lsl/lsl-error.js';
import type { LslContext } from '../io/lsl/network.js';
import type { LslStreamInfo } from '../io/lsl/stream-info.js';
import { canonicalChunk, canonicalStreams } from '../signal/dialects/canonical-stream.js';

/** How long an outlet may take to answer a connection, s. */
const ANSWER_TIMEOUT_S = 3;

/** What came of a stream while somebody listened. */
export interface StreamProbe {
  /** Its whole description, or as much as discovery told. */
  readonly info: LslStreamInfo;
  /** Why it can't be received; null if it can. */
  readonly failure: { readonly code: LslError['code']; readonly message: string } | null;
  /** Whether its clock could be measured, by UDP. */
  readonly isMeasured: boolean;
  readonly listened_s: Seconds;
  readonly samples: number;
  /** Last stamp; NaN without a sample. */
  readonly lastStamp: Seconds;
  /** What came, in canonical channels and units; empty for texts. */
  readonly chunks: readonly Chunk[];
}

/** Listens to one stream. Never throws for what a peer does. */
export async function probeStream(
  network: LslContext,
  found: LslStreamInfo,
  listen_s: Seconds,
): Promise<StreamProbe> {
  const batches: { times: Float64Array; values: ArrayLike<number | bigint | string> }[] = [];
  let info = found;
  let failure: StreamProbe['failure'] = null;
  let isMeasured = false;
  const inlet = new Inlet(network, found, {
    samples: ({ times, values }) => batches.push({ times, values }),
    measured: () => {
      isMeasured = true;
    },
  });
  try {
    info = await inlet.fullInfo(ANSWER_TIMEOUT_S);
    await inlet.open();
    await new Promise<void>((resolve) => network.clock.after(listen_s, resolve));
  } catch (error) {
    if (!(error instanceof LslError)) throw error;
    failure = { code: error.code, message: error.message };
  } finally {
    inlet.close();
  }
  const samples = batches.reduce((sum, { times }) => sum + times.length, 0);
  const lastStamp = batches.at(-1)?.times.at(-1) ?? Number.NaN;
  const parts = info.channelFormat === 'string' ? [] : canonicalStreams(declarationOf(info, info.name));
  const chunks = parts.flatMap((part) =>
    batches.map(({ times, values }) =>
      canonicalChunk(part, Float64Array.from(values as ArrayLike<number>, Number), 'samples', times, false),
    ),
  );
  return { info, failure, isMeasured, listened_s: listen_s, samples, lastStamp, chunks };
}
