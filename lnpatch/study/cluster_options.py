"""What a user may choose about the jobs of a cluster."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ClusterOptions:
    """What is asked of a cluster for each run."""

    #: ``slurm``, or what a plugin of submitit's calls itself.
    name: str
    #: The partition of SLURM.
    partition: str | None = None
    #: The time limit.
    minutes: int | None = None
    #: The memory, in GB.
    memory: float | None = None
    cpus: int | None = None
    #: By default one for a study on cards, and none for another one.
    gpus: int | None = None
    #: Further parameters, as ``KEY=VALUE``.
    parameters: tuple[str, ...] = ()
