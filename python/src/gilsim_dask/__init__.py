"""Spreads a gilsim sweep over a Dask cluster: one task per shard, the program `gilsim` as the worker's engine.

    from distributed import Client
    from gilsim_dask import sweep

    with Client("tcp://scheduler:8786") as client:
        sweep(client, "page.toml", vary=["tools.workers=1..64"], replicates=30, csv="sweep.csv")

The result is byte for byte that of `gilsim sweep` on one machine, however many workers there are and whichever of
them die on the way.
"""

from gilsim_dask._sweep import GilsimError, Part, sweep

__all__ = ["GilsimError", "Part", "sweep"]
