import copy
import json
import pickle
import struct
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ase.calculators.calculator import PropertyNotImplementedError
from ase.calculators.emt import EMT

from nearsight.errors import CheckpointError
from nearsight.records import (
    CalculatedRecord,
    EnergyRecord,
    FailureRecord,
    HeatCapacityRecord,
    Record,
    RelaxationRecord,
    record_from_json,
)
from nearsight.records.making import heat_capacity_record, vibrations_record
from nearsight.records.results import HarmonicResults, ProbedResults
from nearsight.relaxation import Relaxation
from nearsight.remarks import Remark


def _bits(values: Any) -> Any:
    """Return JSON values with numbers as their bits, by which -0.0 is not 0.0."""
    if isinstance(values, dict):
        return {name: _bits(value) for name, value in values.items()}
    if isinstance(values, list | tuple):
        return [_bits(value) for value in values]
    return struct.pack("d", values) if isinstance(values, float) else values


def test_what_is_read_is_what_was_written_to_the_last_bit(records: Mapping[str, Record]) -> None:
    for record in records.values():
        text = json.dumps(record.to_json(), allow_nan=False)
        again = record_from_json(json.loads(text))
        assert type(again) is type(record)
        assert again == record
        assert getattr(again, "results", None) is None
        assert _bits(again.to_json()) == _bits(record.to_json())
        assert type(record).from_json(record.to_json()) == record


def test_records_travel_to_other_processes(records: Mapping[str, Record]) -> None:
    for record in records.values():
        if hasattr(record, "results"):
            record = replace(record, results=None)  # noqa: PLW2901  # what a process sends back
        assert pickle.loads(pickle.dumps(record)) == record
        assert copy.deepcopy(record) == record


def test_numbers_of_the_record_are_those_of_the_results(
    records: Mapping[str, Record], phonons: HarmonicResults, relaxation: Relaxation
) -> None:
    record = records["heat-capacity"]
    assert isinstance(record, HeatCapacityRecord)
    thermal = phonons.thermodynamics
    assert thermal is not None
    assert [
        row.J_per_g_K for row in record.heat_capacity
    ] == thermal.heat_capacity_J_per_g_K.tolist()
    assert record.zero_point_energy_eV == thermal.zero_point_energy_eV
    assert record.results is phonons
    assert record.relaxation is not None
    before, after = record.relaxation.energy_before_eV, record.relaxation.energy_after_eV
    assert record.relaxation.energy_change_eV_per_atom == pytest.approx((after - before) / 4)
    assert after == relaxation.energy_after_eV
    # The volume change of a cubic cell is that of its edge, to the third power.
    edge = np.linalg.norm(record.relaxed_structure.cell_A[0])
    assert record.relaxation.volume_change == pytest.approx((edge / 3.62) ** 3 - 1)
    assert record.volume_A3 == pytest.approx(edge**3) == record.relaxation.volume_after_A3
    assert (record.seconds, record.peak_memory_bytes) == (12.5, 1 << 20)
    assert record.provenance.asked == {"relaxation": {"fmax_eV_per_A": 0.005}}


def test_the_relaxed_structure_is_whole_and_computes_the_same(
    records: Mapping[str, Record], relaxation: Relaxation
) -> None:
    record = record_from_json(json.loads(json.dumps(records["relax"].to_json())))
    assert isinstance(record, RelaxationRecord)
    atoms = record.atoms
    assert atoms == relaxation.atoms
    assert np.array_equal(atoms.get_masses(), relaxation.atoms.get_masses())
    atoms.calc = EMT()
    assert atoms.get_potential_energy() == pytest.approx(relaxation.energy_after_eV, abs=1e-10)


def test_energy_forces_and_stress_are_with_the_atoms(records: Mapping[str, Record]) -> None:
    record = record_from_json(records["energy"].to_json())
    assert isinstance(record, EnergyRecord)
    atoms = record.atoms
    fresh = atoms.copy()
    fresh.calc = EMT()
    assert atoms.get_potential_energy() == pytest.approx(fresh.get_potential_energy(), abs=1e-10)
    assert atoms.get_forces() == pytest.approx(fresh.get_forces(), abs=1e-10)
    assert atoms.get_stress() == pytest.approx(fresh.get_stress(), abs=1e-10)
    assert record.energy_eV == atoms.get_potential_energy()
    silent = record_from_json(
        replace(
            record, relaxed_structure=replace(record.relaxed_structure, stress_eV_per_A3=None)
        ).to_json()
    )
    assert isinstance(silent, EnergyRecord)
    with pytest.raises(PropertyNotImplementedError):
        silent.atoms.get_stress()


