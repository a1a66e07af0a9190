"""Streams a made-up headset: python websocket_device.py [ws://127.0.0.1:8765] [seconds]   (needs: pip install websockets)"""
import json, math, random, sys, time
from websockets.sync.client import connect

url, seconds = (sys.argv[1:] + ["ws://127.0.0.1:8765", "inf"][len(sys.argv) - 1 :])[:2]
sfreq, channels, chunk = 250, ["Fp1", "Fp2", "C3", "C4", "O1", "O2"], 25

with connect(url + "/v1/ingest") as socket:
    def call(method, **params):
        socket.send(json.dumps({"jsonrpc": "2.0", "id": method, "method": method, "params": params}))
        while (answer := json.loads(socket.recv())).get("id") != method:  # acks of frames come in between
            if "error" in answer: sys.exit(answer["error"]["message"])
        return answer["result"] if "result" in answer else sys.exit(answer["error"]["message"])

    headset = {"name": "python headset", "type": "EEG", "sfreq": sfreq, "channels": channels, "unit": "uV", "simulated": True}  # yours is not
    stream, start, sent = call("open", session="example", stream=headset)["stream"], time.monotonic(), 0
    while sent < float(seconds) * sfreq:
        data = [[20 * math.sin(62.8 * i / sfreq + c) + random.random() for c in range(len(channels))] for i in range(sent, sent + chunk)]
        call("push", stream=stream, seq=sent // chunk, t0=sent / sfreq, data=data)  # stamps count samples
        sent += chunk
        time.sleep(max(0, start + sent / sfreq - time.monotonic()))
    call("close", stream=stream)
