"""Device, precision, and the description of this machine for runs and model cards."""

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
    """Return whether the device of a run supports bfloat16 natively (emulated, it is slower than fp32)."""
    import torch

    return device_has_native_bf16("cuda" if torch.cuda.is_available() else "cpu")


def device_has_native_bf16(device: str) -> bool:
    """Return whether "cuda" or "cpu" supports bfloat16 natively."""
    import torch

    if device == "cuda":
        return torch.cuda.get_device_capability()[0] >= 8
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def resolve_precision(asked: str, device: str = "") -> str:
    """Return Fabric's name of a precision: `auto` selects bf16-mixed if it is native to `device` ("cuda" or
    "cpu"; by default the device of a run), else 32-true.
    """
    native = device_has_native_bf16(device) if device else has_native_bf16()
    return asked if asked != "auto" else "bf16-mixed" if native else "32-true"


def gpu_names() -> str:
    """Names of the NVIDIA GPUs available to runs, found without torch; "" if there are none. Timings without
    GPUs do not hold with them.
    """
    found = Path("/proc/driver/nvidia/gpus")
    return (
        f"{sorted(p.name for p in found.iterdir())} {os.environ.get('CUDA_VISIBLE_DEVICES', '')}"
        if found.is_dir()
        else ""
    )


@functools.cache
def cpu_name() -> str:
    """Name of the CPU."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as f:
            for line in f:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        return platform.processor() or platform.machine()
    return platform.processor() or platform.machine()


def describe_environment() -> dict[str, object]:
    """CPU, cores, device, versions and the project's commit."""
    import torch

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else ""
    return {
        "processor": cpu_name(),
        "cores": num_cores(),
        "device": gpu or "cpu",
        "platform": platform.platform(),
        "python": platform.python_version(),
        "versions": {
            name: _package_version(name) for name in ("torch", "torchvision", "lightning_fabric", "numpy")
        },
        "commit": git_commit(),
    }


def summarize_environment(environment: dict) -> str:
    """Summarize what `describe_environment` returned: CPU and cores, GPU if used, precision."""
    card = environment.get("device", "cpu")
    words = (
        environment["processor"],
        f"{environment['cores']} cores",
        "" if card == "cpu" else card,
        environment["precision"],
    )
    return ", ".join(filter(None, words))


def environment_summary() -> str:
    """This machine in a few words, for tables and model cards."""
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
    """The project's git commit; empty outside a checkout."""
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
