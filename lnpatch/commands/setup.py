"""``lnpatch setup``: build or mend the environment that trains a target."""

from __future__ import annotations

from lnpatch.commands.locate import Target, locate_recipe
from lnpatch.runtimes.choose import choose_runtime
from lnpatch.runtimes.environment import Environment, ReportStep
from lnpatch.runtimes.runtime_options import RuntimeOptions


def setup(
    target: Target = None,
    *,
    runtime: RuntimeOptions | None = None,
    report_step: ReportStep = lambda text: None,
) -> tuple[Environment, bool]:
    """Build the environment for all jobs of a target; return it, and whether it was there already.

    Args:
        target: a name, an alias, the path of a recipe file, or a recipe; None for the one that is around.
        runtime: which Python, backend and device; by default what is there.
        report_step: called with what is being done.

    Raises:
        LnpatchError: there is no Python for it, or a package could not be installed.
    """
    recipe = locate_recipe(target)
    chosen = choose_runtime(runtime or RuntimeOptions(), recipe)
    existing = chosen.find_environment(recipe)
    if existing is not None:
        return existing, True
    return chosen.ensure_environment(recipe, None, report_step), False
