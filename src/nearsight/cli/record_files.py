"""Records that a command starts from."""

from typing import TypeVar

from nearsight import records
from nearsight.errors import MethodError
from nearsight.records import Record

OfQuestion = TypeVar("OfQuestion", bound=Record)


def record_in(path: str, kind: type[OfQuestion], command: str) -> OfQuestion:
    """Return the record of a kind that is in a file.

    Parameters
    ----------
    path
        The file.
    kind
        Its class.
    command
        Which command writes such records as JSON.

    Raises
    ------
    MethodError
        There is none of it in the file, or several.
    """
    of_kind = [each for each in records.read(path) if isinstance(each, kind)]
    if len(of_kind) != 1:
        raise MethodError(
            f"{path} has {len(of_kind)} records of the question {kind.question}; give the file of "
            f"one, which `{command}` has written as JSON."
        )
    return of_kind[0]
