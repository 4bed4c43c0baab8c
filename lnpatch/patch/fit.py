"""Compare the layer-normalized cells of a plan with the plain cells and with the calls of them, before anything is written.

A patch can be carried out edit by edit and still be wrong: a keyword of a call that the plain cell honours falls into the
``**kwargs`` of another layer, which then computes something else without an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lnpatch import conventions, source, syntax
from lnpatch.edits import CheckoutFiles, fill_placeholders
from lnpatch.edits.register import RegisterLayer
from lnpatch.errors import PatchRefusedError, Refusal, SourceSyntaxError
from lnpatch.patch.plan import Plan
from lnpatch.recipes import Recipe

if TYPE_CHECKING:
    import libcst as cst

#: What the refusal of a call is about.
_KIND = "fit"

#: How options begin that say how large something is, which the arrays and the input of a layer say as well.
_SIZES = ("batch_size", "dim")


def refuse_misfits(recipe: Recipe, plan: Plan, values: Mapping[str, str], files: CheckoutFiles) -> None:
    """Refuse a plan after which a call of the layer would fail, or compute something else than what it says.

    Call it after :meth:`Plan.refuse_impossible` and before anything is written or shown as a patch.

    Raises:
        PatchRefusedError: calls do not fit the layer; all of them are listed, each with its file and line.
    """
    with source.deep_recursion():
        misfits = tuple(find_misfits(recipe, plan, values, files))
    if misfits:
        raise PatchRefusedError(plan.target, misfits)


def find_misfits(recipe: Recipe, plan: Plan, values: Mapping[str, str], files: CheckoutFiles) -> Iterator[Refusal]:
    """Yield what does not fit between the cells that a plan registers and the repository; nothing where all fits."""
    reader = _CheckoutReader(plan, files)
    for edit in recipe.edits:
        if not isinstance(edit, RegisterLayer) or edit.needs() - set(values):
            continue
        pair = _read_cells(reader, files.locate(edit.file), edit, values)
        if pair is not None:
            yield from _compare_cells(pair)
            for call in _calls_through(reader, pair.path):
                if call.may_call(values["cell"]):
                    yield from _compare_call(call, pair)


@dataclass(frozen=True)
class _CellPair:
    """The plain cell and the layer-normalized one of a file."""

    path: str
    plain: conventions.Convention
    normalized: conventions.Convention

    def signatures(self, role: conventions.CallRole) -> tuple[conventions.Signature, conventions.Signature]:
        """Return the functions of a role, the plain cell's first."""
        if role is conventions.CallRole.LAYER:
            return self.plain.layer, self.normalized.layer
        return self.plain.initializer, self.normalized.initializer


class _CheckoutReader:
    """The Python files of a checkout as they are; each is parsed once, those of the plan not again."""

    def __init__(self, plan: Plan, files: CheckoutFiles) -> None:
        self.planned = {file.path: file for file in plan.files}
        self.read = files.read
        self._files = files
        self._modules: dict[str, cst.Module | None] = {
            file.path: file.document.module for file in plan.files if file.document is not None
        }

    def paths(self) -> list[str]:
        """Return the paths of all Python files that git tracks."""
        return [path for path in self._files.names() if path.endswith(".py")]

    def parse(self, path: str) -> cst.Module | None:
        """Return the tree of a file, None where there is none or no Python reads it, so that nothing in it is ever called."""
        if path not in self._modules:
            data = self.read(path)
            try:
                self._modules[path] = None if data is None else source.Source.read(data, path).module
            except SourceSyntaxError:
                self._modules[path] = None
        return self._modules[path]


def _read_cells(reader: _CheckoutReader, path: str, edit: RegisterLayer, values: Mapping[str, str]) -> _CellPair | None:
    """Read both cells of a table; None where one of them is not defined in its file."""
    before, file = reader.parse(path), reader.planned.get(path)
    if before is None or file is None or file.module is None or len(edit.value) != 2:
        return None
    tables = conventions.find_layer_tables(before, path)
    plain_pair = next(
        (pair for table in tables if table.name == edit.table if (pair := table.get(values["baseline"]))), None
    )
    if plain_pair is None:
        return None
    plain = conventions.read_cell(before, path, plain_pair.cell, plain_pair.initializer, plain_pair.layer)
    names = [fill_placeholders(name, values) for name in edit.value]
    # Alone: the whole file as it will be has the same functions, and is walked for much longer.
    functions = syntax.functions_by_name(file.module)
    alone = file.module.with_changes(body=[functions[name] for name in names if name in functions])
    normalized = conventions.read_cell(alone, path, fill_placeholders(edit.key, values), *names)
    return _CellPair(path, plain, normalized) if plain is not None and normalized is not None else None


