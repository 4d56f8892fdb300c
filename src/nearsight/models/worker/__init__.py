"""A model in another Python environment, as if it were in this one.

`connect` starts that environment's Python with ``python -m nearsight.models.worker``, which loads
the model and serves the verbs of `nearsight.models.contract.Model`; the `WorkerModel` here is a
`Model` like any other. A worker that dies or hangs is started again, once in every call, and the
call goes on from where it was.

**Who can reach it.** The channel is an anonymous pair of sockets, of which the worker inherits one
end: it has no name and no port, so that no other user or process can connect. A random token,
handed over on the worker's standard input, must come back on the channel before anything else is
accepted. What travels is JSON and arrays of numbers (`frames.py`); nothing is unpickled.

**Threads.** The worker inherits the environment, ``OMP_NUM_THREADS`` included. What
`torch.set_num_threads` was told in this process it does not know.
"""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.models.worker.client import WorkerModel, connect
    from nearsight.models.worker.place import in_worker

__all__ = ["WorkerModel", "connect", "in_worker"]

import_at_first_use(__name__)
