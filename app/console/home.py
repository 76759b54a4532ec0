"""The first page: what comes in, what goes out, what waits; it updates by itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template

from app.access import Role, require
from app.console.site import Site
from app.desk.home import overview
from workers.store.minutes import Minute

MINUTES = 60
WIDTH, HEIGHT = 8, 80  # of a minute's bars, and of the whole chart, in units of the drawing


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A minute, drawn: events in on the left, events out on the right."""

    minute: Minute
    out: int
    x: int
    into_y: float
    into_height: float
    out_y: float
    out_height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Events in and out over the last hour."""

    bars: tuple[Bar, ...]
    width: int
    height: int
    most: int
    events_in: int
    events_out: int


def add_pages(pages: Blueprint, site: Site) -> None:
    """Add the first page, and the part of it that updates by itself."""

    @pages.get("/")
    @require(Role.VIEWER)
    def home() -> str:
        return render_template("home.html", **_figures())

    @pages.get("/figures")
    @require(Role.VIEWER)
    def home_figures() -> str:
        return render_template("figures.html", **_figures())

    def _figures() -> dict[str, object]:
        found = overview(site.desk, portals=site.portals(), last=MINUTES)
        charts = {each.portal: drawn(each.minutes) for each in found.portals}
        return {"overview": found, "charts": charts}


def drawn(minutes: Sequence[Minute]) -> Chart:
    """Return the bars of the minutes, the tallest as high as the drawing."""
    outs = [each.done + each.ignored + each.dead + each.unknown for each in minutes]
    most = max([*(each.accepted for each in minutes), *outs], default=0)
    bars = [
        Bar(
            minute=each,
            out=out,
            x=number * WIDTH,
            into_y=HEIGHT - _height(each.accepted, most),
            into_height=_height(each.accepted, most),
            out_y=HEIGHT - _height(out, most),
            out_height=_height(out, most),
        )
        for number, (each, out) in enumerate(
            zip(minutes, outs, strict=True), MINUTES - len(minutes)
        )
    ]
    return Chart(
        bars=tuple(bars),
        width=MINUTES * WIDTH,
        height=HEIGHT,
        most=most,
        events_in=sum(each.accepted for each in minutes),
        events_out=sum(outs),
    )


def _height(events: int, most: int) -> float:
    """Return how high a bar is; a single event can still be seen."""
    return round(max(1.5, HEIGHT * events / most), 1) if events else 0.0
