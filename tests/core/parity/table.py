"""The parity table: python -m tests.core.parity.table prints it as Markdown."""

from collections.abc import Iterator

import torch
from torch import Tensor

from tests.core.parity.official import CASES, expected, numbers, our_gradient, run, stored_names
from tests.core.parity.test_parity import LOSS_NAMES, our_tensors

_PARTLY = {
    "avg_pool": ("super_patches.",),
    "no_same_pos": ("logits.pos_",),
}


def relative_error(found: Tensor, wanted: Tensor) -> float:
    """Largest difference as a share of the wanted tensor's largest value."""
    largest = float((found.detach() - wanted).abs().max())
    return largest / max(float(wanted.abs().max()), torch.finfo(torch.float32).tiny)


def errors() -> Iterator[tuple[str, str, float]]:
    """(kind and name, case, error) of every stored tensor, loss and gradient."""
    for case in CASES:
        losses = numbers()["cases"][case]["losses"]
        for name, term in run(case).terms.items():
            theirs, factor = LOSS_NAMES[name]
            ours = factor * term.detach().double().reshape(1)
            wanted = torch.tensor([losses[theirs]], dtype=torch.float64)
            yield f"loss {theirs}", case, relative_error(ours, wanted)
        ours = our_tensors(case)
        for name in sorted({*stored_names("base."), *stored_names(f"{case}.")} & set(ours)):
            if not name.startswith(_PARTLY.get(case, ("grad.",))):
                yield name, case, relative_error(ours[name], expected(case, name))
        for name in stored_names(f"{case}.grad."):
            found = our_gradient(run(case).model, name)
            yield f"gradient {name}", case, relative_error(found, expected(case, f"grad.{name}"))


def table() -> str:
    """Each tensor with its largest error over the cases."""
    worst: dict[str, list[tuple[float, str]]] = {}
    for name, case, error in errors():
        worst.setdefault(name, []).append((error, case))
    lines = ["| tensor | cases | largest relative error | in case |", "| --- | --- | --- | --- |"]
    for name in sorted(worst):
        error, case = max(worst[name])
        lines.append(f"| `{name}` | {len(worst[name])} | {error:.1e} | {case} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
