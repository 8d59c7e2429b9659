"""Extension modules named in MANABI_PLUGINS."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import plugins


def test_a_plugin_that_cannot_be_imported_fails_every_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "broken_plugin.py").write_text("import a_module_that_does_not_exist\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("MANABI_PLUGINS", "broken_plugin")
    for _ in range(2):
        with pytest.raises(ImportError, match="a_module_that_does_not_exist"):
            plugins.load()


def test_a_plugin_is_imported_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "counting_plugin.py").write_text("import builtins\nbuiltins.plugin_imports.append(1)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("builtins.plugin_imports", [], raising=False)
    monkeypatch.setenv("MANABI_PLUGINS", " counting_plugin ,")
    plugins.load()
    plugins.load()
    import builtins

    assert builtins.plugin_imports == [1]
