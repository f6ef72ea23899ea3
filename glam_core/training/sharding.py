"""Weights spread over the processes, each of which holds a part of every one (FSDP).

Layers of transformer encoders are brought together one at a time while they compute; everything
else stays together for the whole step. Gradients come back in parts, already averaged. Names,
shapes and order of the weights are those of one process, so a checkpoint tells nothing of it.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, distributed, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

from glam_core.model.classifier import Classifier
from glam_core.model.config import TextConfig
from glam_core.model.dino_encoder import DinoEncoder
from glam_core.model.glam import GlamModel
from glam_core.training.encoders import glam_of


def shard(root: nn.Module, model: GlamModel | Classifier, device: torch.device) -> None:
    """Spread the weights of `model` in place.

    Args:
        root: What is called in a step: `model` itself, or what wraps it.
    """
    mesh = init_device_mesh(device.type, (distributed.get_world_size(),))
    # Temperatures and widths are single numbers, which cannot be parted: each process keeps them.
    single = {parameter for parameter in model.parameters() if parameter.dim() == 0}
    for layer in _layers(model):
        fully_shard(layer, mesh=mesh, ignored_params=single)
    fully_shard(root, mesh=mesh, ignored_params=single)


def whole(value: Tensor) -> Tensor:
    """The tensor itself, or its parts brought together; all processes have to call."""
    return value.full_tensor() if isinstance(value, DTensor) else value


def parted_like(own: Tensor, value: Tensor) -> Tensor:
    """A whole tensor, parted as `own` is; all processes have to call."""
    if not isinstance(own, DTensor):
        return value
    placed = value.to(own.device, own.dtype)
    return distribute_tensor(placed, own.device_mesh, own.placements)


def kept_together(root: nn.Module) -> list[nn.Parameter]:
    """The weights that are not in a layer of their own, as they are inside a step."""
    apart = {
        parameter
        for module in root.modules()
        if module is not root and isinstance(module, FSDPModule)
        for parameter in module.parameters()
    }
    return [parameter for parameter in root.parameters() if parameter not in apart]


def with_all_used(total: Tensor, parameters: Sequence[nn.Parameter]) -> Tensor:
    """`total`, to which weights that another process has used contribute nothing.

    Processes exchange the gradients of all weights in one message, so they need the same ones; a
    process whose breasts lack a view has not used some.
    """
    reached = _reached(total)
    used = torch.tensor([id(p) in reached for p in parameters], device=total.device).float()
    anywhere = used.clone()
    distributed.all_reduce(anywhere, op=distributed.ReduceOp.MAX)
    for parameter, here, there in zip(parameters, used.tolist(), anywhere.tolist(), strict=True):
        if there and not here:
            total = total + 0.0 * parameter.sum()
    return total


def average_single(parameters: Sequence[nn.Parameter]) -> None:
    """The mean gradient over the processes of the weights that every process keeps."""
    single = [p for p in parameters if not isinstance(p, DTensor) and p.grad is not None]
    for parameter in single:
        assert parameter.grad is not None
        distributed.all_reduce(parameter.grad)
        parameter.grad /= distributed.get_world_size()


def clip_parted(parameters: Sequence[nn.Parameter], longest: float) -> None:
    """Shorten the gradient to `longest`, counted over all parts."""
    gradients = [p.grad for p in parameters if p.grad is not None]
    parts = [g.to_local() for g in gradients if isinstance(g, DTensor)]
    squares = torch.stack([part.square().sum() for part in parts]).sum()
    distributed.all_reduce(squares)
    for gradient in gradients:
        if not isinstance(gradient, DTensor):
            squares = squares + gradient.square()
    share = longest / (squares.sqrt() + 1e-6)
    if share < 1:
        for gradient in gradients:
            own = gradient.to_local() if isinstance(gradient, DTensor) else gradient
            own.mul_(share)


def _layers(model: GlamModel | Classifier) -> list[nn.Module]:
    glam = glam_of(model)
    layers: list[nn.Module] = []
    if isinstance(glam.image_encoder, DinoEncoder):
        layers += glam.image_encoder.backbone.encoder.layer
    if isinstance(glam.config.text, TextConfig):
        layers += glam.text_encoder.backbone.encoder.layer
    return layers


def _reached(total: Tensor) -> set[int]:
    """Ids of the leaves that the gradient of `total` reaches."""
    found: set[int] = set()
    seen = set()
    left = [total.grad_fn]
    while left:
        node = left.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        leaf = getattr(node, "variable", None)
        if leaf is not None:
            found.add(id(leaf))
        left += [before for before, _ in node.next_functions]
    return found
