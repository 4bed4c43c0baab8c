"""THEANO_FLAGS in the words of PyTensor and JAX; without either of them."""

import importlib.util

import pytest

from lnpatch.folders import templates


@pytest.fixture(scope="module")
def flags():
    """The module, loaded from its file: the package would import PyTensor."""
    path = templates() / "pytensor" / "theano" / "_flags.py"
    spec = importlib.util.spec_from_file_location("theano_flags", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("theano", "pytensor"),
    [
        ("", "floatX=float32,mode=CVM"),
        ("floatX=float64", "floatX=float64,mode=CVM"),
        ("device=gpu0,lib.cnmem=0.9,floatX=float32", "floatX=float32,mode=CVM"),
        ("gcc.cxxflags=-O2,scan.allow_gc=True", "floatX=float32,mode=CVM,gcc__cxxflags=-O2,scan__allow_gc=True"),
        ("mode=FAST_RUN,linker=cvm,nvcc.fastmath=True", "floatX=float32,mode=CVM"),
        (" optimizer = None ", "floatX=float32,mode=CVM,optimizer=None"),
    ],
)
def test_pytensor_gets(flags, theano, pytensor):
    environment = {"THEANO_FLAGS": theano}
    flags.apply_flags(environment)
    assert environment["PYTENSOR_FLAGS"] == pytensor


CUDA = {"JAX_PLATFORMS": "cuda", "XLA_FLAGS": "--xla_gpu_dot_merger_threshold_mb=0"}


@pytest.mark.parametrize(
    ("theano", "jax"),
    [
        ("", {}),
        ("device=cpu", {"JAX_PLATFORMS": "cpu"}),
        ("device=gpu,lib.cnmem=0.8", {**CUDA, "XLA_PYTHON_CLIENT_MEM_FRACTION": "0.8"}),
        ("device=cuda0,gpuarray.preallocate=0.5", {**CUDA, "XLA_PYTHON_CLIENT_MEM_FRACTION": "0.5"}),
        ("device=cuda,gpuarray.preallocate=4000", CUDA),
    ],
)
def test_jax_gets(flags, theano, jax):
    settings = flags.translate_for_jax(flags.parse_flags(theano), None)
    assert {name: value for name, value in settings.items() if name != "TF_CPP_MIN_LOG_LEVEL"} == jax


def test_the_users_xla_flags_come_last(flags):
    environment = {"THEANO_FLAGS": "device=cuda", "XLA_FLAGS": "--xla_gpu_dot_merger_threshold_mb=32"}
    flags.apply_flags(environment)
    assert environment["XLA_FLAGS"] == f"{CUDA['XLA_FLAGS']} --xla_gpu_dot_merger_threshold_mb=32"


def test_one_cache_folder_serves_both(flags):
    environment = {"LNPATCH_CACHE": "/c"}
    flags.apply_flags(environment)
    assert "base_compiledir=/c/pytensor" in environment["PYTENSOR_FLAGS"]
    assert environment["JAX_COMPILATION_CACHE_DIR"] == "/c/jax"


def test_what_the_user_set_stays(flags):
    environment = {"PYTENSOR_FLAGS": "floatX=float64", "JAX_PLATFORMS": "rocm", "THEANO_FLAGS": "device=gpu"}
    flags.apply_flags(environment)
    assert environment["PYTENSOR_FLAGS"].endswith(",floatX=float64")  # the last one wins
    assert environment["JAX_PLATFORMS"] == "rocm"


def test_a_setting_of_no_use_is_named(flags, capsys):
    flags.apply_flags({"THEANO_FLAGS": "frobnicate=1,floatX=float32"})
    assert "frobnicate" in capsys.readouterr().err
