"""Whether an error says that memory is used up."""

import torch

_CPU_WORDS = ("can't allocate memory", "not enough memory")  # of torch's allocator on the CPU


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` says that memory is used up, on any device."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(word in str(error) for word in _CPU_WORDS)
