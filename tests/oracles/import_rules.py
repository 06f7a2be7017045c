"""Check what a module of kcore imports, by its syntax tree.

A *component* is a subpackage of kcore or a module directly in it, such as `augment` or `_console`.
Each has a layer, and may import only from lower layers and from itself.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FRAMEWORKS = frozenset({"tensorflow", "tf_keras", "jax", "jaxlib", "torch", "openvino"})

# Component -> layer. Those below 0 serve the internal modules of layer 0.
LAYERS = {
    "_arguments": -1,
    "_arrays": -1,
    "_console": -1,
    "_notebook": -1,
    "_backend": 0,
    "_claims": 0,
    "_files": 0,
    "_forks": 0,
    "_layer_walk": 0,
    "_locks": 0,
    "_logs": 0,
    "_markup": -2,
    "_memory": 0,
    "_progress": 0,
    "_renamed": 0,
    "_settings": 0,
    "_spreadsheets": 0,
    "_targets": 0,
    "_warning": 0,
    "shapes": 0,
    "images": 1,
    "preprocess": 1,
    "random": 1,
    "initializers": 2,
    "nn": 2,
    "datasets": 2,
    "data": 2,
    "augment": 3,
    "layers": 3,
    "training": 3,
    "models": 4,
    "inspect": 5,
    "explain": 6,
    "visualize": 7,
}

# Third-party packages, other than NumPy, Pillow and Keras, that a component may import.
OTHER_PACKAGES = {
    "_markup": {"jinja2"},
    "_progress": {"tqdm"},
    "data": {"grain"},
    "models": {"h5py", "onnxruntime"},
    "visualize": {"matplotlib"},
}

# Packages that are slow to import: only functions import them.
IMPORTED_WHERE_USED = frozenset({"jinja2", "matplotlib", "tqdm"})

# Components that must work without a backend: only their functions may import Keras.
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
# Parts of these components that are imported on demand, and need Keras then.
NEEDS_A_BACKEND = ("kcore.visualize._callbacks",)
STANDARD_LIBRARY_ONLY = frozenset({"_console", "_files", "_forks", "_memory", "shapes"})


@dataclass(frozen=True)
class Import:
    """An imported module, and where it is imported."""

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
    """Return the forbidden imports of a module, each as a line of text.

    Args:
        source: source code of the module.
        module: dotted name, such as `kcore.models.cnn`; that of a package without `__init__`.
        known_modules: dotted names of all modules of kcore, to resolve `from kcore import x`.
        standard: names of the modules in the standard library.
        is_package: whether the module is the `__init__` of a package, where one leading dot means
            the package itself.
    """
    tree = ast.parse(source)
    component = _component_of(module)
    found = []
    for imported in [*_imports(tree, module, known_modules, is_package), *_attributes(tree)]:
        problem = _problem(component, imported, standard, module.startswith(NEEDS_A_BACKEND))
        if problem:
            found.append(f"{module}:{imported.line}: {imported.module} {problem}")
    return found


def module_name(path: Path, root: Path) -> str:
    """Return the dotted name of the module in the file `path` below `root`."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def _component_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else None


def _problem(
    component: str | None, imported: Import, standard: frozenset[str], needs_a_backend: bool
) -> str | None:
    top = imported.module.split(".")[0]
    if top in FRAMEWORKS:
        return "is a framework; kcore imports none"
    if imported.module.startswith(("keras.src", "keras._")):
        return "is private to Keras"
    if imported.module.startswith("keras.") and imported.module.split(".")[-1] in FRAMEWORKS:
        return "is a framework; kcore imports none"
    if imported.module == "importlib.import_module":
        return "hides what it imports"
    if top == "kcore":
        return _upward(component, imported.module)
    if top in standard:
        return None
    if component in STANDARD_LIBRARY_ONLY:
        return "is not in the standard library, and this component may import nothing else"
    works_without = component in NEEDS_NO_BACKEND and not needs_a_backend
    if top == "keras" and works_without and not imported.inside_function:
        return "is imported at the top, but this component must work without a backend"
    if top in IMPORTED_WHERE_USED and not imported.inside_function:
        return "is imported at the top; import it in the functions that use it"
    if top not in {"keras", "numpy", "PIL"} | OTHER_PACKAGES.get(component or "", set()):
        return "is not a package that this component may import"
    return None


def _upward(component: str | None, module: str) -> str | None:
    target = _component_of(module)
    if component is None or target is None or target == component:
        return None
    if component not in LAYERS or target not in LAYERS:
        return f"has no layer: give {component} and {target} one in LAYERS"
    return None if LAYERS[target] < LAYERS[component] else "is not in a lower layer"


def _attributes(tree: ast.AST) -> Iterator[Import]:
    """Find modules used as attributes: `kcore.models` after `import kcore`, `keras.src`."""
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
    """Tell whether the code in `node` doesn't run when the module is imported."""
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
        return [_imported_module(base, alias.name, known_modules) for alias in node.names]
    if isinstance(node, ast.Call) and _is_dynamic_import(node):
        return [_dynamic_name(node, module)]
    return []


def _base(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    if not node.level:
        return node.module or ""
    inside = [*module.split("."), "__init__"] if is_package else module.split(".")
    package = inside[: -node.level]
    return ".".join([*package, node.module] if node.module else package)


def _imported_module(base: str, name: str, known_modules: frozenset[str]) -> str:
    joined = f"{base}.{name}"
    is_keras = base.split(".")[0] == "keras" and (_is_private(name) or name in FRAMEWORKS)
    return joined if is_keras or joined in known_modules else base


def _is_dynamic_import(node: ast.Call) -> bool:
    return ast.unparse(node.func).split(".")[-1] in {"__import__", "import_module"}


def _dynamic_name(node: ast.Call, module: str) -> str:
    """Return the name in `import_module("name")`; only kcore itself may compute a name."""
    argument = node.args[0] if node.args else None
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return argument.value
    if module == "kcore":
        return "kcore"
    return f"<{ast.unparse(argument) if argument else 'nothing'}>"
