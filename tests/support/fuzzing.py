"""How many examples hypothesis tries: profiles, and the share of a test that is slower than others.

`suite` is what `make test` runs: always the same examples, about a minute for all tests together. `nightly`
is `make fuzz`: hundreds of times as many, others each time, and the seed is printed.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

IN_THE_SUITE = 100
"""Examples of a test with no share of its own."""
AT_NIGHT = 300 * IN_THE_SUITE

# Time is measured in `benchmarks/`; here machines are busy, and texts may have to be long to be of use.
_ALWAYS = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
settings.register_profile("suite", _ALWAYS, max_examples=IN_THE_SUITE, derandomize=True, database=None)
settings.register_profile("nightly", _ALWAYS, max_examples=AT_NIGHT, print_blob=True)


def examples(in_the_suite: int) -> settings:
    """Settings of a test that tries so many examples in the suite, and in proportion with other profiles."""
    profile = settings()
    return settings(profile, max_examples=max(1, in_the_suite * profile.max_examples // IN_THE_SUITE))
