"""Keeps a minute of predictions as CSV, by pandas: python3 examples/python/to_csv.py http://127.0.0.1:8765 FILE.csv [how many]"""
import asyncio, sys
from affectd import Subscription, to_dataframe


async def main(url, file, count="120"):
    messages = []
    async for message in Subscription(url, ["affect"], policy="buffer"):
        messages.append(message)
        if len(messages) == int(count):
            break
    to_dataframe(messages).to_csv(file, index=False)


asyncio.run(main(*sys.argv[1:]))
