"""Thousands of structures, unattended: a store that is never half written, and what fills it.

>>> from nearsight.campaigns import Specification, Store, on_this_machine, read_inputs, run_campaign
>>> from nearsight.workflows import HeatCapacitySettings, ModelSpec
>>> asked = Specification({"heat-capacity": HeatCapacitySettings()}, (ModelSpec("sevennet-0"),))
>>> store = Store.create("run.db", asked)  # doctest: +SKIP
>>> for n in store.add(read_inputs(["cifs"])):  # doctest: +SKIP
...     print(n, "structures were read")
>>> run_campaign(store, on_this_machine(2))  # doctest: +SKIP

The store is an ASE database: ``ase db run.db n_imaginary=0`` lists what has no imaginary mode.
"""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.campaigns.campaign_file import CampaignFile
    from nearsight.campaigns.cluster import on_cluster, on_scheduler
    from nearsight.campaigns.cluster_profile import HostWorkers, SlurmWorkers, read_profile
    from nearsight.campaigns.export import export_csv, rows_of
    from nearsight.campaigns.inputs import Input, read_inputs
    from nearsight.campaigns.local import on_this_machine
    from nearsight.campaigns.questions import Question, register
    from nearsight.campaigns.run import run_campaign
    from nearsight.campaigns.specification import Specification
    from nearsight.campaigns.status import Status, status_of
    from nearsight.campaigns.store import Store

__all__ = [
    "CampaignFile",
    "HostWorkers",
    "Input",
    "Question",
    "SlurmWorkers",
    "Specification",
    "Status",
    "Store",
    "export_csv",
    "on_cluster",
    "on_scheduler",
    "on_this_machine",
    "read_inputs",
    "read_profile",
    "register",
    "rows_of",
    "run_campaign",
    "status_of",
]

import_at_first_use(__name__)
