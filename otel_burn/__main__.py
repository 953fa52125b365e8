"""`python -m otel_burn` is `otel-burn`."""

import sys

from otel_burn.cli import main

sys.exit(main())