def test_isotopes_charges_and_moments_are_kept(nitrogen: HarmonicResults) -> None:
    atoms = nitrogen.hessian.atoms.copy()
    atoms.set_masses([14.003, 15.0001])
    atoms.set_initial_charges([0.25, -0.25])
    del atoms.arrays["initial_magmoms"]  # of one number an atom
    atoms.set_initial_magnetic_moments([[0.0, 0.0, 1.0], [0.0, 0.5, 0.0]])
    atoms.info["charge"] = -1
    atoms.info["comment"] = object()  # what no model looks at is left out
    vibrations = replace(nitrogen.vibrations, atoms=atoms)
    record = heat_capacity_record(replace(nitrogen, vibrations=vibrations))
    again = HeatCapacityRecord.from_json(json.loads(json.dumps(record.to_json()))).atoms
    assert again.get_masses().tolist() == [14.003, 15.0001]
    assert again.get_initial_charges().tolist() == [0.25, -0.25]
    assert again.get_initial_magnetic_moments().tolist() == [[0, 0, 1], [0, 0.5, 0]]
    assert again.info == {"charge": -1}


def _without(values: dict[str, Any], *path: Any) -> dict[str, Any]:
    changed = copy.deepcopy(values)
    inner: Any = changed
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return changed


def _with(values: dict[str, Any], value: Any, *path: Any) -> dict[str, Any]:
    changed = copy.deepcopy(values)
    inner: Any = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return changed


@pytest.mark.parametrize(
    ("value", "path", "said"),
    [
        (2, ("schema",), "`schema` is 2, and this version of Nearsight reads records of schema 1"),
        ("1", ("schema",), "`schema` is '1'"),
        (True, ("schema",), "`schema` is True"),
        ("heat", ("question",), "`question` is 'heat'"),
        (None, ("n_atoms",), "`n_atoms` is null in place of a whole number"),
        (4.5, ("n_atoms",), "`n_atoms` is 4.5 in place of a whole number"),
        (True, ("n_atoms",), "`n_atoms` is True in place of a whole number"),
        (
            "0.3",
            ("heat_capacity", 1, "J_per_g_K"),
            "`heat_capacity[1].J_per_g_K` is '0.3'",
        ),
        (float("nan"), ("heat_capacity", 0, "temperature_K"), "in place of a finite number"),
        (10**400, ("heat_capacity", 0, "temperature_K"), "in place of a finite number"),
        (float("inf"), ("settings", "fmax_eV_per_A"), "`settings.fmax_eV_per_A` holds inf"),
        (
            [1, 2],
            ("relaxed_structure", "cell_A"),
            "`relaxed_structure.cell_A` is [1, 2]",
        ),
        (["Cu", "Cu", "Xx"], ("relaxed_structure", "symbols"), "no element"),
        (["Cu", "Cu"], ("relaxed_structure", "symbols"), "`relaxed_structure.positions_A` is of 4"),
        (5, ("n_atoms",), "`n_atoms` is 5, but the structure has 4"),
        ("blue", ("acoustic",), "`acoustic` is 'blue' in place of exclude or classical"),
        ({"method": "mesh"}, ("spectrum",), "`spectrum.reason` is missing"),
        ("mish", ("spectrum", "method"), "`spectrum.method` is 'mish' in place of mesh"),
        (["x"], ("warnings",), "`warnings[0]` is wrong: 'x' is no warning with code"),
        (7, ("versions", "ase"), "`versions.ase` is 7 in place of a text"),
        (3, ("relaxation", "step"), "`relaxation.step` is unknown; did you mean `steps`"),
        (0, ("relaxation", "converged"), "`relaxation.converged` is 0 in place of true or false"),
    ],
)
def test_what_is_no_field_of_a_record_is_named(
    records: Mapping[str, Record], value: Any, path: tuple[Any, ...], said: str
) -> None:
    with pytest.raises(CheckpointError) as caught:
        record_from_json(_with(records["heat-capacity"].to_json(), value, *path))
    assert said in str(caught.value)


