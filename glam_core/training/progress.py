"""What a run says while it goes: a bar on standard error, or JSON lines on standard output.

Every JSON line is an object with `event`:

- `start`: `step` (done before), `steps`, `device`, `processes`, `parameters`, `folder`
- `step`: `step`, `steps`, `per_second` (steps), `seconds_left`, `learning_rate`, `data_wait` (share
  of the time that was spent waiting for batches), `memory_gib`, and the terms of the loss: `total`
  and one each
- `validation`: `step`, the measures, and `best` (true where it is the best so far)
- `checkpoint`: `step`, `best`
- `stopped` (asked to), `ended_early` (no better for long) or `finished`: `step`, `model` (folder)

An error ends the run with one sentence on standard error and exit code 3.
"""

import json
import sys
import time
from types import TracebackType
from typing import Any, NoReturn

from tqdm import tqdm


class Progress:
    """A bar with rate and remaining time, or one JSON object a line for another program.

    Args:
        total: Steps of the whole run.
        done: Steps that were done before.
        json_lines: Print JSON lines and no bar.
        silent: Say nothing (all processes but the first).
    """

    def __init__(self, total: int, done: int, *, json_lines: bool, silent: bool = False) -> None:
        self._json = json_lines and not silent
        self._silent = silent
        self._total = total
        self._began = time.monotonic()
        self._done_before = done
        self._bar: tqdm[NoReturn] | None = None
        if not json_lines and not silent:
            self._bar = tqdm(total=total, initial=done, unit="step", file=sys.stderr)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def step(self, step: int, terms: dict[str, float], facts: dict[str, float]) -> None:
        """After every step: how far, the terms of the loss, and facts for other programs."""
        if self._bar is not None:
            self._bar.update(step - self._bar.n)
            # The terms would fill the line, and push the bar itself out of it: the log has them.
            self._bar.set_postfix(loss=f"{terms['total']:.3f}")
        if not self._json:
            return
        seconds = time.monotonic() - self._began
        rate = (step - self._done_before) / max(seconds, 1e-9)
        self._print({"event": "step", "step": step, "steps": self._total,
                     "per_second": round(rate, 4),
                     "seconds_left": round((self._total - step) / rate, 1),
                     **facts, **terms})  # fmt: skip

    def event(self, name: str, **facts: Any) -> None:
        """Something worth a line of its own: a measurement, a checkpoint, the end."""
        if self._silent:
            return
        if self._json:
            self._print({"event": name, **facts})
            return
        said = ", ".join(
            f"{key} {value:.3f}" if isinstance(value, float) else f"{key} {value}"
            for key, value in facts.items()
        )
        tqdm.write(f"{name}: {said}", file=sys.stderr)

    @staticmethod
    def _print(content: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(content) + "\n")
        sys.stdout.flush()
