"""What models are, beside how good they are: what they keep, what they are made with, their size.

As table 5.4 of Strunk, BSc thesis, TU Munich 2025, has it.
"""

from collections.abc import Sequence

from nearsight.evaluation.record import ExaminationRecord
from nearsight.models.families import FAMILIES
from nearsight.records.described import Plain

_FRAMEWORKS = {"torch": "PyTorch", "jax": "JAX"}


def facts_of(records: Sequence[ExaminationRecord]) -> list[tuple[str, list[str]]]:
    """Return facts by name, each with what it is for every model, one record of which is given."""
    return [
        ("conservative", [_whether(each, "conservative") for each in records]),
        ("equivariant", [_whether(each, "equivariant") for each in records]),
        ("framework", [_framework(each) for each in records]),
        ("parameters", [_count(each.parameters) for each in records]),
        ("neighbour limit", [_limit(each) for each in records]),
        ("cutoff", [_length(each.capabilities.get("cutoff_A")) for each in records]),
        (
            "receptive field",
            [_length(each.capabilities.get("receptive_field_A")) for each in records],
        ),
        ("level of theory", [each.level_of_theory or "not known" for each in records]),
    ]


def _whether(record: ExaminationRecord, name: str) -> str:
    said = record.capabilities.get(name)
    return "not known" if said is None else ("yes" if said else "no")


def _framework(record: ExaminationRecord) -> str:
    family = FAMILIES.get(record.model.family)
    if family is not None and family.framework == "none":
        return "none"
    found = [
        f"{name} {record.versions[package]}"
        for package, name in _FRAMEWORKS.items()
        if package in record.versions
    ]
    return ", ".join(found) or "none"


def _count(number: int | None) -> str:
    return "not known" if number is None else f"{number:,}"


def _limit(record: ExaminationRecord) -> str:
    """Return the limit; a model without one looks at all within its cutoff, or does not say."""
    return "none stated" if record.neighbour_limit is None else str(record.neighbour_limit)


def _length(value: Plain) -> str:
    return f"{value:g} Å" if isinstance(value, int | float) else "not known"
