"""``report.html``: one file that opens offline, asks for nothing from outside and runs no script."""

import math
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports import evidence
from reports.html.certificate import HOUR_S, certificate
from reports.html.view import page
from reports.plain_text import visible
from reports.run_directory import RunDirectory

_RATINGS = {
    "p_max_w": ("active power", "W"),
    "va_max_va": ("apparent power", "VA"),
    "q_max_injected_var": ("reactive power injected", "var"),
    "q_max_absorbed_var": ("reactive power absorbed", "var"),
    "charge_max_w": ("charging power", "W"),
    "v_nom_v": ("nominal voltage", "V"),
    "rating_kva": ("apparent power", "kVA"),
    "capacity_kwh": ("capacity", "kWh"),
    "nominal_v": ("nominal voltage", "V"),
    "efficiency_pct": ("efficiency of a round trip", "%"),
    "response_s": ("response to a set-point", "s"),
    "self_discharge_pct_per_day": ("self-discharge in a day", "% of its capacity"),
}
"""How ratings of a nameplate, and what a bench file states of a device, are called, with their units."""
_TEMPLATES = Path(__file__).parent / "templates"


def html_report(directory: RunDirectory) -> str:
    """Make the page; whatever a device or a file said stays text in it."""
    filters: dict[str, Any] = {
        "seconds": _seconds,
        "span": _span,
        "figure": "{:.6g}".format,
        "measured": evidence.measured,
        "bounds": evidence.bounds,
        "cited": partial(evidence.describe, directory),
        "signed": partial(_known, form="+.4g"),
        "limit": _known,
        "rating": _rating,
        "duration": _duration,
        "drawing": Markup,  # charts are SVG of our own making, in which the drawing library escaped every text
    }
    if directory.run.certification:
        filters["figure"] = _known
        return template_page("certificate.html.j2", filters, page=certificate(directory))
    return template_page("report.html.j2", filters, page=page(directory))


def template_page(name: str, filters: Mapping[str, Any] | None = None, **values: Any) -> str:
    """Make a page from a template of this package and the common style; values are escaped."""
    style = Markup((_TEMPLATES / "style.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file
    return visible(_environment(filters or {}).get_template(name).render(style=style, **values))


def _environment(filters: Mapping[str, Any]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update({"words": _words} | dict(filters))
    return environment


def _words(name: str) -> str:
    return name.replace("_", " ")


def _seconds(time_s: float | None) -> str:
    return "" if time_s is None else f"{time_s:.1f} s"


def _known(value: float, form: str = ".4g") -> str:
    """Return a number; a dash for a limit that there is not, and for what was not measured."""
    return format(value, form) if math.isfinite(value) else "–"


def _rating(name: str, value: float) -> str:
    """Return a rating of the nameplate in words; one that is not known by its name stays as it is."""
    words, unit = _RATINGS.get(name, (name, ""))
    return f"{words} {value:g} {unit}".rstrip()


def _duration(seconds: float) -> str:
    return f"{seconds / HOUR_S:.1f} h" if seconds >= HOUR_S else f"{seconds:.4g} s"


def _span(times_s: tuple[float, float] | None) -> str:
    if times_s is None:
        return ""
    first, last = (f"{time_s:.1f}" for time_s in times_s)
    return f"{first} s" if first == last else f"{first} – {last} s"
