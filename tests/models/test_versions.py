"""Which packages are behind a model."""

import json
from dataclasses import replace
from importlib import metadata

import nearsight
from nearsight.models.versions import versions_behind
from nearsight.provenance import ModelIdentity

OWN = {"nearsight": nearsight.__version__}
THERE = {"torch": "7.0", "mace-torch": "0.9", "e3nn": "0.4.4", "chgnet": "0.1"}
MACE = ModelIdentity("m", "mace", None, "float64", "cpu", versions=THERE)


def test_packages_of_other_families_have_no_part() -> None:
    assert versions_behind(MACE) == OWN | {"torch": "7.0", "mace-torch": "0.9", "e3nn": "0.4.4"}
    assert versions_behind(replace(MACE, family="test", versions={})) == OWN


def test_what_is_here_counts_for_a_model_that_is_here() -> None:
    ase = ModelIdentity("ase:emt", "ase", None, "unknown", "cpu")
    assert versions_behind(ase) == OWN | {"ase": metadata.version("ase")}


def test_a_calculator_comes_from_a_package() -> None:
    named = ModelIdentity("ase:phonopy.some:Calculator", "ase", None, "unknown", "cpu")
    found = versions_behind(named)
    assert found["phonopy"] == metadata.version("phonopy")
    assert versions_behind(replace(named, name="ase:own_file.some:Calculator")).keys() == {
        "nearsight",
        "ase",
    }


def test_a_sum_has_the_packages_of_its_parts() -> None:
    parts = [
        json.dumps(replace(MACE, family=family).deciding(), sort_keys=True)
        for family in ("mace", "chgnet")
    ]
    both = replace(MACE, family="sum", options={"parts": parts})
    assert versions_behind(both) == OWN | THERE
