"""What is told and printed of learning a crystal from its fragments."""

from nearsight.printable import printable_name
from nearsight.tables.lines import print_line
from nearsight.training.active.picking import DISAGREEMENT, EXTRAPOLATION
from nearsight.training.active.rounds import Round
from nearsight.workflows.learn import Learning

_COLUMNS = ("round", "learnt", "meV/atom", "eV/Å", "moved/ps", "disagree", "beyond", "labelled")
_WIDTHS = (5, 6, 11, 13, 9, 8, 6, 8)
ROUNDS_HEAD = ("  ".join(name.rjust(width) for name, width in zip(_COLUMNS, _WIDTHS, strict=True)),)


def round_line(done: Round) -> str:
    """Return the line of a round: errors of both networks, and what was found by reason."""
    picked = [
        sum(each.n_picked.get(reason, 0) for each in done.explorations)
        for reason in (DISAGREEMENT, EXTRAPOLATION)
    ]
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


def print_learning(learning: Learning) -> None:
    """Print where it ended, and what there is."""
    last = learning.rounds[-1]
    print(f"\n{', '.join(map(printable_name, learning.crystals))}")
    print_line("stopped", learning.stopped)
    print_line("learnt from", f"{last.n_learnt} labelled structures")
    for number, each in enumerate(last.errors, start=1):
        print_line(
            f"network {number}",
            f"{1000 * each.energy_RMSE_eV_per_atom:.2f} meV/atom and "
            f"{each.force_RMSE_eV_per_A:.3f} eV/Å on structures kept for tests",
        )
    refused = sum(each.n_refused for each in learning.rounds)
    if refused:
        said = "; ".join(dict.fromkeys(why for each in learning.rounds for why in each.refusals))
        print_line("refused", f"{refused} by the teacher: {said}")
    too_far = sum(each.n_too_far for each in learning.rounds)
    if too_far:
        print_line("left out", f"{too_far} with forces that no motion has")
    print_line("potential", printable_name(str(learning.potential)))
