"""The store process, without pandas: Arrow imports it with the first array that it makes, where it is installed."""

import sys
from importlib.abc import MetaPathFinder


class WithoutPandas(MetaPathFinder):
    """Has it look as if it were not installed: half a second and 40 MiB for what is not used here."""

    @staticmethod
    def find_spec(fullname: str, *_: object) -> None:
        """Find nothing else."""
        if fullname == "pandas":
            raise ModuleNotFoundError("pandas is not used here", name=fullname)


sys.meta_path.insert(0, WithoutPandas())

from otel_burn_collector.process import run_process  # noqa: E402
from otel_burn_collector.store.serving import main  # noqa: E402

if __name__ == "__main__":
    run_process(main, "store")
