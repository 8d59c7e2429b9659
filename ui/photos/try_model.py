"""Try: a photo, a camera shot or a test photo, the predicted classes, and the regions that speak for them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import streamlit as st
from PIL import Image

from core.inference import square_crop
from core.messages import N_, UserError
from core.projects import dataset
from core.projects.store import Project
from core.runs.store import Run
from ui.components.figure_row import Figure, figure_row
from ui.components.film_strip import FilmTile, film_strip
from ui.kit import charts, preload, uploads, url, weights
from ui.kit.i18n import _, escape_markdown
from ui.kit.terms import term
from ui.photos import heat, thumbnails, trust

_TOP_K = 5
_NUM_TEST = 8
_TILE_SIDE = 96  # pixels
_UNTRAINED_SIDE = 64  # pixels of the square that a model will see


def show_try(project: Project | None, classes: Sequence[str]) -> None:
    """Draw the choice of a photo, and the prediction of the newest model; equal bars of `classes` before the first."""
    heading = _(N_("3. Try"))
    st.markdown(f"## {heading}")
    runs = project.runs() if project else []
    run = next((r for r in runs if r.summary and r.best_weights_path.exists()), None)
    with st.container(border=True):
        tests = _test_photos(project, run) if project and run else []
        photo, digest, truth = _choose_photo(project, tests)
        if run is None:
            _show_untrained(photo, classes)
        elif photo is not None:
            preload.wait_until_ready()
            _show_prediction(run, photo, digest, truth)


def _show_untrained(photo: Image.Image | None, classes: Sequence[str]) -> None:
    """What will stand here, drawn with equal bars."""
    if photo is not None:
        square = np.asarray(square_crop.crop_square(photo, _UNTRAINED_SIDE).cropped)
        figure_row([Figure(square, _(N_("Photo")), "", _(N_("Photo")))], "photos-untrained")
    if names := list(dict.fromkeys(classes))[:_TOP_K]:
        figure = charts.probability_bars(np.full(len(names), 1 / len(names)), names, highlight=-1)
        st.plotly_chart(
            figure,
            key="photos-waiting",
            config=charts.CONFIG,
            alt=_(N_("Equal bars: nothing is trained yet")),
        )
    st.caption(_(N_("Equal bars: nothing is trained yet")))


def _choose_photo(project: Project | None, tests: list[str]) -> tuple[Image.Image | None, str, str | None]:
    """Draw the choice of a photo; return it with a digest of its content and, for a test photo, its class."""
    chosen = _choose_source(project, tests)
    if chosen in tests:
        found = next((p for p in project.photos(dropped=True) if p.id == chosen), None)
        if found is None:
            return None, "", None
        with Image.open(project.file(found), formats=["JPEG"]) as image:
            return image.convert("RGB"), found.id, found.label
    if chosen == "camera":
        upload = st.camera_input(_(N_("Photo")), key="photos-try-camera", label_visibility="collapsed")
    else:
        upload = uploads.image_uploader(
            _(N_("Photo")), key="photos-try-upload", help=_(N_("It is not stored."))
        )
    if upload is None:
        return None, "", None
    return uploads.decode_upload(upload), hashlib.sha256(upload.getvalue()).hexdigest(), None


def _test_photos(project: Project, run: Run) -> list[str]:
    """Test photos of the run, spread over the classes."""
    known = {p.id: p.label for p in project.photos(dropped=True)}
    ids = [i for i in dataset.run_photo_ids(run, "test") if i in known]
    by_class = [[i for i in ids if known[i] == name] for name in project.classes]
    mixed = [members[n] for n in range(_NUM_TEST) for members in by_class if n < len(members)]
    return mixed[:_NUM_TEST]


def _choose_source(project: Project | None, tests: list[str]) -> str:
    """Draw the strip of an upload, the camera and some test photos; return the chosen one."""
    options = [*tests, "upload", "camera"]
    source = url.choose_one(_no_widget, "", options, key="try", default=options[0])
    photos = {p.id: p for p in project.photos(dropped=True)} if tests else {}
    tiles = [
        FilmTile("upload", _(N_("File")), icon="upload", selected=source == "upload"),
        FilmTile("camera", _(N_("Camera")), icon="camera", selected=source == "camera"),
        *(
            FilmTile(
                i,
                _(N_("Test photo: {label}"), label=photos[i].label),
                thumbnails.tile(project, photos[i], _TILE_SIDE),
                selected=i == source,
            )
            for i in tests
        ),
    ]

    def choose(name: str) -> None:
        st.session_state["try"] = name

    film_strip(tiles, f"photos-try-strip-{project.id if project else ''}", choose, alt=_(N_("Photos to try")))
    return source


def _no_widget(_label: str, _options: list, *, key: str) -> object:
    """Stand in for a widget in `url.choose_one`: the film strip sets the value."""
    return st.session_state[key]


def _show_unknown(run: Run, pixels: np.ndarray) -> None:
    """Say whether an image (C, H, W) is far from all training photos, and let the visitor set how far that is."""
    try:
        detector = trust.unknown_detector(str(run.path), run.best_weights_path.stat().st_mtime)
    except UserError:
        return  # the photos that the run used are not known any more: nothing to measure a distance to
    from core.projects.unknown import DEFAULT_KEEP

    keep = st.session_state.get("photos-keep", round(100 * DEFAULT_KEEP)) / 100
    distance, limit = float(detector.unknown_scores(pixels[None])[0]), detector.threshold(keep)
    with st.container(horizontal=True, vertical_alignment="center"):
        if distance > limit:
            st.badge(_(N_("Perhaps none of these")), icon=":material/help:", color="orange")
        else:
            st.badge(_(N_("Like the training photos")), icon=":material/check:", color="green")
        st.caption(
            _(N_("distance {distance}, limit {limit}"), distance=f"{distance:.2f}", limit=f"{limit:.2f}"),
            width="content",
        )
    st.slider(
        _(N_("Known photos to accept (%)")),
        80,
        100,
        round(100 * DEFAULT_KEEP),
        key="photos-keep",
        persist_state="session",
        help=_(
            N_(
                "Distance of the features to the nearest training photos. The limit accepts this share of validation photos."
            )
        ),
    )
    st.caption(
        _(
            N_(
                "A hint, not a guarantee: photos of other things can pass, if the model does not tell them apart."
            )
        )
    )


def _show_prediction(run: Run, photo: Image.Image, digest: str, truth: str | None) -> None:
    predictor = weights.load_predictor(run.best_weights_path)
    crop = square_crop.crop_square(photo, predictor.spec.in_shape[-1])
    path, changed = str(run.best_weights_path), run.best_weights_path.stat().st_mtime
    probabilities = heat.predict(path, changed, crop.pixels, digest)
    classes = list(predictor.spec.classes)
    top = np.argsort(-probabilities)[:_TOP_K]
    best = classes[int(top[0])]
    mark = ""
    if truth is not None:
        mark = (
            f" · :green[:material/check: {_(N_('correct'))}]"
            if truth == best
            else f" · :red[:material/close: {_(N_('wrong'))}]"
        )
    st.markdown(
        f"### {escape_markdown(best)} {charts.format_probability(float(probabilities[top[0]]))}{mark}"
    )
    figure = charts.probability_bars(
        probabilities[top],
        [classes[i] for i in top],
        truth=next((n for n, i in enumerate(top) if classes[i] == truth), None),
    )
    st.plotly_chart(figure, key="photos-top", config=charts.CONFIG, alt=_(N_("Predicted classes")))
    _show_unknown(run, crop.pixels)
    square = np.asarray(crop.cropped)
    shown = heat.overlay(path, changed, crop.pixels, square, digest, int(top[0]))
    figures = [Figure(square, _(N_("Photo")), "", _(N_("Photo")))]
    if shown is not None:
        figures.append(Figure(shown, _(N_("Grad-CAM")), "", _(N_("Heatmap over the photo"))))
    figure_row(figures, "photos-heat")
    if shown is not None:
        st.caption(
            _(
                N_("{grad_cam}: bright regions speak for “{label}”."),
                grad_cam=term("grad-cam"),
                label=escape_markdown(best),
            )
        )
