"""`python -m benchmarks [--long] [NAME...]`: the benchmarks one after the other, each in a process of its own."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

from benchmarks import table

QUICK_BENCHMARKS = {
    "mnist_epoch": "one epoch of mnist-cnn against a stock loop",
    "time_to_accuracy": "from the command to an accuracy on the validation part",
    "drawing": "from a drawing to the answer, in core",
    "server_start": "from `streamlit run` to a served first page",
    "reruns": "a page's rerun on the server",
    "long_log": "opening a run of 100,000 logged steps",
    "attached_page": "what an attached live page costs a training",
    "cifar_data": "CIFAR-10 decoded and opened",
    "cifar_throughput": "training the CIFAR-10 networks against a stock loop",
    "cifar_inference": "milliseconds per image of the CIFAR-10 networks",
    "compare_page": "the compare page",
    "coco": "COCO at full size",
    "cyclegan": "CycleGAN: a training step, a photo, a large photo",
}
LONG_BENCHMARKS = {
    "time_to_accuracy_long": "mnist-modern to 99.5 %",
    "full_trainings": "every task's full recipe to its test figures",
}


def run_benchmarks(names: dict[str, str]) -> int:
    """Run the benchmarks called `names`. Returns how many broke off."""
    begun, broken = time.perf_counter(), 0
    for name, title in names.items():
        # None of them may inherit another's threads, caches or warm processor state, nor stop the others when it breaks off.
        print(f"## {title} (`python -m benchmarks.{name}`)\n", flush=True)
        table.require_idle_machine()
        code = f"from benchmarks import table; from benchmarks.{name} import rows; table.measured(rows)"
        broken += subprocess.run([sys.executable, "-c", code], check=False).returncode != 0
    print(
        f"{time.perf_counter() - begun:.0f} s in all"
        + (f", {broken} of {len(names)} broke off" if broken else "")
    )
    return broken


def main() -> None:
    words = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measured tables; nothing else should run meanwhile."
    )
    words.add_argument(
        "--long",
        action="store_true",
        help="the trainings to accuracy (much longer) in place of the quick ones",
    )
    words.add_argument(
        "names", nargs="*", help=f"only these: {', '.join([*QUICK_BENCHMARKS, *LONG_BENCHMARKS])}"
    )
    args = words.parse_args()
    every = QUICK_BENCHMARKS | LONG_BENCHMARKS
    unknown = [n for n in args.names if n not in every]
    if unknown:
        words.error(f"there is no benchmark called {', '.join(unknown)}")
    table.require_idle_machine()
    print(table.print_header() + "\n", flush=True)
    chosen = {n: every[n] for n in args.names} or (LONG_BENCHMARKS if args.long else QUICK_BENCHMARKS)
    sys.exit(min(1, run_benchmarks(chosen)))


if __name__ == "__main__":
    main()
