"""Pages about trainings and tests of potentials: what is shown is what the records have."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from labelled_clusters import labelled_clusters
from nearsight.announcing import quietly
from nearsight.records import HdnnpTestRecord, TrainingRecord
from nearsight.reports.page import render_report
from nearsight.training import (
    FunctionSettings,
    NetworkSettings,
    PriorSettings,
    StoppingSettings,
)
from nearsight.workflows import HdnnpTestSettings, TrainSettings, hdnnp_test, train

SETTINGS = TrainSettings(
    functions=FunctionSettings(cutoff_A=2.5, n_radial=5, zetas=(1.0,), largest_correlation=0.99),
    network=NetworkSettings(hidden_layers=(3,)),
    prior=PriorSettings(prior="zbl"),
    stopping=StoppingSettings(epochs=2),
)
FIGURES = (
    "Learning curve of energies",
    "Learning curve of forces",
    "Energies: predictions against labels",
    "Forces: predictions against labels",
    "Errors of forces by element, test",
    "Errors of forces by group, test",
    "Distances of elements in the training set",
    "Largest forces in the training set",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trained")


@pytest.fixture(scope="module")
def record(folder: Path) -> TrainingRecord:
    with quietly():
        return train(labelled_clusters(), SETTINGS, out=folder, progress=False)


@pytest.fixture(scope="module")
def tested(folder: Path, record: TrainingRecord) -> HdnnpTestRecord:
    data = labelled_clusters()
    settings = HdnnpTestSettings(offsets=True)
    return hdnnp_test(folder / "best", data, settings, training=record, progress=False)


def titles(page: str) -> list[str]:
    return re.findall(r"<figcaption><h2>(.*?)</h2>", page)


def values(page: str) -> set[float]:
    return {float(value) for value in re.findall(r'<data value="([^"]+)">', page)}


def test_a_committee_shows_its_mean_and_how_far_members_disagree() -> None:
    with quietly():
        record = train(labelled_clusters(), replace(SETTINGS, members=2), progress=False)
    page = render_report([record])
    assert titles(page).count("Energies: predictions against labels") == 1
    assert "Forces on atoms: error of the mean against disagreement, test" in titles(page)
    assert record.committee is not None
    shown = values(page)
    for errors in (record.committee.errors, *(each.errors for each in record.members)):
        assert errors.whole("test").force_RMSE_eV_per_A in shown
    for spread in record.committee.spreads:
        assert {spread.energy_eV_per_atom, spread.force_eV_per_A} <= shown
    assert page.count("Of the mean of 2 members.") == 5


def test_a_training_has_figures_tables_and_where_they_are_from(record: TrainingRecord) -> None:
    page = render_report([record])
    assert titles(page) == list(FIGURES)
    [member] = record.members
    shown = values(page)
    for each in member.errors.groups:
        assert {each.energy_RMSE_eV_per_atom, each.force_RMSE_eV_per_A} <= shown
    for each in member.errors.elements:
        assert each.force_MAE_eV_per_A in shown
    assert record.pair_distances[0].shortest_A in shown
    assert "the repulsion of screened nuclei (zbl), which ends between 1.25 and 2.5 Å" in page
    assert member.approach_sentence in page
    for function in record.functions:
        assert function.name in page
    assert page.count('class="spark"') == len(record.functions)
    assert member.checkpoint_sha256 is not None
    assert member.checkpoint_sha256 in page
    for name in ("epochs", "hidden_layers", "n_force_components"):
        assert f"<dt>{name}</dt>" in page


def test_a_record_that_was_read_has_what_it_has(record: TrainingRecord) -> None:
    read = TrainingRecord.from_json(record.to_json())
    page = render_report([read])
    assert titles(page) == [FIGURES[0], FIGURES[1], FIGURES[6], FIGURES[7]]
    assert values(page) == values(render_report([record]))
    assert 'class="spark"' not in page


def test_why_functions_were_left_out_is_said(record: TrainingRecord) -> None:
    assert record.functions_left_out
    page = render_report([record])
    for each in record.functions_left_out:
        reason = {"constant": "hardly changes", "correlated": "follows another"}[each.reason]
        assert f"<li>{each.name}: {reason}" in page


def test_a_test_says_whose_sets_they_are_and_what_is_taken_off(
    record: TrainingRecord, tested: HdnnpTestRecord
) -> None:
    page = render_report([tested])
    assert titles(page) == list(FIGURES[2:6])
    assert f"as the training on {record.structure} kept it" in page
    assert "The mean energy error of each group is taken off" in page
    [member] = record.members
    by_name = {(each.set, each.group): each for each in member.errors.groups}
    for each in tested.errors.groups:
        assert each.force_RMSE_eV_per_A == pytest.approx(
            by_name[each.set, each.group].force_RMSE_eV_per_A, rel=1e-9
        )


def test_energies_alone_have_no_tables_and_figures_of_forces(
    folder: Path, record: TrainingRecord
) -> None:
    assert record.members
    data = [replace(each, forces_eV_per_A=None) for each in labelled_clusters()]
    page = render_report([hdnnp_test(folder / "best", data, progress=False)])
    assert titles(page) == [FIGURES[2]]
    assert 'aria-label="Errors by element"' not in page
    assert 'aria-label="Errors by element"' in render_report([record])


def test_several_are_on_one_page_with_an_overview(
    record: TrainingRecord, tested: HdnnpTestRecord
) -> None:
    page = render_report([record, tested])
    assert "Overview" in page
    [member] = record.members
    [whole] = [e for e in member.errors.groups if (e.set, e.group) == ("test", "all")]
    assert whole.energy_RMSE_eV_per_atom is not None
    assert f"{1000 * whole.energy_RMSE_eV_per_atom:.2f} meV/atom" in page
    assert len(re.findall(r'<article class="structure"', page)) == 2
