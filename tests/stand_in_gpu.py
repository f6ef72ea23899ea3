"""A stand-in for a GPU: tensors that say they lie on "cuda" and hold their values on the processor.

What a CUDA device refuses is refused here: operands on two devices, a generator of the other
device, values read without being fetched. So code for a GPU can be run, and what it would launch
can be counted, where there is none. Nothing is said about time.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

GPU, _CPU = torch.device("cuda", 99), torch.device("cpu")  # a number that no true one has
_FROM_DATA = (torch.tensor, torch.as_tensor, torch.Tensor.new_tensor)
_INDEXES = ("index", "index_put", "index_put_")
_WAITS = ("_local_scalar_dense", "nonzero", "masked_select", "equal", "bincount")
# Operations that only describe memory, besides views, and kernels of those that start several.
_NO_KERNEL = (
    "empty",
    "empty_like",
    "new_empty",
    "detach",
    "lift_fresh",
    "_unsafe_view",
    "squeeze_",
)
_KERNELS = {"nonzero": 3, "sort": 4, "_fft_r2c": 2, "_fft_c2r": 3, "fft_fftfreq": 3,
            "fft_rfftfreq": 2, "convolution": 2}  # fmt: skip


@dataclass
class Counts:
    """What the code would have asked of the device.

    Attributes:
        kernels: Started, by the name of their operation.
        waits: For the device, by what made the host wait.
        bytes_moved: Of all operands and results of the kernels.
    """

    kernels: Counter[str] = field(default_factory=Counter)
    waits: Counter[str] = field(default_factory=Counter)
    bytes_moved: int = 0

    def started(self, name: str, size: int) -> None:
        self.kernels[name] += _KERNELS.get(name, 1)
        self.bytes_moved += size

    def waited(self, name: str) -> None:
        self.waits[name] += 1


class MarkedTensor(torch.Tensor):
    """Says it lies on the GPU; `held` has the values."""

    held: torch.Tensor
    counts: Counts
    device = GPU
    is_cuda = True

    @staticmethod
    def __new__(cls, held: torch.Tensor, counts: Counts) -> "MarkedTensor":
        made = torch.Tensor._make_wrapper_subclass(
            cls, held.shape, strides=held.stride(), dtype=held.dtype, device=_CPU
        )
        made.held, made.counts = held, counts
        return made

    def __repr__(self) -> str:
        return f"{self.held!r} on the stand-in GPU"

    def tolist(self) -> Any:
        self.counts.waited("from device")
        return self.held.tolist()

    def numpy(self, **_: Any) -> Any:
        raise TypeError("can't convert cuda:0 device type tensor to numpy.")

    def __array__(self, *_: Any) -> Any:
        raise TypeError("can't convert cuda:0 device type tensor to numpy.")

    __torch_function__ = torch._C._disabled_torch_function_impl

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        raise RuntimeError(f"{func} on the stand-in GPU outside of `stand_in_gpu()`.")


class _Generator(torch.Generator):
    """Says it lies on the device it was made for."""

    device = _CPU

    def __new__(cls, device: Any = "cpu") -> "_Generator":
        made = super().__new__(cls)
        made.device = GPU if torch.device(device).type == "cuda" else _CPU
        return made


class _Functions(TorchFunctionMode):
    """What torch decides by the device before any operation is dispatched."""

    def __init__(self, counts: Counts) -> None:
        super().__init__()
        self.counts = counts

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if func in _FROM_DATA:
            return self._from_data(func, args, kwargs)
        if func is torch.Tensor.to:
            copy = kwargs.pop("copy", False)
            rest = [each for each in args[1:] if not isinstance(each, torch.Tensor)]
            device, dtype, *_ = torch._C._nn._parse_to(*rest, **kwargs)
            other = [each for each in args[1:] if isinstance(each, torch.Tensor)]
            if other:
                device, dtype = other[0].device, other[0].dtype
            return self._to(args[0], device, dtype, copy)
        if func in (torch.Tensor.cpu, torch.Tensor.cuda):
            return self._to(args[0], _CPU if func is torch.Tensor.cpu else GPU, None, False)
        generator = kwargs.get("generator")
        if generator is not None:
            drawn_for = kwargs.get("device") or getattr(args[0], "device", _CPU)
            if torch.device(drawn_for).type != generator.device.type:
                raise RuntimeError(f"{func}: a generator of {generator.device} for {drawn_for}.")
        return func(*args, **kwargs)

    def _from_data(self, func: Any, args: Any, kwargs: dict[str, Any]) -> torch.Tensor:
        like, data = (args[0], args[1]) if func is torch.Tensor.new_tensor else (None, args[0])
        if any(isinstance(each, MarkedTensor) for each in tree_leaves(data)):
            if func is torch.as_tensor:
                return self._to(data, kwargs.get("device"), kwargs.get("dtype"), False)
            raise RuntimeError(f"{func} of values of the GPU: fetched one by one.")
        device = kwargs.pop("device", None)
        if like is not None:
            device = device or like.device
            kwargs.setdefault("dtype", like.dtype)
        made = (torch.as_tensor if func is torch.as_tensor else torch.tensor)(
            data, device=_CPU, **kwargs
        )
        # No device given stands for the default one.
        return self._to(made, device, None, False) if device is not None else made

    def _to(self, tensor: torch.Tensor, device: Any, dtype: Any, copy: bool) -> torch.Tensor:
        marked = isinstance(tensor, MarkedTensor)
        there = marked if device is None else torch.device(device).type == "cuda"
        held = tensor.held if marked else tensor
        dtype = dtype or held.dtype
        if there == marked and dtype == held.dtype and not copy:
            return tensor
        if there != marked:
            self.counts.waited("to device" if there else "from device")
            held = held.clone()
        if (there or marked) and dtype != held.dtype:
            self.counts.started("to", _size(held) * 2)
        with torch._C.DisableTorchFunctionSubclass():
            moved = held.to(dtype)
        return MarkedTensor(moved, self.counts) if there else moved


class _Operations(TorchDispatchMode):
    """Every operation, with its operands checked and counted."""

    def __init__(self, counts: Counts) -> None:
        super().__init__()
        self.counts = counts

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        name = func._schema.name.removeprefix("aten::")
        operands = [each for each in tree_leaves((args, kwargs)) if isinstance(each, torch.Tensor)]
        marked = [each for each in operands if isinstance(each, MarkedTensor)]
        place = kwargs.get("device")
        there = bool(marked) if place is None else torch.device(place).type == "cuda"
        if not there and not marked:
            return func(*args, **kwargs)
        self._check(name, func, operands, marked)
        if place is not None:
            kwargs["device"] = _CPU
        found = func(*_held(args), **_held(kwargs))
        self._count(name, func, operands, found)
        if name == "_local_scalar_dense":
            return found
        if func._schema.is_mutable:
            return args[0]
        return tree_map(self._marked, found)

    def _check(self, name: str, func: Any, operands: list, marked: list) -> None:
        if name in _INDEXES and isinstance(operands[0], MarkedTensor):
            values = operands[-1:] if name != "index" else []
        elif name == "copy_" or not marked:
            return
        else:
            values = operands
        together = name in ("cat", "stack")
        for each in values:
            if not isinstance(each, MarkedTensor) and (each.dim() or together):
                raise RuntimeError(f"{func}: operands on cuda and on cpu {tuple(each.shape)}.")

    def _count(self, name: str, func: Any, operands: list, found: Any) -> None:
        if name == "copy_" and len({isinstance(each, MarkedTensor) for each in operands}) == 2:
            there = isinstance(operands[0], MarkedTensor)
            self.counts.waited("to device" if there else "from device")
            return
        if name in _INDEXES:
            for each in operands[1:]:
                if each.dtype is torch.bool:
                    self.counts.waited("boolean index")
                if not isinstance(each, MarkedTensor):
                    self.counts.waited("to device")
        if name in _WAITS:
            self.counts.waited(name)
        given = [each.held if isinstance(each, MarkedTensor) else each for each in operands]
        made = [each for each in tree_leaves(found) if isinstance(each, torch.Tensor)]
        looked_at = any(
            part.alias_info is not None and not part.alias_info.is_write
            for part in func._schema.arguments
        )
        if name not in _NO_KERNEL and not looked_at and name != "_local_scalar_dense":
            self.counts.started(name, sum(map(_size, {id(e): e for e in given + made}.values())))

    def _marked(self, each: Any) -> Any:
        return MarkedTensor(each, self.counts) if isinstance(each, torch.Tensor) else each


def _held(values: Any) -> Any:
    return tree_map(lambda each: each.held if isinstance(each, MarkedTensor) else each, values)


def _size(tensor: torch.Tensor) -> int:
    """Bytes behind a tensor; what is repeated along a dimension counts once."""
    size = tensor.element_size()
    for length, step in zip(tensor.shape, tensor.stride(), strict=True):
        size *= length if step else 1
    return size


@contextmanager
def stand_in_gpu() -> Iterator[Counts]:
    """Within it the device "cuda" can be used by the torch code of this thread."""
    counts = Counts()
    with (
        mock.patch.object(torch.cuda, "_lazy_init"),
        mock.patch.object(torch, "Generator", _Generator),
        _Operations(counts),
        _Functions(counts),
    ):
        yield counts


def fetched(tensor: torch.Tensor) -> torch.Tensor:
    """The values of a tensor, wherever it says it lies."""
    return tensor.held if isinstance(tensor, MarkedTensor) else tensor
