"""Sends a made-up headset: python3 examples/python/headset.py [http://127.0.0.1:8765] [seconds]"""
import asyncio, math, random, sys, time
from affectd import Ingest

url, seconds = (sys.argv[1:] + ["http://127.0.0.1:8765", "inf"][len(sys.argv) - 1 :])[:2]
sfreq, channels, chunk = 250, ["Fp1", "Fp2", "C3", "C4", "O1", "O2"], 25


async def main():
    async with Ingest(url, session="example") as device:
        # A device of yours leaves `simulated` out.
        eeg = await device.open(name="python headset", type="EEG", sfreq=sfreq, channels=channels, unit="uV", simulated=True)
        start, sent = time.monotonic(), 0
        while sent < float(seconds) * sfreq:
            samples = [[20 * math.sin(62.8 * i / sfreq + c) + random.random() for c in range(6)] for i in range(sent, sent + chunk)]
            await eeg.push(samples, t0=sent / sfreq)  # stamps count samples
            sent += chunk
            await asyncio.sleep(max(0, start + sent / sfreq - time.monotonic()))


asyncio.run(main())
