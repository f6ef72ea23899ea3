"""What a run says while it goes: a bar on standard error, or JSON lines on standard output."""

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
    """

    def __init__(self, total: int, done: int, *, json_lines: bool) -> None:
        self._json = json_lines
        self._total = total
        self._began = time.monotonic()
        self._done_before = done
        self._bar: tqdm[NoReturn] | None = None
        if not json_lines:
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

    def step(self, step: int, terms: dict[str, float]) -> None:
        """After every step: how far, and the terms of the loss."""
        if self._bar is not None:
            self._bar.update(step - self._bar.n)
            self._bar.set_postfix({name: f"{value:.3f}" for name, value in terms.items()})
            return
        seconds = time.monotonic() - self._began
        rate = (step - self._done_before) / max(seconds, 1e-9)
        left = (self._total - step) / rate
        self._print({"event": "step", "step": step, "steps": self._total,
                     "seconds_left": round(left, 1), **terms})  # fmt: skip

    def event(self, name: str, **facts: Any) -> None:
        """Something worth a line of its own: a measurement, a checkpoint, the end."""
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
