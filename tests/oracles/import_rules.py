"""The rules of what a module of kcore may import, read from its syntax tree."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FRAMEWORKS = frozenset({"tensorflow", "tf_keras", "jax", "jaxlib", "torch", "openvino"})

# Member of kcore -> layer. A member may import those of lower layers and, inside its package,
# itself.
LAYERS = {
    "_arguments": -1,
    "_console": -1,
    "_backend": 0,
    "_arrays": -1,
    "_files": 0,
    "_forks": 0,
    "_locks": 0,
    "_logs": 0,
    "_markup": -2,
    "_memory": 0,
    "_notebook": -1,
    "_progress": 0,
    "_renamed": 0,
    "_settings": 0,
    "shapes": 0,
    "_spreadsheets": 0,
    "_targets": 0,
    "_warning": 0,
    "images": 1,
    "preprocess": 1,
    "random": 1,
    "nn": 2,
    "layers": 2,
    "datasets": 2,
    "data": 2,
    "augment": 3,
    "models": 3,
    "training": 4,
    "inspect": 5,
    "explain": 6,
    "visualize": 7,
}

# Members that may name more than NumPy, Pillow and Keras.
OTHER_PACKAGES = {
    "_markup": {"jinja2"},
    "_progress": {"tqdm"},
    "data": {"grain"},
    "models": {"h5py", "onnxruntime"},
    "visualize": {"matplotlib"},
}

# Packages that cost time to import, and so are imported where they are first used.
IMPORTED_WHERE_USED = frozenset({"jinja2", "matplotlib", "tqdm"})

# Members that must work without any backend, and so can't import Keras where they are imported.
NEEDS_NO_BACKEND = frozenset(
    {
        "_arguments",
        "_arrays",
        "_console",
        "datasets",
        "_files",
        "_forks",
        "images",
        "_locks",
        "_logs",
        "_markup",
        "_memory",
        "_notebook",
        "preprocess",
        "_progress",
        "random",
        "_renamed",
        "_settings",
        "shapes",
        "_spreadsheets",
        "_targets",
        "visualize",
        "_warning",
    }
)
# Packages of these that are imported when they are asked for, and need Keras then.
NEEDS_A_BACKEND = ("kcore.visualize._callbacks",)
STANDARD_LIBRARY_ONLY = frozenset({"_console", "_files", "_forks", "_memory", "shapes"})


@dataclass(frozen=True)
class Import:
    """One module that a file names, and where."""

    module: str
    line: int
    inside_function: bool


def violations(
    source: str,
    module: str,
    known_modules: frozenset[str],
    standard: frozenset[str],
    is_package: bool = False,
) -> list[str]:
    """List what `source`, the text of the module named `module`, may not import.

    Args:
        source: Python source text.
        module: dotted name, such as `kcore.models.cnn` (a package without `__init__`).
        known_modules: dotted names of all modules of kcore, to resolve `from kcore import x`.
        standard: names of the standard library's modules.
        is_package: whether the text is that of the package's `__init__`, in which one leading dot
            means the package itself.
    """
    tree = ast.parse(source)
    member = _member_of_kcore(module)
    found = []
    for imported in [*_imports(tree, module, known_modules, is_package), *_attributes(tree)]:
        problem = _problem(member, imported, standard, module.startswith(NEEDS_A_BACKEND))
        if problem:
            found.append(f"{module}:{imported.line}: {imported.module} {problem}")
    return found


def module_name(path: Path, root: Path) -> str:
    """Return the dotted name of the module in the file `path` below `root`."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def _member_of_kcore(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else None


def _problem(
    member: str | None, imported: Import, standard: frozenset[str], needs_a_backend: bool
) -> str | None:
    top = imported.module.split(".")[0]
    if top in FRAMEWORKS:
        return "is a framework; kcore names none"
    if imported.module.startswith(("keras.src", "keras._")):
        return "is private to Keras"
    if imported.module.startswith("keras.") and imported.module.split(".")[-1] in FRAMEWORKS:
        return "is a framework; kcore names none"
    if imported.module == "importlib.import_module":
        return "hides what it imports"
    if top == "kcore":
        return _upward(member, imported.module)
    if top in standard:
        return None
    if member in STANDARD_LIBRARY_ONLY:
        return "is not the standard library, all that this subpackage may use"
    works_without = member in NEEDS_NO_BACKEND and not needs_a_backend
    if top == "keras" and works_without and not imported.inside_function:
        return "is imported with the module, which must work without a backend"
    if top in IMPORTED_WHERE_USED and not imported.inside_function:
        return "is imported with the module; import it where it is used"
    if top not in {"keras", "numpy", "PIL"} | OTHER_PACKAGES.get(member or "", set()):
        return "is no package that this subpackage may use"
    return None


def _upward(member: str | None, module: str) -> str | None:
    target = _member_of_kcore(module)
    if member is None or target is None or target == member:
        return None
    if member not in LAYERS or target not in LAYERS:
        return f"can't be placed: give {member} and {target} a layer"
    return None if LAYERS[target] < LAYERS[member] else "is not in a lower layer"


def _attributes(tree: ast.AST) -> Iterator[Import]:
    """Find what is reached as an attribute: `kcore.models` after `import kcore`, `keras.src`."""
    aliases = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name in ("keras", "kcore")
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            package = aliases.get(node.value.id)
            if package == "kcore" or (package == "keras" and _is_private(node.attr)):
                yield Import(f"{package}.{node.attr}", node.lineno, True)


def _is_private(name: str) -> bool:
    return name == "src" or name.startswith("_")


def _imports(
    tree: ast.AST, module: str, known_modules: frozenset[str], is_package: bool
) -> Iterator[Import]:
    inside = {id(inner) for node in ast.walk(tree) if _runs_later(node) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        for name in _names(node, module, known_modules, is_package):
            yield Import(name, node.lineno, id(node) in inside)


def _runs_later(node: ast.AST) -> bool:
    """Tell whether what `node` holds isn't run when the module is imported."""
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "TYPE_CHECKING"
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)


def _names(
    node: ast.AST, module: str, known_modules: frozenset[str], is_package: bool
) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module == "importlib" and module != "kcore":
        return [f"importlib.{alias.name}" for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = _base(node, module, is_package)
        return [_member(base, alias.name, known_modules) for alias in node.names]
    if isinstance(node, ast.Call) and _is_dynamic_import(node):
        return [_dynamic_name(node, module)]
    return []


def _base(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    if not node.level:
        return node.module or ""
    inside = [*module.split("."), "__init__"] if is_package else module.split(".")
    package = inside[: -node.level]
    return ".".join([*package, node.module] if node.module else package)


def _member(base: str, name: str, known_modules: frozenset[str]) -> str:
    joined = f"{base}.{name}"
    is_keras = base.split(".")[0] == "keras" and (_is_private(name) or name in FRAMEWORKS)
    return joined if is_keras or joined in known_modules else base


def _is_dynamic_import(node: ast.Call) -> bool:
    return ast.unparse(node.func).split(".")[-1] in {"__import__", "import_module"}


def _dynamic_name(node: ast.Call, module: str) -> str:
    """Return the name in `import_module("name")`; a computed name is only for kcore itself."""
    argument = node.args[0] if node.args else None
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return argument.value
    if module == "kcore":
        return "kcore"
    return f"<{ast.unparse(argument) if argument else 'nothing'}>"
