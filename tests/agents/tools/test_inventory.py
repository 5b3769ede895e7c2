"""The inventory as it is documented, and metrics in words."""

import re
from pathlib import Path

import pytest

from mmm_core.agents.tools import registry
from mmm_core.reports import number_names

DOCS = Path(__file__).resolve().parents[3] / "docs" / "design"


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("channel.tv.roi.p50", "return on spend of TV, in the middle (median)"),
        ("channel.paid_social.marginal_roi.p5", "return of the next money of Paid social, at the low end"),
        ("channel.tv.carryover.mean_lag", "carryover mean lag of TV"),
        ("geo.North.channel.tv.roi.p50", "return on spend of TV in North"),
        ("baseline_share.mean", "baseline's share, on average"),
        ("fit.r2", "share of the variation explained"),
        ("then.kpi.mean", "what media bring under the plan with the changes, on average"),
        ("now.channel.tv.spend", "spend of TV under today's plan"),
        ("during.2024-01-01.2024-12-30.channel.tv.spend", "spend of TV, 2024-01-01 to 2024-12-30"),
    ],
)
def test_a_metric_in_words(key: str, words: str) -> None:
    assert words in number_names.called(key)


def test_the_documentation_lists_every_tool() -> None:
    (page,) = DOCS.glob("*-assistant.md")
    named = set(re.findall(r"^\| `(\w+)`", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert set(registry.TOOLS) <= named
