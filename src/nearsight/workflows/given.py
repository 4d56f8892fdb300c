"""What a verb is given, checked before anything is computed: Python itself checks no types."""

from typing import Any

from nearsight.errors import ModelError, SettingError
from nearsight.models.contract import Model
from nearsight.models.spec import ModelSpec
from nearsight.resources import Resources
from nearsight.settings import Settings, describe
from nearsight.workflows.unfinished import Unfinished


def require_settings(settings: Any, kind: type[Settings]) -> None:
    """Check that settings are those of the verb that is given them.

    Raises
    ------
    SettingError
        They are not.
    """
    if type(settings) is kind:  # those of a class below have what this verb would leave aside
        return
    name, given = kind.__name__, type(settings).__name__
    group = next((each.name for each in describe(kind) if each.group is type(settings)), None)
    fitting = f"{name}({group}={given}(...))" if group else f"{name}(...)"
    raise SettingError(f"settings are {fitting} here, not {given}.", "settings")


def require_model(model: Any) -> None:
    """Check that a model is one, or says which one is meant.

    Raises
    ------
    ModelError
        It is not.
    """
    if isinstance(model, str | ModelSpec | Model):
        return
    given = type(model).__name__
    if isinstance(model, Settings):
        raise ModelError(f"the model comes before the settings, which {given} are.")
    if hasattr(model, "get_potential_energy"):
        raise ModelError(
            f"{given} is a calculator; nearsight.models.AseModel({given}(...)) makes a model of it."
        )
    raise ModelError(f"a model is one that was loaded, a ModelSpec or a name, not {model!r:.60}.")


def require_places(unfinished: Any, resources: Any) -> None:
    """Check what says where unfinished work is kept, and what may be used of the machine.

    Raises
    ------
    SettingError
        It is something else.
    """
    if not isinstance(unfinished, Unfinished | None):
        raise SettingError(
            f"unfinished work is kept where nearsight.workflows.keep_unfinished says, not in "
            f"{unfinished!r:.60} itself: `with keep_unfinished(FOLDER) as unfinished: ...`",
            "unfinished",
        )
    if not isinstance(resources, Resources | None):
        raise SettingError(f"resources are Resources(...), not {resources!r:.60}.", "resources")
