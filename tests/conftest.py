"""What holds for every test."""

from hypothesis import HealthCheck, settings

# Time says nothing, as the machine may be slow or shared; and whoever draws examples for a fixture empties it himself.
settings.register_profile(
    "shared machine",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("shared machine")
