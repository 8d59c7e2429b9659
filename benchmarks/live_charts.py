"""One live loss chart, drawn in several ways: bytes sent, CPU of server and browser, and chart elements replaced, per tick of a second.

The ways take turns in one browser, so that other work on the machine strikes them alike; a page with the tick's number alone is
subtracted. A chart element that is replaced is a chart drawn anew: it flickers, and loses zoom and the hovered point.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import table
from benchmarks.serving import browser_cpu_seconds, open_browser, run_server
from benchmarks.table import Measurement
from core import paths

NUM_ROUNDS, WINDOW_SECONDS, SETTLE_SECONDS = 2, 8.0, 3.0
KINDS = {
    "component": "plotly in the project's component",
    "unseen": "the same, below the screen",
    "echarts": "st.echarts_chart",
    "echarts-still": "st.echarts_chart without animation",
    "plotly": "st.plotly_chart",
}
PAGE = paths.PROJECT / "benchmarks" / "live_chart_page.py"
_COUNT_REPLACED = """
window.replaced = 0
new MutationObserver((changes) => {
  for (const { removedNodes } of changes)
    for (const node of removedNodes)
      if (node.matches?.('canvas, svg.main-svg') || node.querySelector?.('canvas, svg.main-svg')) window.replaced++
}).observe(document, { childList: true, subtree: true })
"""


@dataclass(frozen=True)
class _PerTick:
    """What one tick cost: bytes sent to the browser, CPU milliseconds of server and browser, chart elements replaced."""

    sent: float
    server_ms: float
    browser_ms: float
    replaced: float


def current_tick(page) -> int:
    """Return the number of the tick that the page shows."""
    return int(page.get_by_text("tick ").first.inner_text().split()[-1])


def measure_kind(chromium, running, kind: str) -> _PerTick:
    """Open the page that draws in the way `kind`, and watch it for `WINDOW_SECONDS`."""
    page, sent = chromium.new_page(), [0]

    def add(payload: str | bytes) -> None:
        sent[0] += len(payload)

    page.on("websocket", lambda socket: socket.on("framereceived", add))
    page.goto(f"{running.url}/?kind={kind}")
    page.get_by_text("tick ").first.wait_for()
    if kind != "text":
        page.locator("canvas, svg.main-svg").first.wait_for()
    page.wait_for_timeout(1000 * SETTLE_SECONDS)
    page.evaluate(_COUNT_REPLACED)
    tick, server, browser = current_tick(page), running.cpu_seconds(), browser_cpu_seconds()
    sent[0], until = 0, time.monotonic() + WINDOW_SECONDS
    while time.monotonic() < until:
        page.wait_for_timeout(500)  # lets Playwright count the frames
    ticks = max(1, current_tick(page) - tick)
    found = _PerTick(
        sent[0] / ticks,
        1000 * (running.cpu_seconds() - server) / ticks,
        1000 * (browser_cpu_seconds() - browser) / ticks,
        page.evaluate("window.replaced") / ticks,
    )
    page.close()
    return found


def measure_rows() -> list[Measurement]:
    found: dict[str, list[_PerTick]] = {kind: [] for kind in ("text", *KINDS)}
    with run_server(PAGE) as running, open_browser() as chromium:
        running.wait_until_healthy()
        for _ in range(NUM_ROUNDS):
            for kind, measured in found.items():
                measured.append(measure_kind(chromium, running, kind))

    def median(kind: str, value: Callable[[_PerTick], float]) -> float:
        return statistics.median(
            value(drawn) - value(bare) for drawn, bare in zip(found[kind], found["text"], strict=True)
        )

    rows = []
    for kind, title in KINDS.items():
        rows += [
            Measurement(f"{title}: sent", median(kind, lambda tick: tick.sent) / 1000, "kB a tick"),
            Measurement(f"{title}: server CPU", median(kind, lambda tick: tick.server_ms), "ms a tick"),
            Measurement(f"{title}: browser CPU", median(kind, lambda tick: tick.browser_ms), "ms a tick"),
            Measurement(
                f"{title}: chart elements replaced", median(kind, lambda tick: tick.replaced), "a tick"
            ),
        ]
    return rows


if __name__ == "__main__":
    table.run_standalone(measure_rows)
