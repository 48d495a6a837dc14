"""What keeps an applicant from being taken, and who may decide on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kit.errors import Conflict, FieldError, Invalid, UnknownReference


class CriteriaMissing(Conflict):
    code, title = "criteria-missing", "No criteria are published: there is nothing to weigh by"


class ScreeningIncomplete(Conflict):
    code, title = "screening-incomplete", "Criteria are without a score"


class ScreeningFailed(Conflict):
    code, title = "screening-failed", "The applicant does not reach what the criteria ask for"


class ScreeningRequired(Conflict):
    code, title = "screening-required", "The partner is to be screened and approved first"


class ScoresInvalid(Invalid):
    code, title = "scores-invalid", "The scores cannot be as they are written"


def spelt(given: Sequence[str], known: Sequence[str]) -> list[str]:
    """Criteria that are named, as they are spelt; each once. Raises ScoresInvalid, UnknownReference."""
    spelling: Mapping[str, str] = {code.lower(): code for code in known}
    folded = [code.lower() for code in given]
    repeated = [number for number, code in enumerate(folded) if code in folded[:number]]
    if repeated:
        at = [FieldError(f"/scores/{number}/criterion", "repeated", "each criterion once") for number in repeated]
        raise ScoresInvalid(errors=at)
    unknown = [number for number, code in enumerate(folded) if code not in spelling]
    if unknown:
        at = [
            FieldError(f"/scores/{number}/criterion", UnknownReference.code, "no criterion of the screening")
            for number in unknown
        ]
        raise UnknownReference(errors=at)
    return [spelling[code] for code in folded]
