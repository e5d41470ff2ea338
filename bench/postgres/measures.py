"""The measures of the PostgreSQL store by name. Figures are per second unless a name says else."""

from collections.abc import Callable

from bench.postgres.clocks import pg_clocks
from bench.postgres.folding import pg_projections, pg_rebuild
from bench.postgres.looking_back import pg_state_at
from bench.postgres.proving import pg_proof, pg_proof_writers
from bench.postgres.stopping import pg_beside_expiry, pg_expiry
from bench.postgres.tail import pg_tail
from bench.postgres.visible import pg_visible
from bench.postgres.writing import pg_writes_1, pg_writes_8

POSTGRES_MEASURES: dict[str, Callable[[], dict[str, float]]] = {
    "pg_writes_1": pg_writes_1,
    "pg_writes_8": pg_writes_8,
    "pg_tail": pg_tail,
    "pg_expiry": pg_expiry,
    "pg_beside_expiry": pg_beside_expiry,
    "pg_projections": pg_projections,
    "pg_rebuild": pg_rebuild,
    "pg_visible": pg_visible,
    "pg_clocks": pg_clocks,
    "pg_state_at": pg_state_at,
    "pg_proof": pg_proof,
    "pg_proof_writers": pg_proof_writers,
}
