"""The BI-RADS mammography lexicon with synonyms, everyday words and common misspellings."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import resources

from rapidfuzz import fuzz, process

from glam_core.errors import GlamError


@dataclass(frozen=True, slots=True)
class Term:
    """One entry of the lexicon.

    Attributes:
        id: Stable name, for example "margin.spiculated".
        group: The group in BI-RADS, for example "mass margin".
        label: The preferred words.
        forms: Every way to write it, `label` first.
        finding: Type of finding that the words name ("mass", ...); None for a descriptor.
        swaps: Forms that may stand in each other's place in any sentence, or ().
        misspelt: Those of `forms` that are slips.
    """

    id: str
    group: str
    label: str
    forms: tuple[str, ...]
    finding: str | None = None
    misspelt: frozenset[str] = frozenset()
    swaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Completion:
    """A suggestion of the query bar."""

    text: str
    term: Term
    score: float


@dataclass(frozen=True)
class Lexicon:
    """All terms of one language.

    Attributes:
        terms: In the order of the file.
        slips: Misspelt short words with what they stand for; long ones are recognised.
        other_words: Words of places, and words that must not be taken for slips of a term's.
    """

    language: str
    terms: tuple[Term, ...]
    slips: Mapping[str, str] = field(default_factory=dict)
    other_words: tuple[str, ...] = ()

    @cached_property
    def by_id(self) -> dict[str, Term]:
        """Terms by their stable name."""
        return {term.id: term for term in self.terms}

    @cached_property
    def _term_by_form(self) -> dict[str, Term]:
        forms: dict[str, Term] = {}
        for term in self.terms:
            for form in term.forms:
                forms.setdefault(form.lower(), term)
        return forms

    @cached_property
    def well_spelt_words(self) -> frozenset[str]:
        """Every single word of every form that is no slip, in lower case."""
        forms = (form for term in self.terms for form in term.forms if form not in term.misspelt)
        words = {word for form in forms for word in re.findall(r"[a-z]+", form.lower())}
        return frozenset(words.union(self.other_words))

    @cached_property
    def findings_pattern(self) -> re.Pattern[str]:
        """Matches any words that name a type of finding, longest first."""
        return self._pattern([term for term in self.terms if term.finding])

    @cached_property
    def descriptors_pattern(self) -> re.Pattern[str]:
        """Matches any words of the lexicon that describe a finding."""
        groups = {"mass shape", "mass margin", "mass density", "asymmetry"}
        groups |= {"calcification morphology", "calcification distribution"}
        return self._pattern([term for term in self.terms if term.group in groups])

    @cached_property
    def swaps_pattern(self) -> re.Pattern[str]:
        """Matches any form that has interchangeable ones, with an article before it."""
        forms = sorted({form for term in self.terms for form in term.swaps}, key=len)
        words = "|".join(re.escape(form) for form in reversed(forms))
        return re.compile(
            rf"(?:\b(?P<article>an?)\s+)?(?<![\w-])(?P<form>{words})(?![\w-])", re.IGNORECASE
        )

    def swaps_of(self, words: str) -> tuple[str, ...]:
        """What may stand in the place of these words, an article before them not counted."""
        form = re.sub(r"^an?\s+", "", words.lower())
        term = next((t for t in self.terms if form in t.swaps), None)
        return () if term is None else tuple(swap for swap in term.swaps if swap != form)

    def term_of(self, words: str) -> Term | None:
        """The term written by exactly these words, in any case of letters."""
        return self._term_by_form.get(" ".join(words.lower().split()))

    def complete(self, typed: str, *, limit: int = 8) -> tuple[Completion, ...]:
        """Suggestions for what is typed so far, best first; forgiving of misspellings."""
        wanted = " ".join(typed.lower().split())
        if not wanted:
            return ()
        rated = process.extract(
            wanted, list(self._term_by_form), scorer=_nearness, limit=6 * limit, score_cutoff=60
        )
        best: dict[str, Completion] = {}
        for form, score, _ in rated:
            term = self._term_by_form[form]
            if term.id not in best:
                best[term.id] = Completion(term.label, term, score)
        return tuple(best.values())[:limit]

    @staticmethod
    def _pattern(terms: list[Term]) -> re.Pattern[str]:
        forms = sorted({form.lower() for term in terms for form in term.forms}, key=len)
        words = "|".join(re.escape(form).replace(r"\ ", r"\s+") for form in reversed(forms))
        return re.compile(rf"(?<!\w)(?<!non-)(?:{words})(?![\w])", re.IGNORECASE)


def _nearness(typed: str, form: str, **_: object) -> float:
    """Words that begin as typed come first, then those that contain it, then near misses."""
    if form.startswith(typed):
        return 100.0 - 0.05 * (len(form) - len(typed))
    if f" {typed}" in form:
        return 92.0 - 0.05 * (len(form) - len(typed))
    begun = fuzz.ratio(typed, form[: len(typed) + 1])
    return float(0.85 * max(begun, fuzz.WRatio(typed, form)))


@cache
def lexicon(language: str = "en") -> Lexicon:
    """The lexicon of a language.

    Raises:
        GlamError: There is none for this language.
    """
    file = resources.files("resources.lexicon") / f"{language}.json"
    if not file.is_file():
        raise GlamError(f"There is no lexicon for the language {language!r}; English is 'en'.")
    content = json.loads(file.read_text(encoding="utf-8"))
    return Lexicon(
        content["language"],
        tuple(_term(entry) for entry in content["terms"]),
        content.get("slips", {}),
        tuple(content.get("other_words", ())),
    )


def _term(entry: dict[str, object]) -> Term:
    forms = [str(entry["label"])]
    for key in ("forms", "lay", "misspelt"):
        forms += entry.get(key, [])  # type: ignore[arg-type]
    finding = entry.get("finding")
    return Term(
        id=str(entry["id"]),
        group=str(entry["group"]),
        label=str(entry["label"]),
        forms=tuple(dict.fromkeys(forms)),
        finding=None if finding is None else str(finding),
        swaps=tuple(str(form) for form in entry.get("swaps", ())),  # type: ignore[attr-defined]
        misspelt=frozenset(entry.get("misspelt", [])),  # type: ignore[call-overload]
    )
