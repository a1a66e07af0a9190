import { channelOf, type StreamInfo, type StreamType } from '../core/signal.js';
import { declarationOf } from '../io/lsl/declaration.js';
import { QualityMeter } from '../io/recordings/channel-quality.js';
import { canonicalStreams } from '../signal/dialects/canonical-stream.js';
import { isUnixStamp } from '../signal/timebase/unix-stamps.js';
import type { Finding } from './finding.js';
import type { StreamProbe } from './stream-probe.js';

/** A rate that differs by more than this share is not what the stream says. */
const RATE_TOLERANCE = 0.05;
/** Fewer samples tell nothing of values and rates. */
const ENOUGH_SAMPLES = 20;
/** Share of flat or railed samples that is worth a line. */
const UNUSABLE_SHARE = 0.5;

/** Types whose signal never stands still on a person, nor comes in a few coarse steps. */
const restless: ReadonlySet<StreamType> = new Set(['EEG', 'EOG', 'ECG', 'EMG', 'PPG']);
/** Types whose channels mean nothing without a label. */
const spatial: ReadonlySet<StreamType> = new Set(['EEG', 'Gaze']);

/** Root mean square about the mean that a sensor on a person can have, in the type's canonical unit. */
const plausibleSwing: Partial<Record<StreamType, readonly [low: number, high: number]>> = {
  EEG: [0.05, 5000],
  EOG: [0.5, 20_000],
  ECG: [0.005, 50],
};
/** Level that a sensor on a person can have, in the type's canonical unit. */
const plausibleLevel: Partial<Record<StreamType, readonly [low: number, high: number]>> = {
  EDA: [0, 150],
  TEMP: [5, 50],
  HR: [20, 260],
  IBI: [0.2, 3],
};

/** What is wrong with a stream that was listened to, one finding each; one `ok` where nothing is. */
export function judgeStream(probe: StreamProbe): Finding[] {
  const { info, failure, samples, listened_s } = probe;
  const check = `stream ${info.name || '(no name)'}`;
  if (failure) return [{ check, ...unreachable(probe, failure) }];
  const findings: Omit<Finding, 'check'>[] = [];
  if (!probe.isMeasured) findings.push(unmeasured(probe));
  if (samples === 0 && info.channelFormat !== 'string')
    findings.push({
      status: info.nominalRate_hz > 0 ? 'problem' : 'note',
      message: `advertised, but not one sample in ${listened_s} s`,
      mend: 'switch the device on, wear it, and start its stream; some programs offer a stream long before it flows',
    });
  if (isUnixStamp(probe.lastStamp))
    findings.push({
      status: 'note',
      message: 'its stamps count from 1970, not on the LSL clock',
      mend: "have the sender stamp with LSL's local_clock(); until then it is aligned by this computer's wall clock, which may be off",
    });
  if (info.sourceId === '')
    findings.push({
      status: 'note',
      message: 'it has no source id: after a restart it counts as another stream',
      mend: 'give the outlet a source_id',
    });
  findings.push(...judgeRate(probe), ...judgeChannels(probe));
  if (findings.length > 0) return findings.map((finding) => ({ check, ...finding }));
  const rate = info.nominalRate_hz > 0 ? `${info.nominalRate_hz} Hz` : 'irregular';
  return [{ check, status: 'ok', message: `${info.type}, ${rate}: ${samples} samples in ${listened_s} s` }];
}

function unreachable(
  { info }: StreamProbe,
  { code, message }: NonNullable<StreamProbe['failure']>,
): Omit<Finding, 'check'> {
  const port = info.v4.dataPort || info.v6.dataPort;
  const isFirewall = code === 'connection' || code === 'timeout';
  return {
    status: 'problem',
    message: `found by discovery, but its data can't be had: ${message}`,
    mend: isFirewall
      ? `let TCP ${port} (16572 to 16604 in general) through the firewall of ${info.hostname || 'its computer'}; a program that ended a moment ago looks the same`
      : "the sender breaks LSL's protocol: update its program",
  };
}

function unmeasured({ info }: StreamProbe): Omit<Finding, 'check'> {
  const port = info.v4.servicePort || info.v6.servicePort;
  return {
    status: 'problem',
    message:
      "its clock can't be measured: the time service doesn't answer, so it can't be aligned with other streams",
    mend: `let UDP ${port} (16572 to 16604 in general) through the firewall of ${info.hostname || 'its computer'}`,
  };
}

function judgeRate({ info, chunks, samples }: StreamProbe): Omit<Finding, 'check'>[] {
  const nominal = info.nominalRate_hz;
  if (nominal <= 0 || samples < ENOUGH_SAMPLES || chunks.length === 0) return [];
  const times = chunks.filter((chunk) => chunk.info === chunks[0].info).flatMap((chunk) => [...chunk.times]);
  const measured = (times.length - 1) / (times[times.length - 1] - times[0]);
  if (Math.abs(measured - nominal) <= RATE_TOLERANCE * nominal) return [];
  return [
    {
      status: 'note',
      message: `it says ${nominal} Hz, and its stamps come at ${measured.toFixed(1)} Hz`,
      mend:
        measured < nominal
          ? 'samples are lost before LSL (Bluetooth out of reach, a loaded computer), or the program declares the wrong rate'
          : 'the program declares the wrong rate, or stamps each packet as one moment: correct it there',
    },
  ];
}

