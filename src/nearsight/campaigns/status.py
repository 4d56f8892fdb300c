"""How a campaign stands, as numbers of a few queries."""

from collections import Counter
from dataclasses import dataclass

from nearsight.campaigns.campaign_file import CampaignFile
from nearsight.campaigns.schema import LARGE


@dataclass(frozen=True)
class Tally:
    """The jobs of one workflow and model."""

    workflow: str
    model: str
    done: int
    waiting: int
    failed: Counter[str]
    """By reason."""
    seconds: float
    """All that was spent on what has ended."""

    @property
    def total(self) -> int:
        """How many jobs there are."""
        return self.done + self.waiting + self.failed.total()


@dataclass(frozen=True)
class Status:
    """How a campaign stands."""

    n_names: int
    """Structures that were given."""
    n_unreadable: int
    n_structures: int
    """Different ones among those that could be read."""
    tallies: tuple[Tally, ...]

    @property
    def is_complete(self) -> bool:
        """Whether nothing waits, and something was asked."""
        return bool(self.tallies) and all(tally.waiting == 0 for tally in self.tallies)

    @property
    def n_failed(self) -> int:
        """Failures of any reason, with structures that cannot be read."""
        return self.n_unreadable + sum(tally.failed.total() for tally in self.tallies)


def status_of(campaign: CampaignFile) -> Status:
    """Return how a campaign stands.

    Parameters
    ----------
    campaign
        The campaign.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.campaigns import Input, Specification, Store, status_of
    >>> from nearsight.models import ModelSpec
    >>> from nearsight.workflows import EnergySettings
    >>> asked = Specification({"energy": EnergySettings()}, (ModelSpec("ase:emt"),))
    >>> store = Store.create("run.db", asked)
    >>> added = list(store.add([Input("Cu", bulk("Cu")), Input("Al", bulk("Al"))]))
    >>> print(status_of(store).n_structures, "structures")
    2 structures
    """
    [(n_names, n_readable, n_structures)] = campaign.select(
        "SELECT count(*), count(sha256), count(DISTINCT sha256) FROM nearsight_names"
    )
    rows = campaign.select(
        "SELECT workflow, model, state, reason, count(*), total(seconds) FROM nearsight_jobs "
        "GROUP BY workflow, model, state, reason ORDER BY workflow, model"
    )
    tallies = []
    for workflow, model in dict.fromkeys(row[:2] for row in rows):
        own = [row[2:] for row in rows if row[:2] == (workflow, model)]
        by_state = Counter[str]()
        failed = Counter[str]()
        for state, reason, n, _ in own:
            by_state[state] += n
            if state == "failed":
                failed[reason] += n
        seconds = sum(each for *_, each in own)
        waiting = by_state["waiting"] + by_state[LARGE]
        tallies.append(Tally(workflow, model, by_state["done"], waiting, failed, seconds))
    return Status(n_names, n_names - n_readable, n_structures, tuple(tallies))
