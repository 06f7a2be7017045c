"""What the site needs beyond its extensions: links, signatures, pictures and notebooks."""

import ast
import inspect
import re
import shutil
import textwrap
from pathlib import Path

import keras
from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform
from sphinx_gallery.scrapers import figure_rst

TUTORIALS = (
    "first_classifier",
    "one_neuron",
    "stop_at_target",
    "convolutional_network",
    "padding_and_shapes",
    "looking_inside",
    "image_files",
    "augmented_training",
    "dropout",
    "transfer_learning",
    "functional_and_subclass",
    "exact_resume",
)


class ExampleOrder:
    """Sort tutorials in the order in which to read them, and other examples by name."""

    def __init__(self, directory):
        """Sort the examples of any directory."""

    def __call__(self, filename):
        """Return what to sort by."""
        name = Path(filename).stem
        return (TUTORIALS.index(name) if name in TUTORIALS else len(TUTORIALS), name)


def scrape_picture(block, block_vars, gallery_conf):
    """Save the picture that a notebook would show as the value of a cell's last line."""
    value = block_vars["example_globals"].get("___")
    # The value stays there in later cells whose last line has none.
    if value is block_vars.get("last_shown") or not hasattr(value, "_repr_png_"):
        return ""
    block_vars["last_shown"] = value
    shown = value._repr_png_()
    path = Path(next(block_vars["image_path_iterator"]))
    path.write_bytes(shown[0] if isinstance(shown, tuple) else shown)
    return figure_rst([str(path)], gallery_conf["src_dir"])


def forget_models(gallery_conf, filename):
    """Let Keras number the layers of each example from the beginning."""
    keras.backend.clear_session()


class LinkNames(SphinxTransform):
    """Link names of kcore, such as `kcore.data.scan` in a sentence, to the reference."""

    default_priority = 600

    def apply(self, **kwargs):
        """Wrap each name in a reference, which stays plain text if there is no such name."""
        for literal in list(self.document.findall(nodes.literal)):
            match = re.fullmatch(r"(kcore(?:\.\w+)+)(?:\(.*\))?", literal.astext())
            if match and isinstance(literal.parent, (nodes.paragraph, nodes.entry)):
                reference = addnodes.pending_xref(
                    "",
                    literal.deepcopy(),
                    refdomain="py",
                    reftype="obj",
                    reftarget=match[1],
                    refdoc=self.env.docname,
                    refexplicit=True,
                    refwarn=False,
                )
                literal.replace_self(reference)


class LinkFiles(SphinxTransform):
    """Make links from Markdown to files that are no pages, which work on GitHub, work here too.

    A link to the script of a tutorial or a picture leads to its page, one to any other file or
    directory to the repository's address.
    """

    default_priority = 5

    def apply(self, **kwargs):
        """Replace what MyST has made of such links."""
        page = Path(self.env.doc2path(self.env.docname))
        kinds = (addnodes.download_reference, addnodes.pending_xref)
        for link in list(self.document.findall(lambda node: isinstance(node, kinds))):
            path = (page.parent / link["reftarget"]).resolve()
            if link["reftype"] == "myst" and link.get("refdomain") is None and path.exists():
                link.replace_self(self.to_page(link, path) or self.to_source(link, path))

    def to_page(self, link, path):
        """Return a reference to the page that is made of an example, or of a directory of them."""
        for directory in ("tutorials", "gallery"):
            examples = Path(self.app.srcdir, directory)
            if path == examples or examples in path.parents:
                name = "index" if path == examples else path.stem
                options = {"reftype": "myst", "refdomain": "doc", "refexplicit": True}
                page = f"auto_{directory}/{name}"
                here = self.env.docname
                return addnodes.pending_xref(
                    "", *link.children, reftarget=page, reftargetid=None, refdoc=here, **options
                )
        return None

    def to_source(self, link, path):
        """Return a link to the file or directory in the repository."""
        kind = "tree" if path.is_dir() else "blob"
        inside = path.relative_to(Path(self.app.srcdir).parent).as_posix()
        address = f"{self.config.source_address}/{kind}/main/{inside}"
        return nodes.reference("", "", *link.children, refuri=address)


def signature_as_written(app, what, name, value, options, signature, returns):
    """Show a function's parameters as its source has them, with short names of types."""
    function = value.__init__ if inspect.isclass(value) else value
    if not inspect.isfunction(function):
        return None
    try:
        source = textwrap.dedent(inspect.getsource(inspect.unwrap(function)))
    except OSError:  # made by a decorator such as `dataclass`
        return None
    definition = ast.parse(source).body[0]
    if not isinstance(definition, ast.FunctionDef):
        return None
    arguments = definition.args
    if arguments.args and arguments.args[0].arg in ("self", "cls"):
        del arguments.args[0]
    result = "" if inspect.isclass(value) or not definition.returns else definition.returns
    return f"({ast.unparse(arguments)})", result and ast.unparse(result).strip("'\"")


def keep_returns(app, what, name, value, options, lines):
    """Keep Napoleon from taking what stands before a colon in "Returns:" for a type."""
    if "Returns:" in lines:
        start = lines.index("Returns:")
        lines[start : start + 2] = [f":returns: {lines[start + 1].strip()}"]


def add_examples(app, what, name, value, options, lines):
    """Show the tutorials and pictures that use a function or class below its docstring."""
    if what in ("function", "class"):
        lines += ["", f".. minigallery:: {name}", ""]


def copy_notebooks(app, error):
    """Put the notebooks of the tutorials where the links to Colab expect them."""
    if error is None and app.builder.name == "html":
        target = Path(app.outdir, "notebooks")
        target.mkdir(exist_ok=True)
        for notebook in Path(app.srcdir, "auto_tutorials").glob("*.ipynb"):
            shutil.copy(notebook, target)


def setup(app):
    """Connect all of it."""
    app.setup_extension("sphinx.ext.autodoc")
    app.add_config_value("source_address", "", "env")
    app.add_transform(LinkNames)
    app.add_transform(LinkFiles)
    app.connect("autodoc-process-signature", signature_as_written)
    app.connect("autodoc-process-docstring", keep_returns, priority=100)  # before Napoleon
    app.connect("autodoc-process-docstring", add_examples, priority=900)
    app.connect("build-finished", copy_notebooks)
    return {"parallel_read_safe": True}
