"""The page about crystals that were learnt: rounds, what was found, and why it ended."""

import re
from dataclasses import replace

from learnt_chain import ROUNDS, learnt_chain
from nearsight.records import LearningRecord
from nearsight.records.learning_charts import learning_charts
from nearsight.records.learning_results import learning_record
from nearsight.remarks import Remark
from nearsight.reports.page import render_report
from nearsight.tables.learning import learning_tables
from nearsight.training.active.rounds import Round


def test_the_page_has_every_round() -> None:
    record = learning_record(learnt_chain())
    page = render_report([LearningRecord.from_json(record.to_json())])
    shown = {float(value) for value in re.findall(r'<data value="([^"]+)">', page)}
    for each in ROUNDS:
        assert {one.force_RMSE_eV_per_A for one in each.errors} <= shown
        assert {one.energy_RMSE_eV_per_atom for one in each.errors} <= shown
        assert each.threshold_eV_per_A is None or each.threshold_eV_per_A in shown
        for one in each.explorations:
            assert {one.reached_ps, one.largest_disagreement_eV_per_A} <= shown
    assert re.findall(r"<figcaption><h2>(.*?)</h2>", page) == [
        each.title for each in learning_charts(record).values()
    ]
    assert "Where the numbers come from" in page
    assert page.count("a bond of C and H broke") == 2  # in the table, and in the record


def test_charts_have_the_numbers_of_rounds() -> None:
    charts = learning_charts(learning_record(learnt_chain()))
    forces = charts["forces"].series
    assert forces["network 2"].x.tolist() == [40, 41]
    assert forces["network 2"].y.tolist() == [0.125, 0.12]
    growth = charts["growth"].series
    assert growth["labelled structures"].y.tolist() == [40, 40, 41]
    assert growth["found by extrapolation"].y.tolist() == [0, 1, 0]
    assert charts["picked"].series["disagreement"].y.tolist() == [1.25]
    first_frames_and_learning = (ROUNDS[0], replace(ROUNDS[2], explorations=()))
    charts = learning_charts(learning_record(learnt_chain(first_frames_and_learning)))
    assert list(charts) == ["energies", "forces", "growth"]


def test_what_must_be_known_is_said() -> None:
    def codes(*rounds: int) -> list[str]:
        results = learnt_chain(tuple(ROUNDS[each] for each in rounds))
        return [each.code for each in learning_record(results).warnings]

    assert codes(0, 1) == ["still-learning", "cut-short", "not-labelled"]
    assert codes(0, 1, 2) == ["not-labelled"]
    assert codes(0, 2) == []


def test_after_a_round_without_learning_more_rounds_are_no_advice() -> None:
    idle = tuple(replace(each, best_epoch=0) for each in ROUNDS[2].errors)
    last = replace(ROUNDS[2], errors=idle, explorations=())
    results = replace(learnt_chain((ROUNDS[0], ROUNDS[1], last)), stopped="since nothing was")
    [said] = [each for each in learning_record(results).warnings if each.code == "still-learning"]
    assert f"delete round-{last.number:02d}" in said
    assert "most_labels" not in said


def test_what_trainings_said_is_a_warning() -> None:
    early = Remark("nothing-learnt", "network 2: no epoch was better")
    note, late = Remark("functions-left-out", "3 left out"), Remark("overfitted", "network 1: off")
    rounds = (
        ROUNDS[0],
        replace(ROUNDS[1], warnings=(early, note)),
        replace(ROUNDS[2], warnings=(late,)),
    )
    results = replace(learnt_chain(rounds), remarks=(Remark("no-space-group", "read as P 1"),))
    record = learning_record(results)
    assert [str(each) for each in record.warnings[:3]] == [
        "read as P 1",
        "round 1: network 2: no epoch was better",
        "network 1: off",
    ]
    assert record.warnings[1].severity == "problem"
    assert [each.best_epoch for each in record.rounds[1].errors] == [20, 19]


def test_advice_is_only_what_can_be_followed() -> None:
    def said(first: Round, second: Round) -> list[str]:
        return [str(each) for each in learnt_chain((first, second)).warnings]

    unlabelled = replace(ROUNDS[1], n_labelled=0, n_refused=2)
    assert "ask for more `rounds`" in said(ROUNDS[0], ROUNDS[1])[0]
    half_asked_for = replace(ROUNDS[1], n_labelled=0, n_refused=1)
    assert "ask for more `rounds`" in said(ROUNDS[0], half_asked_for)[0]
    assert "none of them has a label" in said(ROUNDS[0], unlabelled)[0]
    broken = replace(ROUNDS[0], n_refused=1, refusals=("C0: a bond broke",))
    [early, refused] = [each for each in said(broken, ROUNDS[1]) if "the teacher" in each]
    assert "stopped moving 1 fragments early" in early
    assert "C0" in early
    assert "no number for 1 fragments" in refused
    assert "C0" not in refused


def test_tables_have_a_row_for_each_round_and_each_fragment() -> None:
    rounds, explorations, found = learning_tables(learning_record(learnt_chain()))
    rows = list(rounds.rows)
    assert [each["force_RMSE_eV_per_A_2"] for each in rows] == [None, 0.125, 0.12]
    assert [each["n_labelled"] for each in rows] == [40, 1, 0]
    assert [each["round"] for each in explorations.rows] == [1, 2]
    assert [each["site"] for each in found.rows] == ["C0", "H2"]
