#!/usr/bin/python3
"""numpy and scipy at the work of `affectd bench features`, as a good Python engineer would write it: a causal Butterworth
band-pass (N = 4, 1-75 Hz), then differential entropy of five bands over the last 4 s (periodic Hann, 1024 points),
62 channels at 200 Hz, one window every 50 samples, one thread.

    features_peer.py [seconds]

Prints {"us_per_hop", "mean_de"}: microseconds a window, and the mean of the last one as a check.
"""
import json
import sys
import time

import numpy as np
import scipy.fft
import scipy.signal

BANDS = [(1, 4), (4, 8), (8, 14), (14, 31), (31, 50)]
CHANNELS, SFREQ, HOP, WINDOW, NFFT = 62, 200, 50, 800, 1024

seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
sos = np.vstack(
    [
        scipy.signal.butter(4, 1, "highpass", fs=SFREQ, output="sos"),
        scipy.signal.butter(4, 75, "lowpass", fs=SFREQ, output="sos"),
    ]
)
state = np.zeros((len(sos), CHANNELS, 2))
hann = scipy.signal.windows.hann(WINDOW, sym=False)
frequencies = np.fft.rfftfreq(NFFT, 1 / SFREQ)
bins = [slice(*np.flatnonzero((frequencies >= low) & (frequencies < high))[[0, -1]] + [0, 1]) for low, high in BANDS]
scale = 2 / (SFREQ * (hann**2).sum()) * (SFREQ / NFFT)
buffer = np.zeros((CHANNELS, WINDOW))
random = np.random.default_rng(0)
chunks = [20 * random.standard_normal((CHANNELS, HOP)) for _ in range(64)]


def hop(chunk):
    global state
    filtered, state = scipy.signal.sosfilt(sos, chunk, axis=1, zi=state)
    buffer[:, :-HOP] = buffer[:, HOP:]
    buffer[:, -HOP:] = filtered
    spectrum = scipy.fft.rfft(buffer * hann, NFFT, axis=1)
    power = (spectrum.real**2 + spectrum.imag**2) * scale
    return np.stack([0.5 * np.log(2 * np.pi * np.e * power[:, b].sum(1)) for b in bins], 1)


for chunk in chunks:
    hop(chunk)
hops = 0
start = time.perf_counter()
while time.perf_counter() - start < seconds:
    de = hop(chunks[hops % len(chunks)])
    hops += 1
elapsed = time.perf_counter() - start
print(json.dumps({"us_per_hop": 1e6 * elapsed / hops, "mean_de": float(de.mean())}))
