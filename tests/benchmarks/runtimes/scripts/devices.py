"""Where PyTorch computes, and with how much of the machine: one thread, or the GPU."""

import os

import torch


def torch_device() -> torch.device:
    """Return the device that LNPATCH_BENCH_DEVICE names; on the CPU, limit PyTorch to one thread from here on."""
    torch.set_num_threads(1)
    if os.environ.get("LNPATCH_BENCH_DEVICE") != "gpu":
        return torch.device("cpu")
    torch.set_float32_matmul_precision("high")  # TF32, which XLA takes for float32 as well
    return torch.device("cuda")


def wait(device: torch.device) -> None:
    """Wait until all is computed."""
    if device.type == "cuda":
        torch.cuda.synchronize()
