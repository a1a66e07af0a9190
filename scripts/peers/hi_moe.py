#!/usr/bin/python3
"""PyTorch on the graphs of `affectd bench model` and `model-eegnet`, one thread: forward passes, eager and JIT; of `train` and
`train-eegnet`: an Adam step at batch 32.

    hi_moe.py model|model-eegnet [seconds for each batch size] [device]
    hi_moe.py train|train-eegnet [seconds] [batch] [device]

A device is cpu or cuda; arrays begin and end on the host on either.
"""
import json
import os
import sys
import time

# Debian's OpenBLAS doesn't know every processor and then falls back to slow kernels.
try:
    flags = open("/proc/cpuinfo").read()
    os.environ.setdefault("OPENBLAS_CORETYPE", "SkylakeX" if "avx512f" in flags else "Zen" if "AuthenticAMD" in flags else "Haswell")
except OSError:
    pass

import numpy as np
import torch
import torch.nn as nn

D, L, HEADS = 64, 8, 4


def bank(count, hidden, lead=()):
    p = lambda *shape: nn.Parameter(torch.randn(*lead, count, *shape) * 0.1)
    return p(D, hidden), p(1, hidden), p(hidden, D), p(1, D)


class Conv(nn.Sequential):
    """Three strided convolutions, as the 1-2 channel encoder."""

    def __init__(self, channels, filters=(16, 32, 64)):
        layers = []
        for f in filters:
            layers += [nn.Conv1d(channels, f, 7, 2, 3, bias=False), nn.BatchNorm1d(f, eps=1e-3), nn.GELU()]
            channels = f
        super().__init__(*layers, nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(channels, D))


class EegNet(nn.Sequential):
    def __init__(self, channels, length):
        super().__init__(
            nn.Unflatten(1, (1, channels)), nn.ZeroPad2d((31, 32, 0, 0)), nn.Conv2d(1, 8, (1, 64), bias=False),
            nn.Conv2d(8, 16, (channels, 1), groups=8, bias=False), nn.BatchNorm2d(16, eps=1e-3), nn.ELU(), nn.AvgPool2d((1, 4)),
            nn.ZeroPad2d((7, 8, 0, 0)), nn.Conv2d(16, 16, (1, 16), groups=16, bias=False), nn.Conv2d(16, 16, 1, bias=False),
            nn.BatchNorm2d(16, eps=1e-3), nn.ELU(), nn.AvgPool2d((1, 8)), nn.Flatten(), nn.Linear(16 * length // 32, D))


class HiMoe(nn.Module):
    def __init__(self, encoders, experts, hidden, activation):
        super().__init__()
        self.enc, self.act = nn.ModuleList(encoders), activation
        m = len(encoders)
        self.gate = nn.ModuleList(nn.Linear(D, experts) for _ in range(m))
        self.w1, self.b1, self.w2, self.b2 = bank(experts, hidden, (m,))
        self.f1, self.c1, self.f2, self.c2 = bank(L, hidden)
        self.q = nn.Parameter(torch.randn(D))
        self.heads = nn.ModuleList(nn.Sequential(nn.Linear(D, 32), nn.ReLU(), nn.Linear(32, 1)) for _ in range(HEADS))

    def forward(self, mask, *xs):
        z = torch.stack([e(x) for e, x in zip(self.enc, xs)]) * mask.t()[:, :, None]
        g = torch.stack([torch.softmax(l(z[m]), -1) for m, l in enumerate(self.gate)])
        h = self.act(z[:, None] @ self.w1 + self.b1) @ self.w2 + self.b2
        z = (g.permute(0, 2, 1)[..., None] * h).sum(1)
        a = torch.softmax((z @ self.q / D**0.5).masked_fill(mask.t() == 0, -1e9), 0)
        z = (a[..., None] * z).sum(0)
        f = self.act(z[None] @ self.f1 + self.c1) @ self.f2 + self.c2
        r = torch.softmax((f * z[None]).sum(-1) / D**0.5, 0)
        e = (r[..., None] * f).sum(0)
        return torch.cat([head(e) for head in self.heads], 1), a, r


def build(name):
    if name in ("model", "train"):
        shapes = [(310,), (33,), (12,), (8,), (8,), (8,)]
        encoders = [nn.Sequential(nn.Linear(s[0], D), nn.ReLU(), nn.Linear(D, D)) for s in shapes]
        return HiMoe(encoders, 4, 64, torch.relu), shapes
    shapes = [(32, 512)] + [(c, 512) for c in (1, 2, 2, 1, 1, 1, 1)]
    return HiMoe([EegNet(32, 512)] + [Conv(c) for c, _ in shapes[1:]], 4, 128, nn.functional.gelu), shapes


def times_of(seconds, once):
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        once()
        times.append(time.perf_counter() - start)
    return times


def forward(name, seconds, device):
    net, shapes = build(name)
    net.eval().to(device)
    out = {"eager": {}, "jit": {}}
    with torch.no_grad():
        for batch in (1, 8, 64, 256):
            xs = [torch.ones(batch, len(shapes))] + [torch.randn(batch, *s) for s in shapes]
            for kind, f in (("eager", net), ("jit", torch.jit.freeze(torch.jit.trace(net, tuple(x.to(device) for x in xs))))):
                for _ in range(10):
                    f(*(x.to(device) for x in xs))
                run = lambda: [y.cpu() for y in f(*(x.to(device) for x in xs))]
                out[kind][f"ms_b{batch}"] = round(float(np.median(times_of(seconds, run))) * 1e3, 4)
    return out


def train(name, seconds, batch, device):
    """Squared error and 1 - CCC, backward, Adam."""
    net, shapes = build(name)
    net.train().to(device)
    xs = [torch.ones(batch, len(shapes))] + [torch.randn(batch, *s) for s in shapes]
    labels = torch.randn(batch, HEADS) / 2
    adam = torch.optim.Adam(net.parameters(), 1e-4)

    def step():
        adam.zero_grad(set_to_none=True)
        heads, _, _ = net(*(x.to(device) for x in xs))
        label = labels.to(device)
        p, l = heads - heads.mean(0), label - label.mean(0)
        shift = heads.mean(0) - label.mean(0)
        ccc = 2 * (p * l).mean(0) / ((p * p).mean(0) + (l * l).mean(0) + shift * shift + 1e-8)
        loss = ((heads - label) ** 2).mean() + (1 - ccc).mean()
        loss.backward()
        adam.step()
        return loss.item()

    times_of(min(1, seconds), step)
    return {"ms_per_step": round(float(np.median(times_of(seconds, step))) * 1e3, 4)}


def main(name, seconds=1.5, *rest):
    torch.set_num_threads(1)
    if name.startswith("train"):
        batch, device = (*rest, "cpu")[:2] if rest else (32, "cpu")
        measured = train(name, float(seconds), int(batch), device)
    else:
        device = rest[0] if rest else "cpu"
        measured = forward(name, float(seconds), device)
    print(json.dumps({"name": f"PyTorch {torch.__version__}" + (f", {device}" if device != "cpu" else ""), **measured}))


main(*sys.argv[1:])
