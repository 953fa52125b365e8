"""The store process, without pandas."""

from otel_burn_collector.without_pandas import refuse_pandas

refuse_pandas()

from otel_burn_collector.process import run_process  # noqa: E402
from otel_burn_collector.store.serving import main  # noqa: E402

if __name__ == "__main__":
    run_process(main, "store")
