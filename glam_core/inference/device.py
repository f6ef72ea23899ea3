"""Which device computes, and why; the reason is shown to the user."""

from dataclasses import dataclass

import torch

from glam_core.errors import GlamError


@dataclass(frozen=True, slots=True)
class DeviceChoice:
    """A device with the reason for it.

    Attributes:
        device: What torch computes on.
        dtype: Precision of the encoders; half only where it is safe and quicker.
        reason: One sentence.
    """

    device: torch.device
    dtype: torch.dtype
    reason: str


def choose_device(wanted: str = "auto") -> DeviceChoice:
    """The device for inference.

    Args:
        wanted: "auto", "cpu", "cuda", "cuda:1", "mps".

    Raises:
        GlamError: The wanted device is not there.
    """
    if wanted == "auto":
        return _best()
    kind = wanted.split(":")[0]
    if kind == "cpu":
        return DeviceChoice(torch.device("cpu"), torch.float32, "CPU, as asked for.")
    if kind == "cuda" and torch.cuda.is_available():
        device = torch.device(wanted)
        if (device.index or 0) >= torch.cuda.device_count():
            raise GlamError(f"There is no device {wanted}: {torch.cuda.device_count()} are here.")
        return DeviceChoice(device, _cuda_dtype(device), f"{_cuda_name(device)}, as asked for.")
    if kind == "mps" and torch.backends.mps.is_available():
        return DeviceChoice(torch.device("mps"), torch.float32, "Apple GPU, as asked for.")
    raise GlamError(f"The device {wanted!r} is not available here; choose auto or cpu.")


def _best() -> DeviceChoice:
    if torch.cuda.is_available():
        device = torch.device("cuda")
        return DeviceChoice(device, _cuda_dtype(device), f"{_cuda_name(device)}: found and used.")
    if torch.backends.mps.is_available():
        return DeviceChoice(torch.device("mps"), torch.float32, "Apple GPU: found and used.")
    reason = f"CPU with {torch.get_num_threads()} threads: no GPU was found."
    return DeviceChoice(torch.device("cpu"), torch.float32, reason)


def _cuda_name(device: torch.device) -> str:
    return str(torch.cuda.get_device_name(device))


def _cuda_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 keeps float32's range; older GPUs stay in float32 rather than risk overflow."""
    major, _ = torch.cuda.get_device_capability(device)
    return torch.bfloat16 if major >= 8 else torch.float32
