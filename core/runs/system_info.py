"""What this machine is: device, precision, and the description that runs and cards record."""

from __future__ import annotations

import functools
import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

from core import paths
from core.training.recipe import num_cores


def has_native_bf16() -> bool:
    """Whether the device that a training would use computes in bfloat16 by itself (an emulated one is slower than fp32)."""
    import torch

    return device_has_native_bf16("cuda" if torch.cuda.is_available() else "cpu")


def device_has_native_bf16(device: str) -> bool:
    """Whether "cuda" or "cpu" computes in bfloat16 by itself."""
    import torch

    if device == "cuda":
        return torch.cuda.get_device_capability()[0] >= 8
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def resolve_precision(asked: str, device: str = "") -> str:
    """Fabric's name for the precision: `auto` takes bf16-mixed where it is native to `device` ("cuda" or "cpu"; by default the one that a
    training would use), else 32-true."""
    native = device_has_native_bf16(device) if device else has_native_bf16()
    return asked if asked != "auto" else "bf16-mixed" if native else "32-true"


def gpu_names() -> str:
    """Which NVIDIA cards a training could use, told without torch; "" where there are none. What was timed without them is not true
    with them."""
    found = Path("/proc/driver/nvidia/gpus")
    return (
        f"{sorted(p.name for p in found.iterdir())} {os.environ.get('CUDA_VISIBLE_DEVICES', '')}"
        if found.is_dir()
        else ""
    )


@functools.cache
def cpu_name() -> str:
    """The processor's name."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as f:
            for line in f:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        return platform.processor() or platform.machine()
    return platform.processor() or platform.machine()


def describe_environment() -> dict[str, object]:
    """Processor, cores, device, versions and the project's commit."""
    import torch

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else ""
    return {
        "processor": cpu_name(),
        "cores": num_cores(),
        "device": gpu or "cpu",
        "platform": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: _package_version(name) for name in ("torch", "torchvision", "lightning", "numpy")},
        "commit": git_commit(),
    }


def summarize_environment(environment: dict) -> str:
    """What `describe` wrote of a machine, in a few words: processor and cores, the graphics card that it trained on, precision."""
    card = environment.get("device", "cpu")
    words = (
        environment["processor"],
        f"{environment['cores']} cores",
        "" if card == "cpu" else card,
        environment["precision"],
    )
    return ", ".join(filter(None, words))


def environment_summary() -> str:
    """The machine in a few words, for tables and cards."""
    import torch

    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    return f"{cpu_name()}, {num_cores()} cores{gpu}"


def _package_version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


@functools.cache
def git_commit() -> str:
    """The project's git commit, empty outside a checkout."""
    try:
        answer = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=paths.PROJECT,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
        return answer.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
