"""The client of affectd for Python: copy this file beside your program.

Needs Python 3.9 or later and the package `websockets` 10 or later (Debian: python3-websockets). `to_dataframe` also needs pandas,
`to_raw` MNE. The messages are those of docs/reference/protocol.md.

    async for message in Subscription("ws://127.0.0.1:8765", ["affect"]):
        print(message["valence"], message["arousal"])

    async with Ingest("ws://127.0.0.1:8765", session="alice") as device:
        eeg = await device.open(name="headset", type="EEG", sfreq=250, channels=["Fp1", "Fp2"], unit="uV")
        await eeg.push([[1.5, -2.1], [1.7, -2.0]], t0=0)
"""
from __future__ import annotations

import array
import asyncio
import base64
import json
import logging
import math
import os
import struct
import sys
import urllib.parse
from typing import Any, AsyncIterator, Iterable, Mapping, Optional, Sequence

import websockets

__all__ = ["AffectdError", "Ingest", "IngestStream", "Subscription", "to_dataframe", "to_raw", "to_rows"]

log = logging.getLogger("affectd")

_BACKOFF_S = (0.25, 10.0)
# The daemon says that it is there every 30 s.
_SILENT_S = 75.0
# Before frames that the daemon did not take are sent again, and how soon and how rarely it is asked whether one is kept.
_RESEND_S = 0.5
_ASKS_S = (1.0, 10.0)
_MOST_UNACKNOWLEDGED = 100_000
_HEADER = struct.Struct("<BBHIId")


class AffectdError(Exception):
    """What the daemon refused: `code` is one of the protocol's error codes, or `disconnected`, `closed`."""

    def __init__(self, code: str, message: str):
        super().__init__(f"{message} ({code})")
        self.code = code


def _refusal(error: dict) -> AffectdError:
    return AffectdError(error["data"]["code"], error["message"])


