"""`python -m benchmarks [--long] [NAME...]`: run the benchmarks one after another, each in its own process."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

from benchmarks import table

QUICK_BENCHMARKS = {
    "mnist_epoch": "One epoch of mnist-cnn vs. a stock loop",
    "time_to_accuracy": "Time to validation accuracy, from the command",
    "drawing": "From drawing to prediction, in core",
    "server_start": "Server start to first page",
    "serving": "First paint of every page, in a browser",
    "pages": "Opening every page, the server's share",
    "reruns": "Page reruns on the server",
    "long_log": "Opening a run with 100,000 logged steps",
    "attached_page": "Cost of an attached live page",
    "live_charts": "One live chart, drawn in several ways",
    "isolated_runs": "A run in a process of its own",
    "cifar_data": "Decoding and opening CIFAR-10",
    "cifar_throughput": "CIFAR-10 training throughput vs. a stock loop",
    "cifar_inference": "CIFAR-10 inference latency",
    "evaluation_speed": "Forward passes of an evaluation, against 1,000 images at a time",
    "compare_page": "Compare page",
    "coco": "COCO at full size",
    "photo_intake": "5,000 photos from an upload to a checked data set",
    "cyclegan": "CycleGAN: training step and inference",
    "playground": "Playground: training in slices, fifty seeds at once",
    "playground_visitors": "Playground: clicks while twenty others train",
    "house_prices": "House prices: ten-fold RMSE of the network and classical models",
}
LONG_BENCHMARKS = {
    "time_to_accuracy_long": "mnist-modern to 99.5%",
    "evaluation": "Pretrained models on their whole test sets",
    "label_shares": "Cats, dogs and horses: scratch, frozen and fine-tuned over shares of the labels",
    "photo_accuracy": "Cats, dogs and horses from scratch, through `train images`",
    "full_runs": "Full recipe of every task, with test metrics",
}
ALIASES = {"runs_apart": "isolated_runs"}  # former names, still accepted


def run_benchmarks(names: dict[str, str]) -> int:
    """Run the benchmarks `names`. Returns the number that failed."""
    begun, broken = time.perf_counter(), 0
    for name, title in names.items():
        # A fresh process inherits no threads, caches or warm CPU state, and a failure does not stop the others.
        print(f"## {title} (`python -m benchmarks.{name}`)\n", flush=True)
        table.require_idle_machine()
        code = f"from benchmarks import table; from benchmarks.{name} import measure_rows as m; table.measure_and_print(m)"
        broken += subprocess.run([sys.executable, "-c", code], check=False).returncode != 0
    print(
        f"Total: {time.perf_counter() - begun:.0f} s"
        + (f", {broken} of {len(names)} failed" if broken else "")
    )
    return broken


def main() -> None:
    words = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Print measured tables. Run nothing else at the same time."
    )
    words.add_argument(
        "--long",
        action="store_true",
        help="training to accuracy (much longer) instead of the quick benchmarks",
    )
    words.add_argument(
        "names", nargs="*", help=f"only these: {', '.join([*QUICK_BENCHMARKS, *LONG_BENCHMARKS])}"
    )
    args = words.parse_args()
    every = QUICK_BENCHMARKS | LONG_BENCHMARKS
    names = [ALIASES.get(n, n) for n in args.names]
    unknown = [n for n in names if n not in every]
    if unknown:
        words.error(f"benchmark not found: {', '.join(unknown)}")
    table.require_idle_machine()
    print(table.print_header() + "\n", flush=True)
    chosen = {n: every[n] for n in names} or (LONG_BENCHMARKS if args.long else QUICK_BENCHMARKS)
    sys.exit(min(1, run_benchmarks(chosen)))


if __name__ == "__main__":
    main()