function judgeChannels({ info, chunks, samples }: StreamProbe): Omit<Finding, 'check'>[] {
  if (info.channelFormat === 'string') return [];
  const findings: Omit<Finding, 'check'>[] = [];
  for (const { info: part, notes } of canonicalStreams(declarationOf(info, info.name))) {
    if (part.type === 'Other') continue;
    for (const { code, level, message } of notes) {
      if (level === 'info') continue;
      if (code === 'channels-unlabelled' && !spatial.has(part.type)) continue;
      findings.push({
        status: 'note',
        message: message.replace(/^stream '[^']*' /, ''),
        mend:
          code === 'channels-unlabelled'
            ? 'labels: [Fp1, ...] at the source in the pipeline file'
            : 'declare the unit in desc/channels of the outlet',
      });
    }
    const own = chunks.filter((chunk) => chunk.info.id === part.id);
    if (own.length > 0) findings.push(...judgeValues(part, own, samples >= ENOUGH_SAMPLES));
  }
  return findings;
}

function judgeValues(
  part: StreamInfo,
  chunks: StreamProbe['chunks'],
  isEnough: boolean,
): Omit<Finding, 'check'>[] {
  const meter = new QualityMeter(part.channels.length, part.sfreq);
  for (const chunk of chunks) meter.add(chunk);
  const shares = meter.result();
  const named = (channels: readonly number[]) =>
    `${part.type} ${channels.map((c) => part.channels[c].label || `#${c + 1}`).join(', ')}`;
  const where = (holds: (c: number) => boolean) => part.channels.flatMap((_, c) => (holds(c) ? [c] : []));
  const findings: Omit<Finding, 'check'>[] = [];
  const level = chunks[0].info.channels.map((_, c) => statistics(chunks, c));
  const isDead = (c: number) => level[c].rms === 0;

  const missing = where((c) => shares[c].missing === 1);
  if (missing.length > 0)
    findings.push({
      status: 'note',
      message: `${named(missing)}: only missing values`,
      mend: 'is the sensor on, and does it see what it measures? A unit that cannot be converted is masked too',
    });
  const range = plausibleLevel[part.type];
  if (range) findings.push(...judgeLevel(part, level, range, named));
  if (!isEnough || !restless.has(part.type)) return findings;
  const constant = where((c) => isDead(c));
  if (constant.length > 0)
    findings.push({
      status: 'note',
      message: `${named(constant)}: constant`,
      mend: 'a lead that is off, or a channel that is not used: attach it or leave it out',
    });
  const railed = where((c) => !isDead(c) && shares[c].railed > UNUSABLE_SHARE);
  if (railed.length > 0)
    findings.push({
      status: 'note',
      message: `${named(railed)}: at the amplifier's limit`,
      mend: 'check the contact, the reference electrode and the gain',
    });
  const swing = plausibleSwing[part.type];
  if (swing) findings.push(...judgeSwing(part, level, swing, isDead, named));
  return findings;
}

function judgeLevel(
  part: StreamInfo,
  level: readonly { mean: number }[],
  [low, high]: readonly [number, number],
  named: (channels: readonly number[]) => string,
): Omit<Finding, 'check'>[] {
  const odd = part.channels.flatMap((_, c) => (level[c].mean < low || level[c].mean > high ? [c] : []));
  if (odd.length === 0) return [];
  const { mean } = level[odd[0]];
  return [
    {
      status: 'problem',
      message: `${named(odd)}: about ${mean.toPrecision(2)} ${part.channels[odd[0]].unit || '(no unit)'}, where a person has ${low} to ${high}`,
      mend: 'the unit is another than declared: declare it in desc/channels of the outlet',
    },
  ];
}

function judgeSwing(
  part: StreamInfo,
  level: readonly { rms: number }[],
  [low, high]: readonly [number, number],
  isDead: (c: number) => boolean,
  named: (channels: readonly number[]) => string,
): Omit<Finding, 'check'>[] {
  const all = part.channels.map((_, c) => c);
  return [
    { odd: all.filter((c) => !isDead(c) && level[c].rms < low), factor: [1e6, 1e3], wrong: 'small' },
    { odd: all.filter((c) => level[c].rms > high), factor: [1e-3, 1e-6], wrong: 'large' },
  ].flatMap(({ odd, factor, wrong }) => {
    if (odd.length === 0) return [];
    const { rms } = level[odd[0]];
    const fits = factor.find((f) => rms * f >= 10 * low && rms * f <= high / 10);
    const guess =
      fits === undefined
        ? 'raw counts of the converter, perhaps'
        : `${{ 1e6: 'volts', 1e3: 'millivolts', 1e-3: 'nanovolts', 1e-6: 'picovolts' }[String(fits)] ?? `${fits} times as much`} declared as ${part.channels[odd[0]].unit}, by the look of it`;
    return [
      {
        status: 'problem' as const,
        message: `${named(odd)}: moves by ${rms.toPrecision(2)} ${part.channels[odd[0]].unit || '(no unit)'}, too ${wrong} for a person: ${guess}`,
        mend: 'declare the true unit in desc/channels of the outlet, or scale there',
      },
    ];
  });
}

/** Mean, and root mean square about it, of what is there of a channel. */
function statistics(chunks: StreamProbe['chunks'], c: number): { mean: number; rms: number } {
  const values = chunks.flatMap((chunk) => [...channelOf(chunk, c)]).filter((value) => !Number.isNaN(value));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const power = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / values.length;
  const isConstant = values.every((value) => value === values[0]);
  return { mean, rms: isConstant && values.length > 0 ? 0 : Math.sqrt(power) };
}
