"""Settings of the whole test-suite, made before JAX starts, and the fixtures that switch JAX's modes."""

import os

# The suite compares bits and reads CPU programs; on another device run `jconv verify`.
os.environ.setdefault("JAX_PLATFORMS", "cpu")
# What was tuned on this machine must not decide what is tested.
os.environ["JCONV_TUNED"] = ""
# Otherwise PyTorch's threads spin while XLA's want the cores.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import hypothesis
import jax
import pytest

jax.config.update("jax_num_cpu_devices", 8)  # virtual ones, for the tests of sharding

hypothesis.settings.register_profile(
    "jconv",
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    phases=[hypothesis.Phase.generate],  # no shrinking: each try compiles, and what is drawn is small already
    report_multiple_bugs=False,
)
hypothesis.settings.load_profile("jconv")


def pytest_configure(config):
    """Leave out the long sweeps, unless the command line says which marks it wants."""
    if not config.option.markexpr:
        config.option.markexpr = "not slow"


@pytest.fixture(autouse=True)
def forgotten_programs(request):
    """Forget the programs of a long sweep: after some thousands XLA's compiler can map no more memory, and crashes."""
    yield
    if request.node.get_closest_marker("slow"):
        jax.clear_caches()


@pytest.fixture
def x64():
    """Let float64 and complex128 exist."""
    with jax.enable_x64(True):
        yield


@pytest.fixture
def strict():
    """Forbid every implicit promotion of dtype and rank, as some users' programs do."""
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        yield
