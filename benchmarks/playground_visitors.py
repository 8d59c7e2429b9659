"""The playground while others train: seconds from a click to its effect, and frames per second of every visitor.

Visitors are websocket clients of a real server. They ask for frames as `playground_view.js` does: the delay that came with a frame
after that frame.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import time

import numpy as np
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks import table
from benchmarks.serving import Server, run_server
from benchmarks.table import Measurement

NUM_OTHERS = 20
NUM_CLICKS = 20
SECONDS_BETWEEN_CLICKS = 0.5
_PATIENCE = 120.0
_COMPONENT, _PLAY = "manabi_playground_view", "playground-play"
_QUERY = "data=xor&points=1000&train_share=90&hidden=32,32&activation=relu&batch_size=32"


class Visitor:
    """One open page. `data` is what its component shows; `num_frames` counts the frames it was sent."""

    def __init__(self, server: Server) -> None:
        self.address = server.url.replace("http", "ws") + "/_stcore/stream"
        self.origin, self.data, self.num_frames = server.url, {}, 0
        self.fragment = self.component = self.play = ""

    async def open(self) -> None:
        """Open the page and wait for its first frame."""
        self.socket = await websockets.connect(
            self.address, subprotocols=["streamlit"], max_size=None, origin=self.origin
        )
        message = BackMsg()
        message.rerun_script.page_name = "playground"
        message.rerun_script.query_string = _QUERY
        await self.socket.send(message.SerializeToString())
        await self.wait_for(lambda: self.data and self.play)

    async def wait_for(self, condition) -> None:
        """Read messages until `condition()` holds and the run of the script has ended."""
        while True:
            answer = ForwardMsg()
            answer.ParseFromString(await asyncio.wait_for(self.socket.recv(), _PATIENCE))
            kind = answer.WhichOneof("type")
            if kind == "delta" and answer.delta.WhichOneof("type") == "new_element":
                self._note(answer.delta)
            elif kind == "script_finished" and condition():
                return

    def _note(self, delta) -> None:
        element = delta.new_element
        kind = element.WhichOneof("type")
        if kind == "bidi_component" and element.bidi_component.component_name == _COMPONENT:
            self.component, self.fragment = element.bidi_component.id, delta.fragment_id
            self.data = json.loads(element.bidi_component.json)
            self.num_frames += 1
        elif kind == "button" and element.button.id.endswith(_PLAY):
            self.play = element.button.id

    async def _send(self, widget: str, **value: object) -> None:
        message = BackMsg()
        message.rerun_script.page_name = "playground"
        message.rerun_script.query_string = _QUERY
        message.rerun_script.fragment_id = self.fragment
        message.rerun_script.widget_states.widgets.add(id=widget, **value)
        await self.socket.send(message.SerializeToString())

    async def ask(self) -> None:
        """Ask for the next frame."""
        payload = json.dumps([{"event": "tick", "value": self.data["serial"]}])
        await self._send(f"$$STREAMLIT_INTERNAL_KEY_{self.component}__events", json_trigger_value=payload)

    async def click(self) -> float:
        """Press Play or Pause; return the seconds until the page shows the effect."""
        before, begun = self.data["running"], time.perf_counter()
        await self._send(self.play, trigger_value=True)
        await self.wait_for(lambda: self.data["running"] != before)
        return time.perf_counter() - begun

    async def train(self, seconds: float) -> None:
        """Let it run, asking for frame after frame."""
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            await asyncio.sleep(self.data["delay"] / 1000)
            serial = self.data["serial"]
            await self.ask()
            await self.wait_for(lambda serial=serial: self.data["serial"] != serial)


async def _click_often(visitor: Visitor) -> list[float]:
    """Return the seconds of each click, made at any moment between and during frames."""
    times = []
    for _ in range(NUM_CLICKS):
        if not visitor.data["running"]:
            await visitor.click()
        await visitor.train(SECONDS_BETWEEN_CLICKS)
        await visitor.ask()
        await asyncio.sleep(random.uniform(0, 0.1))
        times.append(await visitor.click())
    return times


async def _measure(server: Server) -> list[Measurement]:
    me = Visitor(server)
    await me.open()
    await me.click()
    begun, before = time.perf_counter(), me.num_frames
    await me.train(4.0)
    rate = (me.num_frames - before) / (time.perf_counter() - begun)
    alone = await _click_often(me)

    others = [Visitor(server) for _ in range(NUM_OTHERS)]
    for other in others:
        await other.open()
        await other.click()
    counts, begun, crowded = [o.num_frames for o in others], time.perf_counter(), []
    training = [asyncio.create_task(other.train(600.0)) for other in others]
    try:
        crowded = await _click_often(me)
        seconds = time.perf_counter() - begun
        rates = [(o.num_frames - c) / seconds for o, c in zip(others, counts, strict=True)]
    finally:
        for task in training:
            task.cancel()
        await asyncio.gather(*training, return_exceptions=True)
        for visitor in (me, *others):
            await visitor.socket.close()
    return [
        _clicks("a click while it runs", alone, 300),
        Measurement("frames of a visitor who is alone", rate, "frames/s", at_least=4),
        _clicks(f"a click while {NUM_OTHERS} others run theirs", crowded, 1000),
        Measurement(
            f"frames of each of the {NUM_OTHERS}, median",
            statistics.median(rates),
            "frames/s",
            note=f"slowest: {min(rates):.2f} frames/s",
        ),
    ]


def _clicks(name: str, seconds: list[float], at_most: float) -> Measurement:
    milliseconds = 1000 * np.array(seconds)
    note = f"median {np.median(milliseconds):.0f} ms, {len(seconds)} clicks"
    return Measurement(
        f"{name}, p95", float(np.percentile(milliseconds, 95)), "ms", at_most=at_most, note=note
    )


def measure_rows() -> list[Measurement]:
    with run_server() as server:
        server.wait_until_healthy()
        return asyncio.run(_measure(server))


if __name__ == "__main__":
    table.run_standalone(measure_rows)
