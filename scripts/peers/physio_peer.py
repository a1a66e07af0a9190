#!/usr/bin/python3
"""numpy and scipy at the work of `affectd bench physio`, as a good Python engineer would write it: causal filters with state on
each second of ECG (250 Hz), PPG (64 Hz), skin conductance and respiration (32 Hz); beats by two moving averages over the last
seconds, responses and breaths by find_peaks, then rate, RMSSD, SDNN, level, slope, responses, breathing. One thread.

    physio_peer.py [seconds]

Reads nothing; its signals are simulated. Prints {"us_per_hop", "heart_rate_per_min"}.
"""
import json
import sys
import time

import numpy as np
import scipy.signal as ss

seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
rng = np.random.default_rng(0)
N = 64
RATES = dict(ecg=250, ppg=64, eda=32, resp=32)


def bumps(fs, waves):
    t = np.arange(N * fs) / fs
    x = np.zeros(t.size)
    for beat in np.arange(0.4, N, 60 / 72):
        for delay, width, size in waves:
            x += size * np.exp(-0.5 * ((t - beat - delay) / width) ** 2)
    return x + 0.02 * rng.standard_normal(t.size)


t32 = np.arange(N * 32) / 32
s = np.clip(t32 % 8 - 2, 0, None)
data = dict(
    ecg=bumps(250, [(-0.17, 0.022, 0.12), (0, 0.011, 1.1), (0.27, 0.05, 0.28)]),
    ppg=bumps(64, [(0.35, 0.08, 1), (0.6, 0.11, 0.4)]),
    eda=5 + np.exp(-s / 2) - np.exp(-s / 0.7) + 0.002 * rng.standard_normal(s.size),
    resp=np.sin(2 * np.pi * t32 / 4) + 0.05 * rng.standard_normal(s.size),
)


class Filter:
    def __init__(self, fs, **design):
        self.sos = ss.butter(2, fs=fs, output="sos", **design)
        self.state = np.zeros((len(self.sos), 2))

    def __call__(self, x):
        y, self.state = ss.sosfilt(self.sos, x, zi=self.state)
        return y


class Ring:
    def __init__(self, fs, span):
        self.x = np.zeros(fs * span)

    def push(self, x):
        self.x[: -x.size] = self.x[x.size :]
        self.x[-x.size :] = x
        return self.x


class Heart:
    """Elgendi's two averages over the last 4 s, each second; beats of the last two minutes are kept."""

    def __init__(self, fs, band, peak, beat, upward):
        self.fs, self.peak, self.beat, self.upward = fs, round(peak * fs), round(beat * fs), upward
        self.filter, self.ring, self.beats = Filter(fs, Wn=band, btype="bandpass"), Ring(fs, 4), []

    def __call__(self, x, now):
        y = self.ring.push(self.filter(x))
        p = np.maximum(y, 0) ** 2 if self.upward else y * y
        c = np.concatenate([[0], np.cumsum(p)])
        average = lambda n: (c[n:] - c[:-n]) / n
        short, long = np.zeros(p.size), np.full(p.size, np.inf)
        short[self.peak // 2 :][: p.size - self.peak + 1] = average(self.peak)
        long[self.beat // 2 :][: p.size - self.beat + 1] = average(self.beat)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], (short > long + 0.05 * p.mean()).view(np.int8), [0]])))
        for a, b in zip(edges[::2], edges[1::2]):
            when = now - 4 + (a + int(p[a:b].argmax())) / self.fs
            if b - a >= self.peak and (not self.beats or when - self.beats[-1] > 0.3):
                self.beats.append(when)
        while self.beats and self.beats[0] < now - 120:
            self.beats.pop(0)
        t = np.array(self.beats)
        gaps = np.diff(t)
        late, minute = gaps[t[1:] > now - 10], gaps[t[1:] > now - 60]
        if late.size < 4:
            return [np.nan] * 4
        rmssd = lambda g: 1000 * np.sqrt(np.mean(np.diff(g) ** 2)) if g.size > 1 else np.nan
        return [60 / late.mean(), rmssd(minute), 1000 * gaps.std(ddof=1), rmssd(gaps)]


class Skin:
    def __init__(self, fs):
        self.fs = fs
        self.raw, self.smooth = Ring(fs, 4), Ring(fs, 30)
        self.low, self.high, self.quick = Filter(fs, Wn=0.05), Filter(fs, Wn=0.05, btype="high"), Filter(fs, Wn=1.5)
        self.tonic, self.phasic = Ring(fs, 4), Ring(fs, 4)
        self.t = np.arange(4 * fs) / fs

    def __call__(self, x, now):
        raw, y = self.raw.push(x), self.smooth.push(self.quick(x))
        tonic, phasic = self.tonic.push(self.low(x)), self.phasic.push(self.high(x))
        slope, level = np.polyfit(self.t, raw, 1)
        peaks, found = ss.find_peaks(y, prominence=0.03)
        rest = (raw - level - slope * self.t).std()
        return [raw.mean(), slope, rest, tonic.mean(), np.sqrt((phasic**2).mean()), 2 * peaks.size, np.mean(found["prominences"]) if peaks.size else np.nan]


class Breath:
    def __init__(self, fs):
        self.fs, self.ring = fs, Ring(fs, 30)
        self.high, self.low = Filter(fs, Wn=0.05, btype="high"), Filter(fs, Wn=3)

    def __call__(self, x, now):
        y = self.ring.push(self.low(self.high(x)))
        p = 0.3 * 2 * np.sqrt(2) * np.median(np.abs(y))
        peaks, _ = ss.find_peaks(y, prominence=p)
        troughs, _ = ss.find_peaks(-y, prominence=p)
        rates = 60 * self.fs / np.diff(peaks) if peaks.size > 2 else np.array([np.nan])
        return [rates.mean(), rates.std(), (y[peaks].mean() - y[troughs].mean()) if troughs.size and peaks.size else np.nan]


parts = dict(
    ecg=Heart(250, [8, 20], 0.097, 0.611, False),
    ppg=Heart(64, [0.5, 8], 0.111, 0.667, True),
    eda=Skin(32),
    resp=Breath(32),
)


def hop(k):
    rows = []
    for name, part in parts.items():
        n = RATES[name]
        at = (k % N) * n
        rows += part(data[name][at : at + n], k + 1)
    return np.array(rows)


with np.errstate(all="ignore"):
    for k in range(2 * N):
        hop(k)
    hops = 0
    start = time.perf_counter()
    while time.perf_counter() - start < seconds:
        last = hop(2 * N + hops)
        hops += 1
    elapsed = time.perf_counter() - start
print(json.dumps({"us_per_hop": 1e6 * elapsed / hops, "heart_rate_per_min": float(last[0])}))
