import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { StreamInfo, StreamType } from '../../../src/core/signal.js';
import { starterPipeline } from '../../../src/pipeline/starter/starter-pipeline.js';

function stream(name: string, type: StreamType, sourceId: string, labels: readonly string[]): StreamInfo {
  const channels = labels.map((label) => ({ label, unit: '', type }));
  return { id: sourceId, name, type, sourceId, sfreq: 100, channels };
}
const starter = (source: 'lsl' | 'websocket', ...streams: StreamInfo[]) => {
  const text = starterPipeline({ source, where: 'here', streams });
  return { text, sources: parse(text).sources };
};

describe('a starter pipeline', () => {
  it('of two devices of one name takes the one with most channels, by its source id, and names the other', () => {
    const { text, sources } = starter(
      'lsl',
      stream('Muse', 'EEG', 'a', ['TP9']),
      stream('Muse', 'EEG', 'b', ['TP9', 'TP10']),
    );
    expect(sources.eeg).toMatchObject({ type: 'lsl', name: 'Muse', source_id: 'b' });
    expect(text).toContain('# Also there: Muse (EEG), 100 Hz, TP9.');
  });

  it('takes the only stream of a recording whatever its name', () => {
    const { sources } = starter('websocket', stream('x', 'EEG', 'a', ['Cz']));
    expect(sources.eeg).toEqual({ type: 'websocket', stream_type: 'EEG', optional: true });
  });

  it('says that channels without labels are masked', () => {
    expect(starter('lsl', stream('x', 'EEG', 'a', ['', ''])).text).toContain('name them by `labels: [Fp1');
    expect(starter('lsl', stream('x', 'EEG', 'a', ['Cz'])).text).not.toContain('name them by');
  });

  it('a name that YAML would read as something else stays a name', () => {
    const name = 'yes: "#1" \n*';
    expect(starter('lsl', stream(name, 'EEG', 'a', ['Cz'])).sources.eeg.name).toBe(name);
  });

  it('refuses what no pipeline takes, in one line', () => {
    expect(() => starter('lsl', stream('arm', 'GYRO', 'a', ['x']))).toThrow(
      /^here is no stream that a pipeline takes, only arm \(GYRO\), 100 Hz, x\.; switch a sensor on/,
    );
  });
});
