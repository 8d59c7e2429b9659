"""Add and delete uploaded photo pairs, with their tasks and runs."""

from __future__ import annotations

from core import pair_tasks, tasks
from core.data import ProgressCallback, photo_pairs
from core.data.photo_pairs import PhotoPair
from core.messages import N_, UserError
from core.runs import store


def add_pair(
    content: bytes, file_name: str, names: tuple[str, str], progress: ProgressCallback | None = None
) -> tuple[PhotoPair, int]:
    """Store an uploaded zip and add its task; see `photo_pairs.save_upload`."""
    saved = photo_pairs.save_upload(content, file_name, names, progress)
    tasks.refresh_pairs()
    return saved


def delete_pair(pair: PhotoPair) -> None:
    """Delete a pair with all its runs. Raises UserError while one of them is active; nothing is deleted then."""
    runs = store.list_runs(pair_tasks.task_name(pair))
    if any(run.status().is_active for run in runs):
        raise UserError(N_("{title} is being trained on. Stop its run before deleting it."), title=pair.title)
    for run in runs:
        store.delete_run(run)
    photo_pairs.remove_pair(pair)
    tasks.refresh_pairs()
