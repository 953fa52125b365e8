"""What does a call cost? Dated rates, and the arithmetic from usage to dollars."""

from otel_burn.prices.calculation import Line, Price, billed_model, price
from otel_burn.prices.table import Rate, rates
from otel_burn.prices.version import RATE_VERSION

__all__ = ["Line", "Price", "price", "billed_model", "Rate", "rates", "RATE_VERSION"]
