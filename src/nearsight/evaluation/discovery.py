"""Which examinations there are: the folders of this package."""

import difflib
import importlib
import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING

from nearsight.errors import SettingError

if TYPE_CHECKING:
    from nearsight.evaluation.examination import AnyExamination

_PACKAGE = __name__.rpartition(".")[0]


def examination_names() -> tuple[str, ...]:
    """Return the names of all examinations, in alphabetical order.

    Examples
    --------
    >>> from nearsight.evaluation import examination_names
    >>> examination_names()
    ('diatomics', 'exactness', 'gas', 'phonons', 'porous', 'speed')
    """
    folder = str(Path(__file__).parent)
    return tuple(sorted(found.name for found in pkgutil.iter_modules([folder]) if found.ispkg))


def examination_named(name: str) -> "AnyExamination":
    """Return an examination.

    Parameters
    ----------
    name
        What it is called, such as ``diatomics``.

    Raises
    ------
    SettingError
        There is none of that name.

    Examples
    --------
    >>> from nearsight.evaluation import examination_named
    >>> print(examination_named("diatomics").question)
    Do two equal atoms attract and repel each other as they should?
    """
    known = examination_names()
    if name not in known:
        [*close] = difflib.get_close_matches(name, known, n=1)
        meant = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}."
        raise SettingError(f"there is no examination {name!r}; {meant}", "only")
    examination: AnyExamination = importlib.import_module(f"{_PACKAGE}.{name}").EXAMINATION
    return examination
