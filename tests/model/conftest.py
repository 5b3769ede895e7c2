"""One folder of compiled programs for all of the engine's tests of a session."""

import pytest


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> str:
    from mmm_core.modeling import compile_cache

    folder = str(tmp_path_factory.mktemp("compiled"))
    compile_cache.use_jax_cache(compile_cache.configure(folder, "cpu"))
    return folder
