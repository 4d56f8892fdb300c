"""Which structures are learnt, and which are kept to test what was learnt."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nearsight.arrays import IntArray
from nearsight.errors import MethodError
from nearsight.hdnnp.frames import TEST
from nearsight.training.labelled import LabelledStructure
from nearsight.training.settings import DataSettings


@dataclass(frozen=True, eq=False)
class Split:
    """Indices of the structures of both sets, each ascending."""

    train: IntArray
    test: IntArray


def split(
    structures: Sequence[LabelledStructure], settings: DataSettings, random: np.random.Generator
) -> Split:
    """Return which structures are learnt; the number that is tested is rounded down.

    Parameters
    ----------
    structures
        In the order of their file.
    settings
        How to split; with ``group`` whole groups are tested, in random order, as long as no more
        than the share is, but one at least.
    random
        Decides.

    Raises
    ------
    MethodError
        Nothing would be left to learn or to test, or the file does not say.
    """
    test = np.zeros(len(structures), dtype=bool)
    n_test = int(settings.test_share * len(structures))
    if settings.split == "file":
        test[:] = [each.split == TEST for each in structures]
    elif settings.split == "group":
        test[:] = _whole_groups(structures, n_test, random)
    elif settings.split == "time":
        test[len(structures) - n_test :] = True
    else:
        test[random.permutation(len(structures))[:n_test]] = True
    if test.all() or not test.any():
        raise MethodError(
            f"of {len(structures)} structures {test.sum()} would be kept for tests, with `split` "
            f"{settings.split} and `test_share` {settings.test_share:g}; give more structures or "
            f"another share, or name sets in the file by set=train and set=test."
        )
    return Split(np.flatnonzero(~test), np.flatnonzero(test))


def _whole_groups(
    structures: Sequence[LabelledStructure], n_test: int, random: np.random.Generator
) -> list[bool]:
    names = sorted({each.group for each in structures})
    if len(names) < 2:
        raise MethodError(
            f"`split` group needs two groups at least, and there is {names[0]!r} only; name them "
            f"in the data, such as by group= in extended XYZ."
        )
    sizes = {name: sum(each.group == name for each in structures) for name in names}
    order = [names[place] for place in random.permutation(len(names))]
    chosen: set[str] = set()
    for name in order:
        if sum(sizes[each] for each in chosen) + sizes[name] <= n_test:
            chosen.add(name)
    if not chosen:
        chosen.add(min(order, key=lambda name: sizes[name]))
    return [each.group in chosen for each in structures]
