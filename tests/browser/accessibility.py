"""The rules of WCAG 2 A and AA, checked by axe-core on the page that a visitor sees."""

from __future__ import annotations

from axe_playwright_python.base import AXE_SCRIPT

from tests.browser.conftest import Visitor

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
DARK_ACCENT = "[data-testid=stButtonGroup] [data-selected], [data-testid=stSliderThumbValue]"
KNOWN = (
    # rule, selector, why it cannot be changed here
    ("svg-img-alt", "[data-testid=stMetric] .role-mark", "the point at the end of a metric's sparkline"),
    ("color-contrast", DARK_ACCENT, "dark: see below"),
)
"""What Streamlit draws. Its selected options and values of sliders have the accent color as text, and its buttons white text on the
accent color: on a dark page no color reaches 4.5:1 for both (test_theme.py holds the options at 3:1 and the buttons at 4.5:1)."""
_IS_DRAWN = """theme => document.getAnimations().every(a => a.playState !== 'running' || a.effect.getTiming().iterations === Infinity)
  && getComputedStyle(document.querySelector('[data-testid=stApp]')).colorScheme === theme"""
_RUN = """async ([options, known]) => {
  const { violations } = await axe.run(document, { ...options, resultTypes: ['violations'], elementRef: true })
  return violations.flatMap(({ id, nodes }) => nodes
    .filter(({ element }) => !known.some(([rule, selector]) => rule === id && element.closest(selector)))
    .map(({ html, any, all, none }) => `${id}: ${html.slice(0, 200)}: ${[...any, ...all, ...none][0]?.message}`))
}"""


def barriers(visitor: Visitor, theme: str = "light") -> list[str]:
    """What axe finds on the page in a theme, one sentence for each element; the page keeps the theme."""
    page = visitor.page
    page.emulate_media(color_scheme=theme)
    page.wait_for_function(_IS_DRAWN, arg=theme)
    visitor.settle()
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    options = {
        "runOnly": {"type": "tag", "values": STANDARDS},
        "rules": {"heading-order": {"enabled": True}},
    }
    known = [
        (rule, selector) for rule, selector, _reason in KNOWN if theme == "dark" or selector != DARK_ACCENT
    ]
    return page.evaluate(_RUN, [options, known])
