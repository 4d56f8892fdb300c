"""Where numbers come from survives JSON."""

import json
from dataclasses import replace
from importlib import metadata

import pytest

import nearsight
from nearsight.provenance import (
    ModelIdentity,
    Provenance,
    installed_versions,
    model_versions,
    record,
)

IDENTITY = ModelIdentity("m", "test", None, "float64", "cpu", {"charge": 1, "k": [1.5, 2.0]})


def test_it_comes_back_from_json() -> None:
    provenance = record(IDENTITY, step_A=0.01, rows="analytic", structures=["a"], budget=None)
    again = Provenance.from_json(json.loads(json.dumps(provenance.to_json())))
    assert again == provenance
    assert again.model == IDENTITY
    assert again.settings["budget"] is None


def test_equal_identities_share_work_and_others_do_not() -> None:
    assert ModelIdentity.from_json(IDENTITY.to_json()) == IDENTITY
    assert ModelIdentity("m", "test", None, "float64", "cpu", {"charge": 0}) != IDENTITY
    assert ModelIdentity("m", "test", None, "float32", "cpu", IDENTITY.options) != IDENTITY


def test_versions_are_those_of_the_packages() -> None:
    versions = installed_versions()
    assert versions["nearsight"] == nearsight.__version__
    for package in ("ase", "numpy", "scipy", "spglib", "gemmi", "h5py", "pyyaml"):
        assert versions[package] == metadata.version(package)


def test_packages_that_are_missing_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearsight.provenance, "_of_models", lambda: ("ase", "no-such-package"))
    assert model_versions() == {"ase": metadata.version("ase")}


def test_changing_the_json_changes_no_identity() -> None:
    values = IDENTITY.to_json()
    values["options"]["charge"] = 5
    assert IDENTITY.options["charge"] == 1


def test_versions_elsewhere_make_no_other_identity() -> None:
    elsewhere = replace(IDENTITY, versions={"torch": "7.0", "mace-torch": "0.9"})
    assert elsewhere == IDENTITY
    assert elsewhere.deciding() == IDENTITY.deciding()
    provenance = Provenance.from_json(json.loads(json.dumps(record(elsewhere).to_json())))
    assert provenance.model.versions == {"torch": "7.0", "mace-torch": "0.9"}
    assert provenance.versions["mace-torch"] == "0.9"
    assert provenance.versions["torch"] == "7.0"
    assert provenance.versions["scipy"] == metadata.version("scipy")
    assert "ase" not in provenance.versions  # here, but what is here gave no number


def test_identities_of_before_are_read() -> None:
    values = IDENTITY.to_json()
    del values["versions"]
    assert ModelIdentity.from_json(values).versions == {}


def test_versions_of_models_leave_out_what_only_nearsight_uses() -> None:
    versions = model_versions()
    assert versions["ase"] == metadata.version("ase")
    assert not versions.keys() & {"python", "nearsight", "numpy", "scipy", "phonopy", "spglib"}
