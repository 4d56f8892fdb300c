"""The tables that a campaign has in an ASE database beside those of ASE."""

SCHEMA = 1
"""The number of these tables' form: a store of another one is refused."""

READING = "reading"
"""What the campaign has among its facts while its structures are being read."""

NAMED = "sha256 FROM nearsight_names WHERE sha256 IS NOT NULL"
"""What selects the structures that were given; others were in files that have changed."""

LARGE = "large"
"""The state of what did not fit into a share of the memory, and waits for all of it."""

TABLES = (
    """CREATE TABLE nearsight_campaign (
    name TEXT PRIMARY KEY,  -- schema, nearsight (its version), created, specification
    value TEXT NOT NULL)""",
    """CREATE TABLE nearsight_models (
    name TEXT PRIMARY KEY,
    sha256 TEXT NOT NULL,  -- of the identity, of which all records are
    identity TEXT NOT NULL)""",
    """CREATE TABLE nearsight_structures (
    sha256 TEXT PRIMARY KEY,  -- of what defines the structure
    atoms BLOB NOT NULL,  -- arrays as .npz
    remarks TEXT NOT NULL,  -- what was noticed when it was read, as JSON
    formula TEXT NOT NULL,
    n_atoms INTEGER NOT NULL)""",
    """CREATE TABLE nearsight_names (
    name TEXT PRIMARY KEY,  -- paths as they were given; duplicates have one structure
    sha256 TEXT,  -- NULL where the structure cannot be read
    message TEXT)  -- why not""",
    """CREATE TABLE nearsight_jobs (
    key TEXT PRIMARY KEY,  -- of structure, workflow, settings and model
    sha256 TEXT NOT NULL,  -- of the structure
    workflow TEXT NOT NULL,
    model TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',  -- or done, failed, large, as LARGE says
    system INTEGER,  -- id of the row of ASE's table, once there is one
    deaths INTEGER NOT NULL DEFAULT 0,  -- workers that ended while they were at it
    error TEXT, reason TEXT, message TEXT,  -- of a failure
    seconds REAL, peak_memory_bytes INTEGER, host TEXT, ended TEXT)""",
    "CREATE INDEX nearsight_jobs_by_state ON nearsight_jobs (model, state)",
    # Also of a version of Nearsight in which a workflow has more settings, and jobs other keys.
    "CREATE UNIQUE INDEX nearsight_jobs_by_structure ON nearsight_jobs (sha256, workflow, model)",
    "CREATE INDEX nearsight_names_by_structure ON nearsight_names (sha256)",
)
