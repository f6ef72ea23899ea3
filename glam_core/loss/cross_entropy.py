"""Cross-entropy with masks and with more than one right answer."""

import torch
from torch import Tensor

from glam_core.loss.gather import mean_over_ranks

HIDDEN_LOGIT = float("-inf")


def masked_cross_entropy(
    logits: Tensor,
    positive: Tensor,
    rows: Tensor | None = None,
    columns: Tensor | None = None,
    *,
    over_ranks: bool = False,
) -> Tensor:
    """Mean over the counted rows of -sum_j t_j log softmax(logits)_j, t uniform over positives.

    Args:
        logits: (..., Q, K).
        positive: (..., Q, K) bool, the right answers of each row.
        rows: (..., Q) bool, rows that count; a row without a right answer never counts.
        columns: (..., K) bool, or (..., Q, K), answers that may be given at all.
        over_ranks: Divide by the mean count of all ranks, so that the mean over the ranks is the
            mean over all rows, however they are spread; all ranks have to call.

    Returns:
        A scalar in float32 or finer; 0, with a gradient of 0, where no row counts.
    """
    logits = logits if logits.dtype == torch.float64 else logits.float()
    positive = positive.expand(logits.shape)
    if columns is not None:
        columns = columns if columns.dim() == logits.dim() else columns[..., None, :]
        positive = positive & columns
        logits = logits.masked_fill(~columns, HIDDEN_LOGIT)
    counted = positive.any(dim=-1)
    if rows is not None:
        counted = counted & rows
    # Rows that do not count may have no answer at all: give them one, so that no NaN arises.
    logits = torch.where(counted[..., None], logits, torch.zeros_like(logits))
    log_share = logits.log_softmax(dim=-1).masked_fill(~positive, 0.0)
    loss = -log_share.sum(dim=-1) / positive.sum(dim=-1).clamp(min=1)
    count = counted.sum().to(loss.dtype)
    if over_ranks:
        # At least one row in all: the mean count of a rank may then be below 1.
        count = mean_over_ranks(count)
        return (loss * counted).sum() / torch.where(count > 0, count, 1.0)
    return (loss * counted).sum() / count.clamp(min=1)


def diagonal(count: int, device: torch.device, start: int = 0, columns: int = 0) -> Tensor:
    """(count, columns or count) bool: the answer of row i is column start + i."""
    row = torch.arange(count, device=device)[:, None] + start
    return row == torch.arange(columns or count, device=device)[None]