def test_every_field_is_needed(records: Mapping[str, Record]) -> None:
    for record in records.values():
        values = record.to_json()
        for name, value in values.items():
            with pytest.raises(CheckpointError, match=f"`{name}` is missing|question"):
                record_from_json(_without(values, name))
            if name in {"model", "relaxed_structure", "hessian"} and isinstance(value, dict):
                for inner in value:
                    with pytest.raises(CheckpointError, match=rf"`{name}\.{inner}` is missing"):
                        record_from_json(_without(values, name, inner))


@pytest.mark.parametrize("value", [None, 3, "record", [], {}, {"schema": 1}])
def test_what_is_no_record_at_all_is_told(value: Any) -> None:
    with pytest.raises(CheckpointError):
        record_from_json(value)


def test_a_number_that_is_none_is_named_and_not_written(records: Mapping[str, Record]) -> None:
    record = replace(records["heat-capacity"], scale_factor=float("nan"))  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="`scale_factor` of the record is nan"):
        record.to_json()


def test_a_record_is_checked_when_it_is_changed(records: Mapping[str, Record]) -> None:
    with pytest.raises(ValueError, match="`n_atoms` is 7, but the structure has 4"):
        replace(records["relax"], n_atoms=7)  # type: ignore[call-arg]


def test_warnings_are_objects(nitrogen: HarmonicResults) -> None:
    assert vibrations_record(replace(nitrogen, thermodynamics=None)).to_json()["warnings"] == []
    [warning] = heat_capacity_record(nitrogen).to_json()["warnings"]
    assert warning["code"] == "vibrations-only"
    assert warning["severity"] == "caution"
    assert "translation" in warning["message"]


def test_severity_and_verdict_agree(nitrogen: HarmonicResults, probed: ProbedResults) -> None:
    problem = Remark("energy-rose", "The energy rose.")
    note = Remark("one-of-several", "One of three structures was taken.")
    bare = replace(nitrogen, thermodynamics=None)
    for remark, level in ((problem, "bad"), (note, "good")):
        noted = replace(bare, hessian=replace(bare.hessian, warnings=(remark,)))
        assert vibrations_record(noted).verdict.level == level
    clean = replace(probed, settings={"relax": True})
    worse = heat_capacity_record(replace(clean, structure_warnings=(problem,)))
    assert worse.verdict.level == "bad"


def test_repr_is_a_short_paragraph(records: Mapping[str, Record]) -> None:
    for record in records.values():
        text = repr(record)
        assert len(text) < 400
        assert "\n" not in text
        assert "array" not in text
        assert record.structure in text
    assert "c_v" in repr(records["heat-capacity"])
    assert "298.15" not in repr(records["heat-capacity"])
    assert "J/(g K) at 100 K and 1 more" in repr(records["heat-capacity"])
    assert "GPa (Hill)" in repr(records["elastic"])
    assert "with EMT" in repr(records["relax"]) or "with ase" in repr(records["relax"])


def _places(values: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths of all values inside JSON values."""
    inside = values.items() if isinstance(values, dict) else enumerate(values)
    for step, value in inside:
        yield (*path, step)
        if isinstance(value, dict | list):
            yield from _places(value, (*path, step))


_ODD = [None, True, -1, 10**15, 1.5, 1e308, float("nan"), "", "word", [], [[]], {}, {"a": 1}]


def test_whatever_is_changed_is_refused_or_kept(records: Mapping[str, Record]) -> None:
    """Nothing is read as something else, and no other error than ours gets out."""
    random = np.random.default_rng(3)
    refused = kept = 0
    for record in records.values():
        written = record.to_json()
        places = list(_places(written))
        for _ in range(60):
            path = places[random.integers(len(places))]
            changed = _with(written, _ODD[random.integers(len(_ODD))], *path)
            try:
                read = record_from_json(changed)
            except CheckpointError:
                refused += 1
            else:
                assert read.to_json() == changed
                if isinstance(read, CalculatedRecord):
                    assert len(read.atoms) == read.n_atoms
                kept += 1
    assert refused > 300
    assert kept > 10


def test_an_error_is_a_record() -> None:
    record = FailureRecord.from_error("a.cif", CheckpointError("it is empty."))
    assert record == FailureRecord.of("a.cif", "CheckpointError", "it is empty.")
    assert not record.is_defect
    assert FailureRecord.from_error("a.cif", ZeroDivisionError("1 / 0")).is_defect
