"""The machine that is measured."""

import os
import platform
from typing import Any

import onnxruntime
import torch

from rnnchat.runtime.thread import count_cores, name_processor


def describe_machine() -> dict[str, Any]:
    """What the figures depend on."""
    load = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
    return {
        "processor": name_processor(),
        "cores": count_cores(),
        "load before": load,
        "versions": f"Python {platform.python_version()}, torch {torch.__version__}, "
        f"onnxruntime {onnxruntime.__version__}",
    }
