"""Random parameters: what decides them, and how they are distributed."""

import numpy as np
import pytest

from nearsight.errors import ModelError
from nearsight.models.families.synthetic.options import SyntheticOptions, read_options
from nearsight.models.families.synthetic.parameters import ELEMENTS, tables_of
from nearsight.models.loading import LoadRequest

OXYGEN_AND_MAGNESIUM = [
    2.054895331640318,
    1.1011854369438938,
    1.789868897905705,
    1.2448632573779366,
    0.09397714189248996,
    0.0008665537518456612,
    0.030145358764633923,
]
OXYGEN = [1.7434672050345663, 0.0]
MAGNESIUM_AROUND_OXYGEN = [1.0679737255663209, 0.055068799470308516]


def options(target: str = "7", **given: str) -> SyntheticOptions:
    return read_options(
        LoadRequest(f"synthetic:{target}", target, "float64", "cpu", False, options=given)
    )


def test_numbers_of_elements_do_not_depend_on_other_elements_or_their_order() -> None:
    one = tables_of([8, 12], options())
    other = tables_of([12, 6, 8], options())
    chosen = [2, 0]
    assert np.array_equal(one.pairs, other.pairs[np.ix_(chosen, chosen)])
    assert np.array_equal(one.elements, other.elements[chosen])
    assert np.array_equal(one.triples, other.triples[np.ix_(chosen, chosen, chosen)])


def test_pairs_are_symmetric_but_for_densities_and_triples_in_their_arms() -> None:
    tables = tables_of([1, 6, 8], options())
    turned = tables.pairs.swapaxes(0, 1)
    symmetric = [column for column in range(tables.pairs.shape[2]) if column != 3]
    assert np.array_equal(tables.pairs[..., symmetric], turned[..., symmetric])
    assert tables.pairs[0, 1, 3] != turned[0, 1, 3]
    assert np.array_equal(tables.triples, tables.triples.swapaxes(1, 2))


def test_numbers_are_those_that_were_published() -> None:
    """Whoever changes them changes what every set of data and every result was made with."""
    tables = tables_of([8, 12], options())
    assert tables.pairs[0, 1] == pytest.approx(OXYGEN_AND_MAGNESIUM, rel=1e-14)
    assert tables.elements[0] == pytest.approx(OXYGEN, rel=1e-14)
    assert tables.triples[0, 1, 1] == pytest.approx(MAGNESIUM_AROUND_OXYGEN, rel=1e-14)


def test_distributions_are_those_that_are_documented() -> None:
    drawn = [tables_of([6, 8, 22], options(str(seed), charges="1")) for seed in range(400)]
    pairs = np.array([tables.pairs[0, 1] for tables in drawn])
    pairs[:, 2] *= pairs[:, 0]
    length_A, depth_eV, steepness, share, *ripples = pairs.T
    elements = np.array([tables.elements[2] for tables in drawn])
    triples = np.array([tables.triples[1, 0, 2] for tables in drawn])
    for values, low, high in (
        (length_A / 1.42, 0.95, 1.05),
        (depth_eV, 0.6, 1.6),
        (steepness, 3.5, 4.5),
        (share, 0.5, 1.5),
        *((each, -0.1, 0.1) for each in ripples),
        (elements[:, 0], 0.5, 2.0),
        (elements[:, 1], -1.0, 1.0),
        (triples[:, 0], 1.0, 3.0),
        (triples[:, 1], -0.6, 0.3),
    ):
        scaled = (values - low) / (high - low)
        assert scaled.min() > 0
        assert scaled.max() < 1
        # Of a uniform distribution: 1/2 with variance 1/12, and 1/3 with variance 4/45.
        assert abs(scaled.mean() - 1 / 2) < 4 * (1 / 12 / len(drawn)) ** 0.5
        assert abs((scaled**2).mean() - 1 / 3) < 4 * (4 / 45 / len(drawn)) ** 0.5
    independent = np.corrcoef(np.column_stack([pairs, elements, triples]).T)
    assert np.abs(independent - np.eye(len(independent))).max() < 5 / len(drawn) ** 0.5


def test_all_elements_are_within_the_default_cutoff() -> None:
    lengths_A = tables_of(sorted(ELEMENTS), options(angles="0")).pairs[..., 0]
    assert 1.14 <= lengths_A.min() < lengths_A.max() < 6


def test_a_bond_beyond_the_cutoff_is_refused() -> None:
    with pytest.raises(ModelError, match=r"too short for Mg and Mg, .* such as cutoff_A=5"):
        tables_of([8, 12], options(cutoff_A="2.5"))


@pytest.mark.parametrize(
    ("target", "given", "said"),
    [
        ("seven", {}, "no whole number from 0 to 999999999"),
        ("-1", {}, "no whole number"),
        ("1000000000", {}, "no whole number"),
        ("7", {"angles": "1.5"}, "angles=1.5 of synthetic:7 is not from 0 to 1"),
        ("7", {"angles": "nan"}, "is not from 0 to 1"),
        ("7", {"charges": "-0.1"}, "is not from 0 to 1"),
        ("7", {"embedding": "some"}, "embedding=some of synthetic:7 is no number"),
        ("7", {"cutoff_A": "0"}, "no positive distance"),
        ("7", {"cutoff_A": "inf"}, "no positive distance"),
        ("7", {"charge_range_A": "9"}, "has no charges, and so no charge_range_A"),
        ("7", {"angles": "0", "angle_cutoff_A": "3"}, "has no angles, and so no angle_cutoff_A"),
        ("7", {"angle_cutoff_A": "7"}, "is beyond the cutoff of 6 Å"),
    ],
)
def test_bad_names_are_explained(target: str, given: dict[str, str], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        options(target, **given)
