"""A range as a small picture, drawn by the server: it needs no script."""

from html import escape

from markupsafe import Markup

from mmm_core.domain.elicitation import Inquiry, Statement
from mmm_core.reports import wording as f

WIDTH, HEIGHT, EDGE = 320, 74, 12
LINE = 34
MIDDLE = WIDTH / 2


def drawn(inquiry: Inquiry, said: Statement) -> Markup:
    """The range between its two tails, the best guess in it, and where money comes back."""
    low, high = said.low, said.high
    if low is None or high is None:
        return Markup("")
    even = None if inquiry.is_count else float(inquiry.per)
    top = max(high, even or 0.0) * 1.18
    marks = [(low, short(low)), (high, short(high))]
    return _svg(top, low, high, said.best, marks, even, f"From {short(low)} to {short(high)}")


def example() -> Markup:
    """Of something that nobody's channel is: numbers of one would draw answers towards them."""
    return _svg(56, 20, 45, 30, [(20, "20 min"), (45, "45 min")], None, "A range from 20 to 45 minutes, best guess 30")


def short(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f.whole(value)


def _svg(
    top: float, low: float, high: float, best: float | None, marks: list[tuple[float, str]], even: float | None,
    words: str,
) -> Markup:  # fmt: skip
    def at(value: float) -> float:
        return EDGE + (WIDTH - 2 * EDGE) * value / top

    a, b = at(low), at(high)
    parts = [
        f'<line x1="{EDGE}" y1="{LINE}" x2="{WIDTH - EDGE}" y2="{LINE}" class="axis"/>',
        f'<rect x="{a:.1f}" y="{LINE - 9}" width="{max(b - a, 2):.1f}" height="18" rx="5" class="band"/>',
    ]
    if even is not None:
        x = at(even)
        parts.append(f'<line x1="{x:.1f}" y1="{LINE - 17}" x2="{x:.1f}" y2="{LINE + 13}" class="even"/>')
        side = "end" if x > MIDDLE else "start"
        parts.append(f'<text x="{x:.1f}" y="{LINE - 21}" text-anchor="{side}" class="soft">money back at 1</text>')
    if best is not None:
        parts.append(f'<circle cx="{at(best):.1f}" cy="{LINE}" r="6" class="best"/>')
    # Two labels that would lie on each other go to either side of the band.
    near = b - a < 60
    for (value, label), side in zip(marks, ("end", "start") if near else ("middle", "middle"), strict=True):
        x = min(max(at(value), EDGE + (0 if side == "start" else 14)), WIDTH - EDGE - (0 if side == "end" else 14))
        parts.append(f'<text x="{x:.1f}" y="{LINE + 30}" text-anchor="{side}">{escape(label)}</text>')
    body = "".join(parts)
    return Markup(  # noqa: S704 - numbers and our own words
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(words)}">{body}</svg>'
    )
