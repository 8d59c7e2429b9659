"""Export an image classifier to ONNX with normalization, test-time augmentation and softmax inside, checked with ONNX Runtime.

Input `pixels`: uint8 (N, C, H, W); output `probabilities`: float32 (N, K). Shapes: N images of any number, K classes.
"""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from core.inference.predictor import Predictor, predict_outputs
from core.messages import N_, UserError
from core.training.batches import normalization

MAX_DIFFERENCE = 1e-3
"""Largest accepted difference of a probability between ONNX Runtime and PyTorch."""
_CHECKED_BATCHES = (1, 3)  # numbers of images, to prove that any number works


class PixelClassifier(nn.Module):
    """Probabilities (N, K) of pixels, uint8 (N, C, H, W), as `predictor` predicts them."""

    def __init__(self, predictor: Predictor) -> None:
        super().__init__()
        self.network, self.spec = predictor.network, predictor.spec
        gain, offset = normalization(self.spec.mean, self.spec.std, is_image=True)
        self.register_buffer("gain", gain)
        self.register_buffer("offset", offset)

    def forward(self, pixels: Tensor) -> Tensor:
        """Probabilities (N, K) of uint8 (N, C, H, W)."""
        x = pixels.float() * self.gain + self.offset
        return predict_outputs(self.network, self.spec, x).softmax(1)


def export_onnx(predictor: Predictor) -> bytes:
    """The content of an ONNX file of a classifier of images, checked against `predictor`.

    Raises:
        UserError: if the model cannot be exported, or if ONNX Runtime predicts something else.
    """
    model = PixelClassifier(predictor).eval()
    example = torch.zeros((2, *predictor.spec.in_shape), dtype=torch.uint8)
    try:
        with tempfile.TemporaryDirectory() as folder, _quiet():
            path = Path(folder) / "model.onnx"
            program = torch.onnx.export(
                model,
                (example,),
                input_names=["pixels"],
                output_names=["probabilities"],
                dynamic_shapes=({0: torch.export.Dim("batch", min=1)},),
                dynamo=True,
                verbose=False,
            )
            program.save(path, external_data=False)
            content = path.read_bytes()
    except (RuntimeError, torch.onnx.errors.OnnxExporterError) as error:
        raise UserError(
            N_("{model} cannot be exported to ONNX: {reason}."),
            model=predictor.spec.model,
            reason=str(error).splitlines()[0][:200],
        ) from error
    check_onnx(content, predictor)
    return content


def check_onnx(content: bytes, predictor: Predictor) -> float:
    """The largest difference of a probability between the ONNX file `content` in ONNX Runtime and `predictor`, on random images.

    Raises:
        UserError: if it is above `MAX_DIFFERENCE`.
    """
    import onnx
    import onnxruntime

    onnx.checker.check_model(onnx.load_from_string(content))
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    rng, largest = np.random.default_rng(0), 0.0
    for count in _CHECKED_BATCHES:
        pixels = rng.integers(0, 256, (count, *predictor.spec.in_shape), dtype=np.uint8)
        found = session.run(["probabilities"], {"pixels": pixels})[0]
        largest = max(largest, float(np.abs(found - predictor.predict(pixels)).max()))
    if largest > MAX_DIFFERENCE:
        raise UserError(
            N_("The ONNX model differs from the PyTorch model by {difference}. It was not exported."),
            difference=f"{largest:.1e}",
        )
    return largest


@contextlib.contextmanager
def _quiet() -> contextlib.AbstractContextManager[None]:
    """Keep the exporter's progress out of the terminal and the log."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
