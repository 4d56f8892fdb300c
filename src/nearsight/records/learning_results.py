"""Results of learning crystals from their fragments, and the record of them."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from nearsight.provenance import ModelIdentity, installed_versions
from nearsight.records.learning_parts import RoundPart
from nearsight.records.learning_record import LearningRecord
from nearsight.records.shared_fields import UNKNOWN_RUN, Run, model_part, part_of
from nearsight.remarks import Remark, Severity
from nearsight.settings import Settings
from nearsight.structures.naming import paragraph
from nearsight.training.active.rounds import Round


@dataclass(frozen=True, repr=False)
class LearningResults:
    """What came of all rounds."""

    crystals: tuple[str, ...]
    """What they are called."""
    teacher: ModelIdentity
    model: ModelIdentity
    """The first potential of the last round, which has learnt from all labels."""
    potential: Path
    """Its folder."""
    fragment_radius_A: float
    cutoff_A: float
    """Of the potential."""
    rounds: tuple[Round, ...]
    """From that of first frames on."""
    stopped: str
    """Why there are no more, as a sentence goes on after “stopped”."""
    remarks: tuple[Remark, ...] = ()
    """What is to be known of the crystals as they were read."""

    def __repr__(self) -> str:
        return paragraph(
            self,
            f"{', '.join(self.crystals)} by {self.teacher.name}",
            f"{len(self.rounds)} rounds, {self.rounds[-1].n_learnt} labelled structures",
            f"stopped {self.stopped}",
        )

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What must be known before the potential is used."""
        return tuple(self._warnings())

    def _warnings(self) -> Iterator[Remark]:
        yield from self.remarks
        *earlier, last = self.rounds
        for done in earlier:
            for each in done.warnings:
                if each.severity is Severity.PROBLEM and each not in last.warnings:
                    yield Remark(each.code, f"round {done.number}: {each}", each.severity)
        yield from last.warnings
        yield from self._about_rounds()

    def _about_rounds(self) -> Iterator[Remark]:
        explored = [each for each in self.rounds if each.explorations]
        last = self.rounds[-1]
        if last.unlearnt:
            yield Remark(
                "still-learning",
                f"learning ended {self.stopped}: correct the settings of training, delete "
                f"round-{last.number:02d}, and the same folder goes on from there.",
            )
        elif explored and explored[-1].n_picked:
            what = (
                "ask for more `rounds` or `most_labels`, and the same folder goes on."
                if explored[-1].n_labelled or explored[-1].n_asked < explored[-1].n_picked
                else "none of them has a label, so that there was nothing to go on with."
            )
            yield Remark(
                "still-learning",
                f"the last dynamics by what was learnt until then still found "
                f"{explored[-1].n_picked} fragments to learn; {what}",
            )
        for each in explored[-1].explorations if explored else ():
            if each.stopped is not None:
                yield Remark(
                    "cut-short",
                    f"{each.crystal} moved for {each.reached_ps:.3g} of {each.asked_ps:.3g} ps in "
                    f"the last dynamics by what was learnt until then: {each.stopped}",
                )
        first, *later = self.rounds
        if first.n_refused:
            yield Remark(
                "not-labelled",
                f"the teacher stopped moving {first.n_refused} fragments early, of which only "
                f"frames until then were learnt: {'; '.join(first.refusals)}",
            )
        n_refused = sum(each.n_refused for each in later)
        if n_refused:
            why = dict.fromkeys(why for each in later for why in each.refusals)
            yield Remark(
                "not-labelled",
                f"the teacher had no number for {n_refused} fragments, which were not learnt: "
                f"{'; '.join(why)}",
            )


def learning_record(results: LearningResults, run: Run = UNKNOWN_RUN) -> LearningRecord:
    """Return the record of learning."""
    asked = run.asked.to_json() if isinstance(run.asked, Settings) else run.asked
    return LearningRecord(
        structure=", ".join(results.crystals),
        crystals=results.crystals,
        teacher=model_part(results.teacher),
        model=model_part(results.model),
        fragment_radius_A=results.fragment_radius_A,
        cutoff_A=results.cutoff_A,
        n_learnt=results.rounds[-1].n_learnt,
        rounds=tuple(map(_part, results.rounds)),
        stopped=results.stopped,
        versions=installed_versions(),
        settings=dict(asked or {}),
        seconds=run.seconds,
        warnings=results.warnings,
        results=results,
    )


def _part(done: Round) -> RoundPart:
    """Return what a record says of a round, of whose warnings the record has those that count."""
    values = asdict(done)
    return part_of(RoundPart, {name: values[name] for name in RoundPart.__dataclass_fields__})
