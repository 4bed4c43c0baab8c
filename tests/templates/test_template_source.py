"""The templates as text: what the injector relies on, and both grammars."""

import ast
import builtins
import symtable

import pytest

from lnpatch.folders import templates
from tests.conftest import assert_compiles

FOLDER = templates() / "layers"
NAMES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.py"))


@pytest.fixture(params=NAMES)
def text(request):
    """The text of each template."""
    return (FOLDER / request.param).read_text("ascii")


def imported(text):
    """The names that a template's import block binds."""
    blocks = [node for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom)]
    return {alias.asname or alias.name for node in blocks for alias in node.names}


def symbols(text):
    """Every symbol of every function of a template, nested ones included."""

    def below(table):
        for child in table.get_children():
            if child.get_type() == "function":
                yield from child.get_symbols()
            yield from below(child)

    return list(below(symtable.symtable(text, "template", "exec")))


def test_the_layout_is_what_the_recipes_name():
    assert NAMES == [
        "ln.py",
        "lngru.py",
        "lnlstm.py",
        "state_argument/lngru.py",
        "state_argument/lnlstm.py",
        "state_keyword/lngru.py",
        "state_keyword/lnlstm.py",
    ]


def test_a_template_is_a_docstring_imports_and_functions(text):
    kinds = [type(node).__name__ for node in ast.parse(text).body]
    assert kinds[0] == "Expr"
    assert ast.get_docstring(ast.parse(text))
    rest = [kind.replace("ImportFrom", "Import") for kind in kinds[1:]]
    assert rest == sorted(rest, key=["Import", "FunctionDef"].index)


def test_every_function_is_documented(text):
    functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    assert functions
    assert all(ast.get_docstring(function) for function in functions)


def test_the_import_block_declares_exactly_what_the_functions_use(text):
    used = {symbol.get_name() for symbol in symbols(text) if symbol.is_global()}
    assert used - set(vars(builtins)) == imported(text)


def test_no_local_name_is_an_imported_name(text):
    local = {symbol.get_name() for symbol in symbols(text) if symbol.is_local()}
    assert not local & imported(text)


def test_lines_fit_any_indentation_and_the_width(text):
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    for line in text.splitlines():
        assert (len(line) - len(line.lstrip(" "))) % 4 == 0, line
        assert "\t" not in line
        assert line == line.rstrip()
        assert len(line) <= 100


def test_the_templates_are_python_2(python2):
    assert_compiles(python2, FOLDER, NAMES)