class _Connection:
    """A WebSocket that comes back by itself, and JSON-RPC requests over it."""

    def __init__(self, url: str, path: str, token: Optional[str]):
        parts = urllib.parse.urlsplit(url)
        self.url = parts._replace(
            scheme=parts.scheme.replace("http", "ws", 1), path=parts.path if parts.path.strip("/") else path, fragment=""
        ).geturl()
        self._protocols = ["affectd.v1"]
        if token is not None:
            self._protocols.append("affectd.bearer." + base64.urlsafe_b64encode(token.encode()).decode().rstrip("="))
        self._socket = None
        self._requests = 0
        self._pending: dict[int, asyncio.Future] = {}
        self._answered = 0

    async def messages(self) -> AsyncIterator[Optional[dict]]:
        """What the daemon says, without answers to requests; None each time that the connection is there."""
        wait_s = _BACKOFF_S[0]
        while True:
            answered = self._answered
            try:
                async with websockets.connect(self.url, subprotocols=self._protocols, max_size=None) as socket:
                    self._socket = socket
                    yield None
                    while True:
                        message = json.loads(await asyncio.wait_for(socket.recv(), _SILENT_S))
                        self._answered += 1
                        if not self._is_answer(message) and message.get("method") != "alive":
                            yield message
            except websockets.ConnectionClosed as closed:
                received = closed.rcvd
                if received and received.code == 1008 and received.reason.startswith("unauthorised"):
                    raise AffectdError("unauthorised", received.reason) from None
                log.info("%s: the connection dropped (%s)", self.url, closed)
            except (OSError, asyncio.TimeoutError, websockets.InvalidHandshake) as error:
                log.info("%s: %s", self.url, error or "nothing was heard of the daemon")
            finally:
                self._drop()
            # A daemon that answers at all is well: the next failure starts from the shortest wait.
            if self._answered != answered:
                wait_s = _BACKOFF_S[0]
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, _BACKOFF_S[1])

    @property
    def is_open(self) -> bool:
        return self._socket is not None

    async def send(self, data) -> None:
        """What can't be sent is its owner's to send after the next connection."""
        if self._socket is None:
            return
        try:
            await self._socket.send(data)
        except websockets.ConnectionClosed:
            pass

    async def request(self, method: str, params: Mapping[str, Any]) -> Any:
        """Raises AffectdError with the daemon's code, and with `disconnected` where no answer comes any more."""
        if self._socket is None:
            raise AffectdError("disconnected", "not connected")
        self._requests += 1
        id = self._requests
        answer = self._pending[id] = asyncio.get_running_loop().create_future()
        await self.send(json.dumps({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
        return await answer

    async def notify(self, method: str, params: Mapping[str, Any]) -> None:
        await self.send(json.dumps({"jsonrpc": "2.0", "method": method, "params": params}))

    def _is_answer(self, message: dict) -> bool:
        answer = self._pending.pop(message.get("id"), None)
        if answer is None:
            return False
        if not answer.done():
            if "error" in message:
                answer.set_exception(_refusal(message["error"]))
            else:
                answer.set_result(message["result"])
        return True

    def _drop(self) -> None:
        self._socket = None
        pending, self._pending = self._pending, {}
        for answer in pending.values():
            if not answer.done():
                answer.set_exception(AffectdError("disconnected", "the connection dropped"))
                answer.exception()  # Whoever asked may be gone.


class Subscription:
    """Messages of a daemon, as dicts, by `async for`; it connects again by itself.

    A subscription that names its session goes on where it was: what the pipeline's nodes made meanwhile comes first, as far as
    the daemon still has it (60 s). `heard` is what to give as `after` to go on in another run of the program.

    streams: any of affect, quality, features, indices, sys, truth, signals.
    policy: what happens to messages that this program does not read in time: `latest`, `drop-oldest`, `buffer`.
    Messages that were dropped come as {"stream": "dropped", "of": stream, "session", "count", "total"}.
    Raises AffectdError for a stream that the daemon doesn't have, and for a wrong token.
    """

    def __init__(
        self,
        url: str,
        streams: Sequence[str] = ("affect",),
        *,
        session: str = "*",
        policy: str = "drop-oldest",
        nodes: Optional[Sequence[str]] = None,
        explain: bool = False,
        after: Optional[Mapping[str, Any]] = None,
        token: Optional[str] = None,
    ):
        self._connection = _Connection(url, "/v1/stream", token)
        self._params = {"streams": list(streams), "session": session, "policy": policy, "explain": explain}
        if nodes is not None:
            self._params["nodes"] = list(nodes)
        self.heard: Optional[dict] = dict(after) if after else None

    async def __aiter__(self) -> AsyncIterator[dict]:
        messages = self._connection.messages()
        try:
            async for message in messages:
                if message is None:
                    await self._connection.send(json.dumps(self._request()))
                elif "stream" in message:
                    self._hear(message)
                    yield message
                elif message.get("method") == "dropped":
                    params = message["params"]
                    yield {**params, "stream": "dropped", "of": params["stream"]}
                elif "error" in message:
                    raise _refusal(message["error"])
                elif "result" in message:
                    for failure in message["result"]["failure"]:
                        raise AffectdError(failure["code"], failure["message"])
        finally:
            await messages.aclose()

    def _request(self) -> dict:
        params = dict(self._params)
        if self.heard and params["session"] != "*":
            params["after"] = self.heard
        return {"jsonrpc": "2.0", "id": 0, "method": "subscribe", "params": params}

    def _hear(self, message: dict) -> None:
        if "node" not in message or self._params["session"] == "*" or self._params["policy"] == "latest":
            return
        if not self.heard or self.heard["run"] != message["run"]:
            self.heard = {"run": message["run"]}
        self.heard[message["node"]] = message["seq"]


class _Frame:
    __slots__ = ("index", "samples", "times")

    def __init__(self, index: int, samples, times):
        self.index, self.samples, self.times = index, samples, times


class IngestStream:
    """One stream of an Ingest. Frames are kept until acknowledged, and sent again after a reconnect.

    acknowledged: index of the newest frame that is safe, as `push` returned it; -1 before.
    refused: what the daemon said of the newest frame that it took for wrong, and that is not sent again.
    """

    def __init__(self, owner: "Ingest", declaration: dict):
        self._owner = owner
        self.declaration = declaration
        self.channels = len(declaration["channels"])
        self.id: Optional[int] = None
        self.acknowledged = -1
        self.refused: Optional[AffectdError] = None
        # By index, in order.
        self._frames: dict[int, _Frame] = {}
        self._pushed = 0
        # Index of the frame that has sequence number 0 on the wire.
        self._origin = 0
        self._was_opened = False
        self._asking: Optional[asyncio.Task] = None
        self._asks_s = _ASKS_S[0]

    @property
    def unacknowledged(self) -> int:
        """Frames not yet acknowledged."""
        return len(self._frames)

    async def push(self, samples, t0: Optional[float] = None, times: Optional[Iterable[float]] = None) -> int:
        """samples: [n][channels], lists or a numpy array; None and NaN = missing; text for markers.
        t0: stamp of the first sample, s; or times: all [n] stamps. Returns the frame's index, counted from 0.
        Raises ValueError for samples that don't fit the stream, BufferError where too many frames wait for the daemon.
        """
        self._owner.require()
        if (t0 is None) == (times is None):
            raise ValueError("give either t0 or times")
        if len(samples) == 0 or any(len(sample) != self.channels for sample in samples):
            raise ValueError(f"every sample needs {self.channels} values, and a frame a sample")
        stamps = t0 if times is None else [float(time) for time in times]
        if times is not None and len(stamps) != len(samples):
            raise ValueError(f"{len(stamps)} stamps for {len(samples)} samples")
        if len(self._frames) >= _MOST_UNACKNOWLEDGED:
            raise BufferError(f"{len(self._frames)} frames wait for the daemon")
        frame = _Frame(self._pushed, samples, stamps)
        self._pushed += 1
        self._frames[frame.index] = frame
        self._owner.waits(self, frame)
        if self._owner.is_caught_up:
            await self._send(frame)
        return frame.index

    async def drain(self) -> None:
        """Returns once every frame pushed so far is safe, or refused."""
        await self._owner.until(lambda: not self._frames)

    async def close(self) -> None:
        """Waits until everything is safe, then ends the stream; over reconnects, if need be."""
        await self.drain()
        while True:
            await self._owner.until(lambda: self.id is not None)
            try:
                await self._owner.connection.request("close", {"stream": self.id})
                break
            except AffectdError as error:
                if error.code != "disconnected":
                    raise
                self.id = None
        self._owner.closed(self)
        self.id = None

    async def _open(self) -> None:
        result = await self._owner.connection.request(
            "open", {"client": self._owner.client, "session": self._owner.session, "stream": self.declaration}
        )
        last = result["last_seq"]
        following = 0 if last is None else (last + 1) % 2**32
        # Frames of an earlier run of this program that the daemon has taken aren't acknowledged yet, and aren't ours.
        own = following if self._was_opened else result.get("next_seq", following)
        first = next(iter(self._frames), self._pushed)
        if not self._was_opened or not result["resumed"]:
            self._origin = first - own
        self._was_opened = True
        self.id = result["stream"]
        if own != following:
            await self._skip(following, own - 1)
        if result["resumed"] and last is not None:
            self._acknowledge(last)
        # Frames from `own` on that nobody holds any more: the daemon had them, and lost them.
        to = next(iter(self._frames), self._pushed) - self._origin - 1
        if _signed(to - own) >= 0:
            await self._skip(own, to)

    async def _skip(self, first: int, last: int) -> None:
        span = {"stream": self.id, "from": first % 2**32, "to": last % 2**32}
        await self._owner.connection.notify("skip", span)

    def _index_of(self, seq: int) -> int:
        return self._pushed + _signed(seq - (self._pushed - self._origin))

    def _acknowledge(self, seq: int) -> None:
        index = self._index_of(seq)
        for known in [known for known in self._frames if known <= index]:
            del self._frames[known]
            self._owner.settled(self, known)
            self.acknowledged = known
            self._asks_s = _ASKS_S[0]
            self._stop_asking()

    async def _not_kept(self, seq: int, code: str, held: bool) -> None:
        index = self._index_of(seq)
        if index not in self._frames:
            return
        log.warning("%s: frame %d is not kept (%s)", self.declaration["name"], index, code)
        if held:
            if self._asking is None:
                self._asking = asyncio.ensure_future(self._ask())
        else:
            del self._frames[index]
            self._owner.settled(self, index)
            await self._skip(seq, seq)

    async def _ask(self) -> None:
        """Sends the first frame that isn't acknowledged again, after a while; the daemon then says whether it is kept."""
        while self._frames:
            await asyncio.sleep(self._asks_s)
            self._asks_s = min(2 * self._asks_s, _ASKS_S[1])
            frame = next(iter(self._frames.values()), None)
            if frame and self.id is not None:
                await self._send(frame)

    def _stop_asking(self) -> None:
        if self._asking:
            self._asking.cancel()
            self._asking = None

    def _refuse(self, error: AffectdError, seq: Optional[int]) -> None:
        log.warning("%s: %s", self.declaration["name"], error)
        self.refused = error
        if seq is not None and self._frames.pop(self._index_of(seq), None):
            self._owner.settled(self, self._index_of(seq))

    async def _send(self, frame: _Frame) -> None:
        seq = (frame.index - self._origin) % 2**32
        if isinstance(frame.samples[0][0], str):
            stamps = {"times": frame.times} if isinstance(frame.times, list) else {"t0": frame.times}
            data = [list(sample) for sample in frame.samples]
            await self._owner.connection.notify("push", {"stream": self.id, "seq": seq, **stamps, "data": data})
        else:
            await self._owner.connection.send(_encode(self.id, seq, frame.times, frame.samples))


class Ingest:
    """Streams of one sender, over one connection that comes back by itself; what waited is sent in the order of pushing.

    client: name of the sender, under which the daemon lets it resume; default: a random one.
    Leaving `async with` waits until everything is safe, or, with an exception, closes the connection as it is.
    """

    def __init__(self, url: str, *, session: str = "default", client: Optional[str] = None, token: Optional[str] = None):
        self.connection = _Connection(url, "/v1/ingest", token)
        self.client = client or "client-" + os.urandom(8).hex()
        self.session = session
        self.is_caught_up = False
        self._streams: list[IngestStream] = []
        # What isn't safe, of all streams, in the order of pushing.
        self._waiting: dict[tuple[IngestStream, int], _Frame] = {}
        self._changed = asyncio.Event()
        self._failed: Optional[BaseException] = None
        self._reading: Optional[asyncio.Task] = None
        self._catching_up: Optional[asyncio.Task] = None

    async def __aenter__(self) -> "Ingest":
        self._reading = asyncio.ensure_future(self._read())
        return self

    async def __aexit__(self, kind, error, trace) -> None:
        try:
            if error is None:
                for stream in list(self._streams):
                    await stream.close()
        finally:
            for task in [self._reading, self._catching_up, *(stream._asking for stream in self._streams)]:
                if task:
                    task.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def open(self, **declaration) -> IngestStream:
        """name, type, sfreq (Hz, 0 = irregular), channels, and what else the protocol's `open` has for a stream.
        Raises AffectdError with the daemon's code."""
        stream = IngestStream(self, declaration)
        self._streams.append(stream)
        if self.connection.is_open:
            self._catch_up()
        try:
            await self.until(lambda: stream.id is not None)
        except AffectdError:
            self._streams.remove(stream)
            raise
        return stream

    def require(self) -> None:
        """Raises why nothing is sent any more."""
        if self._failed:
            raise self._failed

    def waits(self, stream: IngestStream, frame: _Frame) -> None:
        self._waiting[stream, frame.index] = frame

    def settled(self, stream: IngestStream, index: int) -> None:
        del self._waiting[stream, index]
        self._changed.set()

    def closed(self, stream: IngestStream) -> None:
        self._streams.remove(stream)

    async def until(self, holds) -> None:
        while not holds():
            self.require()
            self._changed.clear()
            await self._changed.wait()

    async def _read(self) -> None:
        try:
            async for message in self.connection.messages():
                if message is None:
                    for stream in self._streams:
                        stream.id = None
                    self._catch_up()
                else:
                    await self._take(message)
        except Exception as error:
            self._fail(error)

    async def _take(self, message: dict) -> None:
        about = message.get("params") or message.get("error", {}).get("data", {})
        for stream in self._streams:
            if stream.id is None or stream.id != about.get("stream"):
                continue
            if message.get("method") == "ack":
                stream._acknowledge(about["seq"])
            elif message.get("method") == "nack":
                await stream._not_kept(about["seq"], about["code"], about["held"])
            elif "error" in message:
                if about["code"] in ("not-ready", "seq-gap"):
                    self._catch_up(_RESEND_S)
                else:
                    stream._refuse(_refusal(message["error"]), about.get("seq"))

    def _catch_up(self, after_s: float = 0) -> None:
        """Opens what isn't open and sends what waits; until then nothing else is sent."""
        if self._catching_up and after_s > 0 and not self.is_caught_up:
            return
        if self._catching_up:
            self._catching_up.cancel()
        self.is_caught_up = False
        self._catching_up = asyncio.ensure_future(self._send_waiting(after_s))

    async def _send_waiting(self, after_s: float) -> None:
        try:
            await asyncio.sleep(after_s)
            for stream in list(self._streams):
                while stream.id is None:
                    try:
                        await stream._open()
                    except AffectdError as error:
                        if error.code != "not-ready":
                            raise
                        await asyncio.sleep(_RESEND_S)
            self._changed.set()
            sent: set = set()
            while unsent := [key for key in self._waiting if key not in sent]:
                for stream, index in unsent:
                    sent.add((stream, index))
                    if (stream, index) in self._waiting:
                        await stream._send(self._waiting[stream, index])
            self.is_caught_up = True
        except AffectdError as error:
            # After a lost connection it is called again.
            if error.code != "disconnected":
                self._fail(error)

    def _fail(self, error: BaseException) -> None:
        self._failed = error
        self._changed.set()


def _signed(difference: int) -> int:
    """Of sequence numbers, as long as fewer than 2^31 wait."""
    return (difference + 2**31) % 2**32 - 2**31


def _encode(stream: int, seq: int, times, samples) -> bytes:
    """A binary frame, little-endian: header, then n float64 stamps if it has them, then n * C float32."""
    is_stamped = isinstance(times, list)
    header = _HEADER.pack(1, 1, stream, seq, len(samples), math.nan if is_stamped else times)
    stamps = array.array("d", times if is_stamped else [])
    data = array.array("f", (math.nan if value is None else value for sample in samples for value in sample))
    if sys.byteorder == "big":
        stamps.byteswap()
        data.byteswap()
    return header + stamps.tobytes() + data.tobytes()


def to_rows(messages: Iterable[Mapping[str, Any]]) -> list[dict]:
    """Messages as flat dicts: objects by dotted keys, intervals and windows as `.from` and `.to`, features and indices by
    `channel.feature`, samples one a row by their channel's label, with `time` in session time, s."""
    rows: list[dict] = []
    labels: dict = {}
    zeros: dict = {}
    for message in messages:
        if message["stream"] == "signals":
            key = message["session"], message["id"]
            if message["kind"] == "open":
                labels[key] = [channel["label"] or f"{i}" for i, channel in enumerate(message["info"]["channels"])]
            elif message["kind"] == "samples":
                about = {"session": message["session"], "id": message["id"]}
                for time, sample in zip(message["times"], message["data"]):
                    rows.append({**about, "time": time - message["zero"], **dict(zip(labels[key], sample))})
            continue
        row: dict = {}
        for name, value in message.items():
            _flatten(row, name, value)
        rows.append(row)
    return rows


def _flatten(row: dict, name: str, value: Any) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _flatten(row, f"{name}.{key}", inner)
    elif name == "window" or name.startswith("interval.") and isinstance(value, list):
        row[f"{name}.from"], row[f"{name}.to"] = value
    elif name == "features":
        row["features"] = value
    elif name == "values":
        for described, number in zip(row.pop("features"), value):
            row[f"{described['channel']}.{described['feature']}"] = number
    elif name == "indices":
        for index in value:
            row[f"{index['channel']}.{index['feature']}"] = index["value"]
    else:
        row[name] = value


def to_dataframe(messages: Iterable[Mapping[str, Any]]):
    """A pandas DataFrame of `to_rows`."""
    import pandas

    return pandas.DataFrame(to_rows(messages))


_MNE_TYPES = {"EEG": "eeg", "ECG": "ecg", "EOG": "eog", "EMG": "emg", "RESP": "resp", "TEMP": "temperature", "EDA": "gsr"}
_VOLTS = {"V": 1.0, "mV": 1e-3, "uV": 1e-6, "nV": 1e-9}


def to_raw(messages: Iterable[Mapping[str, Any]], stream: Optional[str] = None):
    """Samples of one stream of one session, from messages of `signals`, as an mne.io.RawArray; markers become annotations.

    stream: its `id`; may be left out where there is one beside markers. Volts where the channel's unit is of volts. Missing
    samples are NaN, and stretches of them annotated as BAD_gap. Raises ValueError for a stream without a rate, or more than one.
    """
    import mne
    import numpy

    infos: dict = {}
    chunks: dict = {}
    markers: list = []
    for message in messages:
        if message["stream"] != "signals":
            continue
        if message["kind"] == "open":
            infos[message["id"]] = message["info"]
        elif message["kind"] == "samples" and infos[message["id"]]["type"] == "Markers":
            markers += [(time, sample[0]) for time, sample in zip(message["times"], message["data"])]
        elif message["kind"] == "samples":
            chunks.setdefault(message["id"], []).append((message["times"], message["data"]))
    ids = [id for id in chunks if stream in (None, id)]
    if len(ids) != 1:
        raise ValueError(f"samples of {len(ids)} streams ({', '.join(ids)}): name one")
    info = infos[ids[0]]
    sfreq = info["sfreq"]
    if not sfreq:
        raise ValueError(f"{info['name']} has no regular rate")
    times = numpy.concatenate([numpy.asarray(times, float) for times, _ in chunks[ids[0]]])
    data = numpy.concatenate([numpy.asarray(data, float) for _, data in chunks[ids[0]]])
    # Where a sample lies decides its place: what is missing stays missing.
    places = numpy.rint((times - times[0]) * sfreq).astype(int)
    values = numpy.full((len(info["channels"]), places.max() + 1), numpy.nan)
    values[:, places] = data.T * numpy.array([[_VOLTS.get(channel["unit"], 1.0)] for channel in info["channels"]])
    labels = [channel["label"] or f"{info['type']}{i}" for i, channel in enumerate(info["channels"])]
    types = [_MNE_TYPES.get(channel["type"] or info["type"], "misc") for channel in info["channels"]]
    raw = mne.io.RawArray(values, mne.create_info(labels, sfreq, types))
    gaps = [(places[i] + 1, places[i + 1] - places[i] - 1) for i in numpy.nonzero(numpy.diff(places) > 1)[0]]
    onsets = [start / sfreq for start, _ in gaps] + [time - times[0] for time, _ in markers]
    durations = [count / sfreq for _, count in gaps] + [0.0] * len(markers)
    raw.set_annotations(mne.Annotations(onsets, durations, ["BAD_gap"] * len(gaps) + [text for _, text in markers]))
    return raw
