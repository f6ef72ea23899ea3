"""When an answer is a confident match, and what is said where it is none."""

import math
from dataclasses import dataclass

_LEAST_SHARE = 1e-6


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for the first candidate of an answer.

    Attributes:
        probability: Of the first candidate.
        unlike: Squared distance between the look of the spot and that of the candidate, by the
            geometry matcher's measures; 0 where they look the same.
        cycle: Length of the round trip in grid lengths, about 0.7 mm each.
    """

    probability: float
    unlike: float
    cycle: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What a confident match needs. A candidate is certain to the degree of

        log(probability) - unlike_weight * log(1 + unlike)

    Where the two views show different breasts, something stands out there all the same, so
    probability alone does not tell; that it looks unlike the spot does.

    Attributes:
        unlike_weight: See above.
        least_certainty: Below it there is no confident match.
        most_cycle: Nor beyond it, in grid lengths.
    """

    unlike_weight: float
    least_certainty: float
    most_cycle: float

    def certainty(self, evidence: Evidence) -> float:
        """How certain the first candidate is; no probability."""
        share = max(evidence.probability, _LEAST_SHARE)
        return math.log(share) - self.unlike_weight * math.log1p(evidence.unlike)

    def doubt(self, evidence: Evidence, length: str) -> str:
        """Why there is no confident match; "" where there is one.

        Args:
            evidence: For the first candidate.
            length: Of the round trip, in words.
        """
        if self.certainty(evidence) < self.least_certainty:
            if math.log(max(evidence.probability, _LEAST_SHARE)) < self.least_certainty:
                return (
                    "No place stands out: the best candidate holds "
                    f"{evidence.probability:.0%} of the probability."
                )
            return "What lies at the best candidate looks too unlike the spot."
        if evidence.cycle > self.most_cycle:
            return f"The round trip fails: the best candidate leads back {length} from the spot."
        return ""
