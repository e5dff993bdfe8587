"""Documents to print: a Typst template and values in, a PDF out. The fonts come with packages, none from the machine,
so that a name is printed alike everywhere."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

import typst

FONTS = ("manimgx_fonts", "manimgx_fonts_cjk")  # Noto Sans in most scripts; Chinese, Japanese and Korean


def pdf(template: Path, values: Mapping[str, object]) -> bytes:
    """Set a template, which reads `values` as `json(bytes(sys.inputs.values))`: they are text to it, never commands."""
    return typst.compile(template, font_paths=_fonts(), sys_inputs={"values": json.dumps(values)})


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=[str(files(package)) for package in FONTS])
