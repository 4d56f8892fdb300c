"""How what is known of several models becomes what is known of their combination.

Each field of `Capabilities` and `Facts` carries its rule in its annotation, so that none can be
forgotten: a class with a field that has no rule is refused where it is defined.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar, get_type_hints

T = TypeVar("T")

_RULES: dict[type[Any], dict[str, "Rule"]] = {}


@dataclass(frozen=True)
class Rule:
    """How a field of a combination follows from those of its parts."""

    of: Callable[[Sequence[Any]], Any]


def _known(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if value is not None]


def _all_known(of: Callable[[Sequence[Any]], Any]) -> Callable[[Sequence[Any]], Any]:
    return lambda values: None if None in values else of(values)


def _of_known(of: Callable[[Sequence[Any]], Any]) -> Callable[[Sequence[Any]], Any]:
    return lambda values: of(known) if (known := _known(values)) else None


def _each_once(separator: str) -> Callable[[Sequence[str]], str]:
    return lambda texts: separator.join(dict.fromkeys(texts))


def _all_hold(answers: Sequence[bool | None]) -> bool | None:
    if False in answers:
        return False
    return None if None in answers else True


ALL = Rule(_all_hold)
"""True if it is of all parts, False if it is not of one, and else not known."""

ANY = Rule(any)
"""True of one part at least."""

LARGEST = Rule(_all_known(max))
"""The largest, if it is known of all."""

LARGEST_KNOWN = Rule(_of_known(max))
"""The largest of those that are known."""

SMALLEST_KNOWN = Rule(_of_known(min))
"""The smallest of those that are known."""

COMMON = Rule(_of_known(lambda sets: frozenset.intersection(*sets)))
"""What is in every set that is known."""

TOTAL = Rule(_all_known(sum))
"""The sum, if it is known of all."""


def joined(separator: str) -> Rule:
    """Return the rule that joins texts, each once; None if one is not known."""
    return Rule(_all_known(_each_once(separator)))


def joined_known(separator: str) -> Rule:
    """Return the rule that joins the texts that are known, each once."""
    return Rule(_of_known(_each_once(separator)))


def combinable(of: type[T]) -> type[T]:
    """Return a dataclass that `combined` takes, having checked that every field has its rule.

    Raises
    ------
    TypeError
        One has none, or several; naming it.
    """
    _RULES[of] = _rules(of)
    return of


def combined(parts: Sequence[T]) -> T:
    """Return what holds for a combination of models, field by field.

    Parameters
    ----------
    parts
        One `Capabilities`, or one `Facts`, for each model; at least one.
    """
    kind = type(parts[0])
    return kind(
        **{
            name: rule.of([getattr(part, name) for part in parts])
            for name, rule in _RULES[kind].items()
        }
    )


def _rules(of: Any) -> dict[str, Rule]:
    hints = get_type_hints(of, include_extras=True)
    rules = {}
    for each in fields(of):
        own = [one for one in getattr(hints[each.name], "__metadata__", ()) if type(one) is Rule]
        if len(own) != 1:
            raise TypeError(f"{of.__name__}.{each.name} needs one rule for combinations of models.")
        rules[each.name] = own[0]
    return rules
