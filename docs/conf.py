"""Configuration of the site; `nox -s docs` builds it."""

import sys
import tomllib
from pathlib import Path

import kcore

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_extensions"))
PROJECT = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SOURCE = source_address = PROJECT["urls"]["Source"]

project = "kcore"
author = PROJECT["authors"][0]["name"]
copyright = author  # noqa: A001 -- Sphinx's name
version = release = kcore.__version__

extensions = [
    "myst_parser",
    "pages",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["tutorials", "gallery"]  # Sphinx-Gallery makes pages of them, in auto_*
templates_path = ["_templates"]
# A name between single backticks becomes a link if it is one of kcore's.
default_role = "py:obj"

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
myst_links_external_new_tab = False

autosummary_imported_members = True
autosummary_ignore_module_all = False
autodoc_member_order = "alphabetical"
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_custom_sections = [("Call arguments", "params_style")]

sphinx_gallery_conf = {
    # The gallery comes first, because a tutorial shows one of its pictures as its own.
    "examples_dirs": ["gallery", "tutorials"],
    "gallery_dirs": ["auto_gallery", "auto_tutorials"],
    "filename_pattern": r"\.py$",
    "within_subsection_order": "pages.ExampleOrder",
    "image_scrapers": ("matplotlib", "pages.scrape_picture"),
    "reset_modules": ("matplotlib", "pages.forget_models"),
    # `scrape_picture` shows these.
    "ignore_repr_types": r"PIL\.|matplotlib|NotebookFigure",
    "doc_module": ("kcore",),
    "backreferences_dir": "reference/generated/examples",
    "first_notebook_cell": (
        "# In Colab, install kcore first.\n"
        "import sys\n\n"
        'if "google.colab" in sys.modules:\n'
        "    %pip install --quiet kcore"
    ),
    "download_all_examples": False,
    "write_computation_times": False,
    "show_signature": False,
    "remove_config_comments": True,
    "thumbnail_size": (400, 280),
}

copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True

linkcheck_anchors = False  # pages that are made by scripts have theirs only in a browser

html_theme = "pydata_sphinx_theme"
html_title = f"kcore {version}"
html_baseurl = PROJECT["urls"]["Documentation"]
html_logo = html_favicon = "_static/logo.svg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_context = {
    "default_mode": "auto",
    "colab": SOURCE.replace("https://github.com/", "https://colab.research.google.com/github/")
    + "/blob/gh-pages/notebooks",
}
html_theme_options = {
    "github_url": SOURCE,
    "logo": {"text": "kcore"},
    "header_links_before_dropdown": 6,
    "article_header_end": ["notebook"],
    "secondary_sidebar_items": ["page-toc"],
    "show_toc_level": 2,
    "navigation_depth": 3,
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
    "show_prev_next": True,
}
html_sidebars = {"index": [], "start": [], "changelog": []}
