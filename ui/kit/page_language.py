"""Tell the browser the language of the page, and let it remember the visitor's choice in a cookie."""

from __future__ import annotations

from ui.kit.component import register

COOKIE = "manabi_language"
_mount = register(__file__)


def apply_language(language: str, *, remember: str) -> None:
    """Set the document's language ("ja" or "en"). Unless `remember` is "", also set the cookie that `st.context.cookies`
    brings back, once per value of `remember`: a choice in another tab may follow.
    """
    _mount(key="page-language", data={"language": language, "remember": remember, "cookie": COOKIE}, height=1)