def _calls_through(reader: _CheckoutReader, table_path: str) -> Iterator[conventions.LayerCall]:
    """Yield the calls of layers of the table in *table_path*: in its own file, and in those that import its ``get_layer``."""
    for path in reader.paths():
        # the text first: to parse every file of a repository takes a minute
        if b"get_layer" not in (reader.read(path) or b"") or (module := reader.parse(path)) is None:
            continue
        names = syntax.ModuleNames.of(module)
        if "get_layer" in names.defined:
            is_own = path == table_path
        else:
            is_own = syntax.NameResolver(path, names, reader.read).imports_from(table_path)
        if is_own:
            yield from conventions.find_layer_calls(module, path)


def _compare_cells(pair: _CellPair) -> Iterator[Refusal]:
    """Yield where both cells give back different things, which every caller would meet."""
    plain, normalized = pair.plain, pair.normalized
    unclear = conventions.ReturnForm.UNCLEAR
    if plain.returns is not normalized.returns and unclear not in (plain.returns, normalized.returns):
        detail = f"{plain.layer.name} returns {_say(plain.returns)}, {normalized.layer.name} {_say(normalized.returns)}"
        yield _refuse(pair, plain.layer, normalized.layer, detail)
    if plain.integer_input and not normalized.integer_input:
        detail = f"{plain.layer.name} takes word indices as well, {normalized.layer.name} does not"
        yield _refuse(pair, plain.layer, normalized.layer, detail)
    for role in conventions.CallRole:
        theirs, ours = pair.signatures(role)
        if unread := sorted(key for key in theirs.options_read - ours.options_read if not key.startswith(_SIZES)):
            options = ", ".join(f"options[{key!r}]" for key in unread)
            yield _refuse(pair, theirs, ours, f"{theirs.name} depends on {options}, which {ours.name} does not read")


def _refuse(pair: _CellPair, plain: conventions.Signature, normalized: conventions.Signature, detail: str) -> Refusal:
    return Refusal(pair.path, plain.line, _KIND, normalized.name, "does-not-fit", detail, ())


def _say(form: conventions.ReturnForm) -> str:
    return {"list": "a list", "tuple": "a tuple", "bare": "the variable itself"}[form]


def _compare_call(call: conventions.LayerCall, pair: _CellPair) -> Iterator[Refusal]:
    """Yield why a call that the plain cell takes would fail with the other one, or compute something else."""
    plain, normalized = pair.signatures(call.role)
    if not _takes(plain, call):
        return  # as it stands it is never made of the plain cell: it is for another one of the table
    for detail in (*_compare_positional(call, plain, normalized), *_compare_keywords(call, plain, normalized)):
        yield Refusal(call.path, call.line, _KIND, normalized.name, "does-not-fit", detail, ())


def _takes(function: conventions.Signature, call: conventions.LayerCall) -> bool:
    """Return whether a call is no TypeError, as far as can be said without the values behind ``*`` and ``**``."""
    fits = call.positional <= len(function.names) or bool(function.star)
    return fits and all(map(function.accepts, call.keywords))


def _compare_positional(
    call: conventions.LayerCall, plain: conventions.Signature, normalized: conventions.Signature
) -> Iterator[str]:
    if call.positional > len(normalized.names) and not normalized.star:
        yield f"the call has {call.positional} arguments, of which {normalized.name} takes {len(normalized.names)}"
    for i, (theirs, ours) in enumerate(zip(plain.names, normalized.names, strict=False)):
        # Other names alone are no other meaning: what counts is that one of them stands elsewhere.
        if i < call.positional and theirs != ours and (theirs in normalized.names or ours in plain.names):
            yield f"argument {i + 1} is {theirs} of {plain.name}, but {ours} of {normalized.name}"
            return  # those after it are shifted, too


def _compare_keywords(
    call: conventions.LayerCall, plain: conventions.Signature, normalized: conventions.Signature
) -> Iterator[str]:
    for keyword in call.keywords:
        if not normalized.accepts(keyword):
            yield f"{normalized.name} does not take {keyword}="
        elif plain.honours(keyword) and not normalized.honours(keyword):
            yield f"{plain.name} honours {keyword}=, {normalized.name} would ignore it and compute something else"
    if call.has_star:
        unknown = [name for name in plain.names if not normalized.honours(name)]
        if unknown:
            yield f"the call may pass {', '.join(unknown)} of {plain.name} on by * or **, which {normalized.name} lacks"
