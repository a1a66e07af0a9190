"""Prints valence and arousal as they come: python3 examples/python/predictions.py [http://127.0.0.1:8765]"""
import asyncio, sys
from affectd import Subscription


async def main():
    async for said in Subscription(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8765", ["affect"], policy="latest"):
        what = f"valence {said['valence']}, arousal {said['arousal']}" if said["valid"] else f"no prediction ({said['reason']})"
        print(f"{said['session']} {said['time']} s: {what} (evidence: {said['evidence']})", flush=True)


asyncio.run(main())
