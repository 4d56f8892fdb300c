"""The folder in which crystals are learnt: what is in it, and whose it is."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nearsight.errors import CheckpointError, MethodError
from nearsight.fingerprint import fingerprint
from nearsight.models.contract import Model
from nearsight.storage import write_text
from nearsight.training.active.ending import nothing_to_go_on_with
from nearsight.training.active.rounds import Round
from nearsight.training.proposing import Pair
from nearsight.workflows.exploring import Crystal
from nearsight.workflows.learn_settings import LearnSettings

STATE, ROUND, LABELS, LABELLED = "learn.json", "round.json", "labels.jsonl", "labelled.extxyz"
_LIMITS = ("rounds", "most_labels")


def round_folder(out: Path, number: int) -> Path:
    """Return the folder of a round."""
    return out / f"round-{number:02d}"


def require_loadable(out: Path) -> None:
    """Check that a potential in a folder can be named as a model.

    Raises
    ------
    MethodError
        It cannot.
    """
    if "?" in str(out):
        raise MethodError(
            f"{out} has a question mark, and in names of models options follow that, so that no "
            f"potential could be loaded from there; give another folder."
        )


def require_same(
    out: Path,
    crystals: Sequence[Crystal],
    teacher: Model,
    settings: LearnSettings,
    reaches: Mapping[Pair, float] | None,
) -> None:
    """Check that a folder is that of these crystals, this teacher and these settings.

    How many rounds and labels there are at most may be another number than before. First frames
    depend on the radius and their own settings alone, and what was labelled in a round stays right
    whatever picked it: other settings may differ where the round that follows was not begun.

    Raises
    ------
    CheckpointError
        It is that of others, or damaged.
    """
    path = out / STATE
    prints = [fingerprint(each.atoms, teacher.identity, {}) for each in crystals]
    now: dict[str, Any] = {
        "crystals": [each["structure"] for each in prints],
        "teacher": prints[0]["model"],
        **_deciding(settings, reaches),
    }
    if not path.exists():
        write_text(path, json.dumps(now, indent=1))
        return
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
        others = [name for name in ("crystals", "teacher") if before[name] != now[name]]
        first, later = (_changes(before[name], now[name]) for name in ("first", "later"))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path} is damaged; give another folder.") from error
    if others or first:
        what = [f"another {each.removesuffix('s')}" for each in others]
        what += [f"other settings ({first})"] if first else []
        raise CheckpointError(
            f"{out} was made with {' and '.join(what)}; give another folder, or delete that one to "
            f"begin anew."
        )
    if not later:
        return
    begun = _begun(out)
    if begun is not None:
        raise CheckpointError(
            f"{begun} was made with other settings ({later}); give them as they were, or delete "
            f"that folder, and the round is made anew of all labels before it."
        )
    write_text(path, json.dumps(now, indent=1))


def _deciding(
    settings: LearnSettings, reaches: Mapping[Pair, float] | None
) -> dict[str, dict[str, Any]]:
    """Return the settings that first frames depend on, and all others that change anything."""
    groups = settings.to_json()
    del groups["reading"]  # what comes of it are the crystals
    first = groups.pop("first")
    later = {name: value for group in groups.values() for name, value in group.items()}
    first["fragment_radius_A"] = later.pop("fragment_radius_A")
    for name in _LIMITS:
        del later[name]
    if reaches is not None:
        later["locality"] = {"-".join(pair): reaches[pair] for pair in sorted(reaches)}
    plain: dict[str, dict[str, Any]] = json.loads(json.dumps({"first": first, "later": later}))
    return plain


def _changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Return which settings differ, and how."""
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    return ", ".join(
        f"`{name}` {_said(before.get(name))} there, now {_said(now.get(name))}" for name in names
    )


def _said(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value)) or "none"
    if isinstance(value, dict):
        return "another one"
    return "none" if value is None else str(value)


def _begun(out: Path) -> Path | None:
    """Return the folder of the round that is to go on, if there is one."""
    number = 1
    while (folder := round_folder(out, number)).exists():
        done = Round.read(folder / ROUND)
        if done is None or not done.explorations or nothing_to_go_on_with(done) is not None:
            return folder
        number += 1
    return None
