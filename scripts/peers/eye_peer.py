#!/usr/bin/python3
"""Plain numpy at the work of `affectd bench eye`, as a good Python engineer would write it: both eyes averaged, five-point
velocity, saccades above 45 deg/s of at least 10 ms, slow movement between them told by the line through it into fixation
and pursuit, blinks from lost pupils, then the 33 features over the last 4, 20 and 60 s. 500 Hz, one hop a second,
one thread. Events of the last minute are kept; each hop finds those of its own second (and half a second before it).

    eye_peer.py [seconds]

Reads nothing; its gaze is a random scene of saccades, fixations and blinks. Prints {"us_per_hop", "saccades_per_s"}.
"""
import json
import sys
import time

import numpy as np

SFREQ, HOP_S, MINUTE = 500, 1, 60
HOP = SFREQ * HOP_S
seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
rng = np.random.default_rng(0)


def scene(n):
    """Steps of min-jerk saccades every 0.3 s, noise of 0.03 deg, a blink every 5 s: x, y, pupil of two eyes."""
    t = np.arange(n) / SFREQ
    position = np.zeros((2, n))
    for start in np.arange(0.25, n / SFREQ, 0.3):
        amplitude = 4 * rng.standard_normal(2) - 0.5 * position[:, min(n - 1, int(start * SFREQ))]
        p = np.clip((t - start) / 0.03, 0, 1)
        position += amplitude[:, None] * (p**3 * (10 - 15 * p + 6 * p**2))
    rows = np.concatenate([position, position + 0.2]) + 0.03 * rng.standard_normal((4, n))
    pupil = 3.5 + 0.2 * np.sin(t) + 0.01 * rng.standard_normal((2, n))
    lost = (t % 5) < 0.15
    rows[:, lost] = np.nan
    pupil[:, lost] = np.nan
    return np.concatenate([rows, pupil])


def runs(mask):
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.view(np.int8), [0]])))
    return edges[::2], edges[1::2]


data = scene(64 * HOP)
tail = SFREQ // 2
buffer = np.full((6, MINUTE * SFREQ), np.nan)
events = {"saccade": [], "fixation": [], "pursuit": [], "blink": []}
BANDS = [(0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 1)]


def slow_entropy(pupil):
    x = np.nanmean(pupil.reshape(-1, SFREQ // 10), axis=1)
    bad = np.isnan(x)
    x[bad] = np.interp(np.flatnonzero(bad), np.flatnonzero(~bad), x[~bad])
    x = (x - x.mean()) * (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(x.size) / x.size))
    power = np.abs(np.fft.rfft(x)) ** 2
    f = np.arange(power.size) / 20
    return [0.5 * np.log(2 * np.pi * np.e * power[(f >= lo) & (f < hi)].sum()) for lo, hi in BANDS]


def stats(values):
    return (np.mean(values), np.std(values)) if len(values) else (np.nan, np.nan)


def hop(chunk, now):
    buffer[:, :-HOP] = buffer[:, HOP:]
    buffer[:, -HOP:] = chunk
    part = buffer[:, -(HOP + tail) :]
    x, y = (part[0] + part[2]) / 2, (part[1] + part[3]) / 2
    lost = np.isnan(part[4]) & np.isnan(part[5])
    v = [np.full(x.size, np.nan) for _ in range(2)]
    for own, p in zip(v, (x, y)):
        own[2:-2] = (p[4:] + p[3:-1] - p[1:-3] - p[:-4]) * SFREQ / 6
    fast = np.hypot(*v) > 45
    origin = now - (HOP + tail) / SFREQ
    for kind, mask, least in (("saccade", fast, 0.01), ("blink", lost, 0.05), ("slow", ~fast & ~lost, 0.05)):
        for a, b in zip(*runs(mask)):
            if b - a < least * SFREQ or b <= tail // 2 or b > x.size - tail // 2:
                continue
            gx, gy = x[a:b], y[a:b]
            name = kind
            if kind == "slow":
                t = np.arange(b - a) - (b - a - 1) / 2
                good = ~np.isnan(gx)
                slope = np.hypot(t[good] @ gx[good], t[good] @ gy[good]) * SFREQ / (t[good] @ t[good])
                name = "pursuit" if slope > 2.5 else "fixation"
            amplitude = np.hypot(gx[-1] - gx[0], gy[-1] - gy[0])
            row = (origin + a / SFREQ, origin + b / SFREQ, amplitude, np.ptp(gx), np.ptp(gy))
            if not events[name] or row[0] > events[name][-1][0] + 0.005:
                events[name].append(row)
    for rows in events.values():
        while rows and rows[0][1] < now - MINUTE:
            rows.pop(0)
    table = {k: np.array(rows).reshape(-1, 5) for k, rows in events.items()}
    window = {k: r[r[:, 1] > now - 4] for k, r in table.items()}
    f4, s4, f, s, b = window["fixation"], window["saccade"], table["fixation"], table["saccade"], table["blink"]
    pupil = buffer[4:, -4 * SFREQ :]
    out = [*np.nanmean(pupil, 1), *np.nanstd(pupil, 1)]
    for eye in (4, 5):
        out += slow_entropy(buffer[eye, -20 * SFREQ :])
    out += [*stats(f4[:, 3]), *stats(f4[:, 4]), *stats(f4[:, 1] - f4[:, 0]), *stats(b[:, 1] - b[:, 0])]
    out += [*stats(s4[:, 1] - s4[:, 0]), *stats(s4[:, 2])]
    out += [len(b) / MINUTE, len(f) / MINUTE, (f[:, 1] - f[:, 0]).max(initial=0), (f[:, 3] + f[:, 4]).sum()]
    out += [(f[:, 3] + f[:, 4]).max(initial=0), len(s) / MINUTE, stats(s[:, 1] - s[:, 0])[0], stats(s[:, 2])[0]]
    out.append((s[1:, 0] - s[:-1, 1]).sum() / max(1, len(s)))
    return np.array(out), len(s)


with np.errstate(all="ignore"):
    import warnings

    warnings.simplefilter("ignore")
    for k in range(64):
        hop(data[:, k * HOP : (k + 1) * HOP], k + 1)
    hops, saccades = 0, 0
    start = time.perf_counter()
    while time.perf_counter() - start < seconds:
        k = 64 + hops
        _, saccades = hop(data[:, (k % 64) * HOP : (k % 64 + 1) * HOP], k + 1)
        hops += 1
    elapsed = time.perf_counter() - start
print(json.dumps({"us_per_hop": 1e6 * elapsed / hops, "saccades_per_s": saccades / MINUTE}))
