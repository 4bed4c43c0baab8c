"""The engine of 2016: Python 2.7 and the Theano that the repositories were written for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from lnpatch.checkout.worktree import Checkout
from lnpatch.errors import NoEngineError, NoPython2Error, WrongPythonError
from lnpatch.folders import cache_folder, templates
from lnpatch.recipes.recipe import Engine, Recipe
from lnpatch.runtimes.environment import Environment, Progress, Spec, ensure, find
from lnpatch.runtimes.find_python2 import find_python2, is_python2
from lnpatch.runtimes.launch import Launch, huge_pages
from lnpatch.runtimes.theano_flags import theano_flags

#: Modules by the distributions that bring them, where the names differ.
_MODULES = {"scikit-learn": "sklearn"}


class TheanoRuntime:
    """Runs the checkout as it is, under Python 2.7 with Theano."""

    name = "theano"

    def __init__(self, python: str | None = None) -> None:
        self._given = python

    def spec(self, recipe: Recipe) -> Spec:
        """The environment that trains *recipe*.

        Raises:
            NoEngineError: the recipe does not say what it needs.
            NoPython2Error, WrongPythonError: there is no Python 2.7.
        """
        engine = _engine(recipe)
        packages = [*engine.packages, *engine.extras]
        names = [package.partition("=")[0].lower() for package in packages]
        imports = tuple(_MODULES.get(name, name) for name in names)
        return Spec("theano-py2.7", self._base(), (engine.packages, engine.extras), imports, python2=True)

    def find(self, recipe: Recipe, job: str | None = None) -> Environment | None:
        """The environment if it is there and whole; one serves all jobs."""
        return find(self.spec(recipe))

    def ensure(self, recipe: Recipe, job: str | None, progress: Progress) -> Environment:
        """The environment, built if need be.

        Raises:
            LnpatchError: there is no Python 2.7, or a package could not be installed.
        """
        return ensure(self.spec(recipe), progress)

    def code(self, recipe: Recipe, checkout: Checkout, into: Path) -> Path:
        """The checkout itself."""
        return checkout.root.absolute()

    def launch(
        self,
        recipe: Recipe,
        environment: Environment,
        script: str,
        arguments: tuple[str, ...],
        directory: Path,
        *,
        device: str = "cpu",
        options: tuple[str, ...] = (),
        path: Sequence[str] = (),
    ) -> Launch:
        """A launch of one of the engine's scripts in *directory*; ``options`` are the interpreter's, ``path`` its PYTHONPATH."""
        version = environment.version("theano")
        compile_dir = cache_folder("compiled", f"theano-{version}-numpy-{environment.version('numpy')}")
        wanted = _engine(recipe).flags
        variables = {
            **huge_pages(),
            "THEANO_FLAGS": theano_flags(version, device, compile_dir, wanted, os.environ.get("THEANO_FLAGS", "")),
            "PYTHONPATH": os.pathsep.join(path),
            "PYTHONNOUSERSITE": "1",
            "PYTHONDONTWRITEBYTECODE": "1",  # attentive-reader has .pyc files under version control
            "PYTHONIOENCODING": "utf-8",
        }
        file = templates() / script
        return Launch(environment.python, ("-u", *options, os.fspath(file), *arguments), directory, variables)

    def _base(self) -> Path:
        if self._given is not None:
            python = Path(self._given)
            if not is_python2(python):
                raise WrongPythonError(self._given, "2.7")
            return python
        found = find_python2()
        if found is None:
            raise NoPython2Error()
        return found


def _engine(recipe: Recipe) -> Engine:
    if recipe.engine is None:
        raise NoEngineError(recipe.reference, str(recipe.origin))
    return recipe.engine
