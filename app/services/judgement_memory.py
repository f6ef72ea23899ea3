"""What the user judged, kept from one run to the next as lines of one file, with no name in it."""

import hashlib
import hmac
import json
import logging
import math
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.findings import Verdict
from app.judged_boxes import picture_key
from app.judgements import JudgedKind, JudgedView, Judgement
from glam_core.disk import disk_sentence
from glam_core.study import MammogramImage
from glam_core.terms import PointPx

_log = logging.getLogger(__name__)
_FORMAT = 1
_PSEUDONYM_LETTERS = 12


class JudgementMemory:
    """Judgements in one file of JSON lines; the last line about a judgement counts.

    The first line holds a secret of this installation, from which pseudonyms are made: the same
    patient has the same pseudonym in every export, and nobody can try patient numbers on it.

    Args:
        file: Where they are kept; None keeps them for this run only.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._secret = ""
        self._entries: dict[str, Judgement] | None = None

    def of(self, images: Sequence[MammogramImage]) -> tuple[Judgement, ...]:
        """What was judged on any of these pictures, in the order in which it was judged."""
        keys = {picture_key(image) for image in images}
        return tuple(one for one in self.all() if any(view.picture in keys for view in one.views))

    def all(self) -> tuple[Judgement, ...]:
        """Everything."""
        return tuple(self._loaded().values())

    def keep(self, judgement: Judgement) -> str:
        """Keep a judgement; one sentence where the disk refuses, "" where all is well."""
        if self._loaded().get(judgement.key) == judgement:
            return ""
        self._loaded()[judgement.key] = judgement
        return self._append(_words_of(judgement))

    def forget(self, key: str) -> str:
        """Forget a judgement; one sentence where the disk refuses, "" where all is well."""
        if self._loaded().pop(key, None) is None:
            return ""
        return self._append({"key": key, "forgotten": True})

    def pseudonym(self, name: str) -> str:
        """The same letters for the same name in every run of this installation."""
        self._loaded()
        digest = hmac.new(self._secret.encode(), name.encode(), hashlib.sha256).hexdigest()
        return digest[:_PSEUDONYM_LETTERS]

    def _append(self, words: dict[str, Any]) -> str:
        if self._file is None:
            return ""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            fresh = not self._file.exists()
            with self._file.open("a", encoding="utf-8") as stream:
                if fresh:
                    stream.write(_line({"format": _FORMAT, "secret": self._secret}))
                stream.write(_line(words))
        except OSError as error:
            return f"What you judged is kept for this run only: {disk_sentence(error, self._file)}"
        return ""

    def _loaded(self) -> dict[str, Judgement]:
        if self._entries is None:
            self._secret, self._entries = secrets.token_hex(16), {}
            if self._file is not None and self._file.exists():
                self._read(self._file)
        return self._entries

    def _read(self, file: Path) -> None:
        """Lines that are damaged or of another version are left out; the file keeps them."""
        try:
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError as error:
            _log.warning("Judged places cannot be read: %s", error.strerror)
            return
        damaged = 0
        for line in lines:
            try:
                self._take(json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError):
                damaged += 1
        if damaged:
            _log.warning("%d lines of the judged places cannot be read and are left out.", damaged)

    def _take(self, words: dict[str, Any]) -> None:
        assert self._entries is not None
        if "secret" in words:
            self._secret = str(words["secret"])
        elif words.get("forgotten"):
            self._entries.pop(str(words["key"]), None)
        else:
            judgement = _judgement_of(words)
            self._entries[judgement.key] = judgement


def _line(words: dict[str, Any]) -> str:
    return json.dumps(words, ensure_ascii=False) + "\n"


def _words_of(judgement: Judgement) -> dict[str, Any]:
    return {
        "key": judgement.key,
        "kind": judgement.kind.value,
        "verdict": judgement.verdict.value,
        "words": judgement.words,
        "proposed_by": judgement.proposed_by,
        "views": [
            {
                "picture": view.picture,
                "view": view.view,
                "point": list(view.point),
                "box": list(view.box),
            }
            for view in judgement.views
        ],
    }


def _judgement_of(words: dict[str, Any]) -> Judgement:
    return Judgement(
        key=str(words["key"]),
        kind=JudgedKind(words["kind"]),
        verdict=Verdict(words["verdict"]),
        views=tuple(map(_view_of, words["views"])),
        words=str(words["words"]),
        proposed_by=str(words["proposed_by"]),
    )


def _view_of(words: dict[str, Any]) -> JudgedView:
    row, col = map(_finite, words["point"])
    row0, col0, row1, col1 = map(_finite, words["box"])
    return JudgedView(
        str(words["picture"]), str(words["view"]), PointPx(row, col), (row0, col0, row1, col1)
    )


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("A place is finite")
    return number
