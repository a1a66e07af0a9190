import type {
  AffectMessage,
  IndicesMessage,
  MarkersMessage,
  QualityMessage,
  SysMessage,
  TruthMessage,
} from '../../src/io/client/index.js';

/** Wire messages with what a test doesn't say filled in. */
export function affect(fields: Partial<AffectMessage> & { time: number }): AffectMessage {
  const valence = fields.valence === undefined ? 0.2 : fields.valence;
  const arousal = fields.arousal === undefined ? -0.1 : fields.arousal;
  const around = (value: number | null) => [Math.max(-1, value! - 0.3), Math.min(1, value! + 0.3)] as const;
  return {
    stream: 'affect',
    session: 's1',
    node: 'affect',
    seq: Math.round(fields.time * 2),
    run: 'r',
    window: [fields.time - 4, fields.time],
    valence,
    arousal,
    interval:
      valence === null || arousal === null
        ? null
        : { level: 0.9, valence: around(valence), arousal: around(arousal) },
    modalities: {
      eeg: { present: true, coverage: 1, weight: 0.7 },
      eye: { present: true, coverage: 0.9, weight: 0.3 },
    },
    valid: true,
    reason: null,
    evidence: 'simulated',
    model: `demo@sha256:${'0123456789abcdef'.repeat(4)}`,
    pipeline: `sha256:${'fedcba9876543210'.repeat(4)}`,
    time_unix: 1_780_000_000 + fields.time,
    age_ms: 12,
    ...fields,
  };
}

export function quality(fields: Partial<QualityMessage> & { time: number }): QualityMessage {
  return {
    stream: 'quality',
    session: 's1',
    seq: Math.round(fields.time * 2),
    run: 'r',
    inputs: {},
    time_unix: 1_780_000_000 + fields.time,
    age_ms: 12,
    ...fields,
  };
}

export function truth(fields: Partial<TruthMessage> & { time: number }): TruthMessage {
  return {
    stream: 'truth',
    session: 's1',
    seq: Math.round(fields.time * 10),
    run: 'r',
    valence: 0.3,
    arousal: 0,
    time_unix: 1_780_000_000 + fields.time,
    age_ms: 12,
    ...fields,
  };
}

export function marker(fields: Partial<MarkersMessage> & { time: number }): MarkersMessage {
  return {
    ...{ stream: 'markers', session: 's1', seq: 0, run: 'r', source: 'experiment', text: 'cue' },
    ...{ time_unix: 1_780_000_000 + fields.time, age_ms: 12 },
    ...fields,
  };
}

export function indices(fields: Partial<IndicesMessage> & { time: number }): IndicesMessage {
  return {
    ...{ stream: 'indices', session: 's1', node: 'heart_index', seq: 0, run: 'r', indices: [] },
    ...{ window: [fields.time - 4, fields.time], time_unix: 1_780_000_000 + fields.time, age_ms: 12 },
    ...fields,
  };
}

export function sys(event: SysMessage['event'], fields: Partial<SysMessage> = {}): SysMessage {
  return {
    stream: 'sys',
    session: 's1',
    seq: 0,
    run: 'r',
    time: null,
    time_unix: 1_780_000_000,
    age_ms: 0,
    ...fields,
    event,
  };
}
