"""What is told and printed of learning a crystal from its fragments, and its tables."""

from nearsight.printable import printable_name
from nearsight.records.learning_parts import ExplorationPart, PickedPart, RoundPart
from nearsight.records.learning_record import LearningRecord
from nearsight.tables.lines import print_line
from nearsight.tables.table import Column, Table
from nearsight.training.active.rounds import DISAGREEMENT, EXTRAPOLATION, Round

_COLUMNS = ("round", "learnt", "meV/atom", "eV/Å", "moved/ps", "disagree", "beyond", "labelled")
_WIDTHS = (5, 6, 11, 13, 9, 8, 6, 8)
ROUNDS_HEAD = ("  ".join(name.rjust(width) for name, width in zip(_COLUMNS, _WIDTHS, strict=True)),)


def round_line(done: Round | RoundPart) -> str:
    """Return the line of a round: errors of both networks, and what was found by reason."""
    picked = [done.n_picked_for(reason) for reason in (DISAGREEMENT, EXTRAPOLATION)]
    cells = (
        str(done.number),
        str(done.n_learnt),
        "/".join(f"{1000 * each.energy_RMSE_eV_per_atom:.1f}" for each in done.errors),
        "/".join(f"{each.force_RMSE_eV_per_A:.3f}" for each in done.errors),
        "/".join(f"{each.reached_ps:.3g}" for each in done.explorations),
        *(map(str, picked) if done.explorations else ("", "")),
        str(done.n_labelled),
    )
    return "  ".join(cell.rjust(width) for cell, width in zip(cells, _WIDTHS, strict=True))


def print_learning(record: LearningRecord) -> None:
    """Print where it ended, and what there is."""
    last = record.rounds[-1]
    print(f"\n{', '.join(map(printable_name, record.crystals))}")
    print_line("stopped", record.stopped)
    print_line(
        "learnt from",
        f"{last.n_learnt} labelled structures, fragments of {record.fragment_radius_A:.6g} Å; "
        f"cutoff {record.cutoff_A:.6g} Å",
    )
    for number, each in enumerate(last.errors, start=1):
        print_line(
            f"network {number}",
            f"{1000 * each.energy_RMSE_eV_per_atom:.2f} meV/atom and "
            f"{each.force_RMSE_eV_per_A:.3f} eV/Å on structures kept for tests",
        )
    too_far = sum(each.n_too_far for each in record.rounds)
    if too_far:
        print_line("left out", f"{too_far} with forces that no motion has")
    print_line("model", printable_name(record.model.name))


def learning_tables(record: LearningRecord) -> list[Table]:
    """Return rounds with the errors of both networks, explorations, and what was found in them."""
    rounds = record.rounds
    plain = ("n_learnt", "threshold_eV_per_A", "n_labelled", "n_refused", "n_too_far")
    errors = [
        Column(f"{name}_{place + 1}", [_error(each, place, name) for each in rounds])
        for place in range(max(len(each.errors) for each in rounds))
        for name in ("energy_RMSE_eV_per_atom", "force_RMSE_eV_per_A")
    ]
    of_rounds = Table(
        (
            Column("round", [each.number for each in rounds]),
            *(Column(name, [getattr(each, name) for each in rounds]) for name in plain),
            *errors,
        ),
    )
    explorations = [(each, one) for each in rounds for one in each.explorations]
    picked = [(each, one, pick) for each, one in explorations for pick in one.picked]
    names = [name for name in ExplorationPart.__dataclass_fields__ if name != "picked"]
    return [
        of_rounds,
        Table(
            (
                Column("round", [each.number for each, _ in explorations]),
                *(Column(name, [getattr(one, name) for _, one in explorations]) for name in names),
            ),
            "explorations",
        ),
        Table(
            (
                Column("round", [each.number for each, *_ in picked]),
                Column("crystal", [one.crystal for _, one, _ in picked]),
                *(
                    Column(name, [getattr(pick, name) for *_, pick in picked])
                    for name in PickedPart.__dataclass_fields__
                ),
            ),
            "found",
        ),
    ]


def _error(done: RoundPart, place: int, name: str) -> float | None:
    return getattr(done.errors[place], name) if place < len(done.errors) else None
