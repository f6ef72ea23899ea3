"""What crosses to a GPU together, as every crossing makes the processor wait."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch


def sent(
    values: Sequence[npt.NDArray[np.float64] | torch.Tensor],
    device: torch.device,
    dtype: torch.dtype = torch.float32,
) -> list[torch.Tensor]:
    """Each of `values`, which lie on the processor, on `device`."""
    tensors = [torch.as_tensor(each, dtype=dtype, device="cpu") for each in values]
    if device.type == "cpu":
        return tensors
    together = torch.cat([each.flatten() for each in tensors]).to(device)
    sizes = [each.numel() for each in tensors]
    parts: tuple[torch.Tensor, ...] = torch.split(together, sizes)
    return [part.view_as(each) for part, each in zip(parts, tensors, strict=True)]
