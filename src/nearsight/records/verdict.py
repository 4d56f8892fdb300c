"""What speaks for and against a result: one list, from which page, terminal and JSON are made.

Every check of at least `Level.CAUTION` is among the warnings of results, by the words of the result
that warns of it or by its own; and no results with a warning have a better verdict than that.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from nearsight.records.parts import LEVEL_WORDS, CheckPart, LevelWord, VerdictPart
from nearsight.remarks import Remark, Severity


class Level(IntEnum):
    """How a check went; the largest of several is that of all."""

    GOOD = 0
    UNKNOWN = 1
    CAUTION = 2
    BAD = 3

    @classmethod
    def of(cls, remark: Remark) -> "Level":
        """Return the level of a remark."""
        levels = {Severity.NOTE: cls.GOOD, Severity.CAUTION: cls.CAUTION, Severity.PROBLEM: cls.BAD}
        return levels[remark.severity]

    @property
    def word(self) -> LevelWord:
        """What records say."""
        return LEVEL_WORDS[self]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    level: Level
    code: str
    """What was looked at, for programs; if it is a warning of its own, the code of that."""
    finding: str
    """A few words."""
    detail: str
    """What it means, in a sentence."""
    said: bool = True
    """Whether a result warns of it by itself; if not, the check is a warning of its own."""

    @property
    def is_warning(self) -> bool:
        """Whether it must be known before the numbers are used."""
        return self.level >= Level.CAUTION


@dataclass(frozen=True)
class Verdict:
    """All checks of a structure."""

    checks: tuple[Check, ...]

    @classmethod
    def of(cls, checks: Iterable[Check], warnings: Sequence[Remark]) -> "Verdict":
        """Return the verdict of `checks`, which none of the `warnings` contradicts."""
        made = tuple(checks)
        worst = max((Level.of(remark) for remark in warnings), default=Level.GOOD)
        if worst > Level.UNKNOWN and worst > max(check.level for check in made):
            detail = "What must be known before the numbers are used stands below."
            made = (*made, Check(worst, "warnings", "warnings", detail))
        return cls(made)

    def part(self) -> VerdictPart:
        """Return the verdict as a part of a record."""
        return VerdictPart(
            level=self.level.word,
            summary=self.summary,
            checks=tuple(
                CheckPart(
                    level=check.level.word,
                    code=check.code,
                    finding=check.finding,
                    detail=check.detail,
                )
                for check in self.checks
            ),
        )

    @property
    def level(self) -> Level:
        """The level of the worst check."""
        return max(check.level for check in self.checks)

    @property
    def summary(self) -> str:
        """The verdict in a line."""
        return (
            "Nothing speaks against these numbers.",
            "Nothing that is known speaks against these numbers.",
            "To be used with care.",
            "Not to be relied on as it is.",
        )[self.level]

    @property
    def short(self) -> str:
        """The verdict in a word or two, for a table."""
        return self.part().short


def unsaid(checks: Iterable[Check]) -> tuple[Remark, ...]:
    """Return the warnings that no result gives by itself."""
    return tuple(
        Remark(
            check.code,
            f"{check.finding}: {check.detail[0].lower()}{check.detail[1:]}",
            Severity.PROBLEM if check.level == Level.BAD else Severity.CAUTION,
        )
        for check in checks
        if check.is_warning and not check.said
    )
