"""What is tested was not learnt, and what belongs together stays so."""

from dataclasses import replace

import numpy as np
import pytest

from nearsight.errors import MethodError
from nearsight.training.labelled import LabelledData
from nearsight.training.settings import SPLITS, DataSettings
from nearsight.training.splitting import Split, split


def splits(data: LabelledData, seed: int = 0, **settings: object) -> Split:
    return split(data.structures, DataSettings(**settings), np.random.default_rng(seed))


@pytest.mark.parametrize("kind", SPLITS)
def test_each_structure_is_in_one_set(clusters: LabelledData, kind: str) -> None:
    named = [
        replace(each, split="test" if each.number == 3 else None) for each in clusters.structures
    ]
    parts = splits(LabelledData(tuple(named)), split=kind)
    assert sorted([*parts.train, *parts.test]) == list(range(40))
    again = splits(LabelledData(tuple(named)), split=kind)
    assert (parts.test == again.test).all()


def test_shares_are_rounded_down(clusters: LabelledData) -> None:
    assert len(splits(clusters, test_share=0.1).test) == 4
    assert len(splits(clusters, test_share=0.099).test) == 3
    assert splits(clusters, split="time").test.tolist() == [36, 37, 38, 39]
    assert splits(clusters, 0).test.tolist() != splits(clusters, 1).test.tolist()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("share", "n_groups"), [(0.1, 1), (0.3, 1), (0.5, 2), (0.8, 3)])
def test_groups_stay_together(
    clusters: LabelledData, seed: int, share: float, n_groups: int
) -> None:
    parts = splits(clusters, seed, split="group", test_share=share)
    groups = [{clusters.structures[each].group for each in part} for part in vars(parts).values()]
    assert not groups[0] & groups[1]
    assert len(groups[1]) == n_groups


def test_the_file_may_say(clusters: LabelledData) -> None:
    named = [
        replace(each, split="test" if each.number in {1, 7} else "train")
        for each in clusters.structures
    ]
    assert splits(LabelledData(tuple(named)), split="file").test.tolist() == [1, 7]
    with pytest.raises(MethodError, match="0 would be kept for tests"):
        splits(clusters, split="file")


def test_nothing_to_test_is_refused(clusters: LabelledData) -> None:
    with pytest.raises(MethodError, match="of 40 structures 0 would be kept"):
        splits(clusters, test_share=0.01)
    alone = LabelledData(tuple(replace(each, group="one") for each in clusters.structures))
    with pytest.raises(MethodError, match="'one' only"):
        splits(alone, split="group")
