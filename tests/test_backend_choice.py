"""If Keras's backend is not installed, the error names the installed one and how to choose it."""

import os
import subprocess
import sys

import pytest

OTHER = {"jax": "tensorflow", "tensorflow": "jax"}


def python(code, folder, **environment):
    env = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    env |= {"KERAS_HOME": str(folder), **environment}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)


@pytest.mark.parametrize(
    "code",
    [
        "import kcore; kcore.models.mlp()",
        "from kcore import inspect",
        "import kcore.augment",
        "import kcore.data",
        "import kcore.nn",
        "from kcore.training import StopAtTarget",
        "import kcore; kcore.visualize.LiveReport",
    ],
)
def test_a_missing_backend_is_named_with_the_installed_one(code, environment, tmp_path):
    installed = environment.backend
    result = python(code, tmp_path, KERAS_BACKEND=OTHER[installed])
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith(
        f"ModuleNotFoundError: Keras's backend is {OTHER[installed]!r}, which is not installed. "
        f"Installed: {installed}. Choose it before the first import of Keras: "
        f"with KERAS_BACKEND={installed} in the environment"
    )


def test_without_a_choice_keras_takes_tensorflow(environment, tmp_path):
    """Keras then takes TensorFlow, whether it is installed or not."""
    result = python("import kcore; kcore.models.mlp(); print('built')", tmp_path)
    if environment.backend == "tensorflow":
        assert result.stdout.strip() == "built"
    else:
        assert "Keras's backend is 'tensorflow', which is not installed" in result.stderr


def test_other_missing_modules_are_named_as_usual(environment, tmp_path):
    code = "import sys; sys.modules['ml_dtypes'] = None; import kcore; kcore.models"
    result = python(code, tmp_path, KERAS_BACKEND=environment.backend)
    assert "Keras's backend is" not in result.stderr
    assert "ml_dtypes" in result.stderr


@pytest.mark.parametrize("subpackage", ["images", "datasets", "shapes", "random", "visualize"])
def test_subpackages_that_need_no_backend_work_without_one(subpackage, environment, tmp_path):
    result = python(
        f"import kcore; kcore.{subpackage}", tmp_path, KERAS_BACKEND=OTHER[environment.backend]
    )
    assert result.returncode == 0, result.stderr
