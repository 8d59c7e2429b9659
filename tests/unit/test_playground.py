"""The playground: points, gradients, lock-step, an end that explains itself, and settings in a URL."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from core.lessons.fair_share import MAX_SESSIONS, SLICE_SECONDS, FairShare
from core.lessons.playground import code, data_sets, double_descent, luck, neighbors, network, training
from core.lessons.playground.settings import ACTIVATIONS, DATA_SETS, OWN, Settings, from_query
from core.lessons.playground.training import Trainer
from core.messages import UserError

SMALL = Settings(data="xor", points=100, hidden=(4, 3), batch_size=16)
CORNERS = [(x, y, float(x * y > 0)) for x in (-1.0, 1.0) for y in (-1.0, 1.0)] * 5


def trained(settings: Settings, steps: int = 40) -> Trainer:
    trainer = Trainer(settings, data_sets.make_points(settings))
    for _ in range(steps):
        trainer.step()
    return trainer


@pytest.mark.parametrize("name", [name for name in DATA_SETS if name != OWN])
def test_points_lie_in_the_plane_and_are_split(name: str) -> None:
    made = data_sets.make_points(Settings(data=name, train_share=70, points=200))
    assert made.points.shape == (200, 2) and np.abs(made.points).max() < 4
    assert sorted([*made.train, *made.test]) == list(range(200)) and len(made.train) == 140
    assert made.is_regression == (len(np.unique(made.targets)) > 3)
    assert made.is_regression or made.num_classes == len(np.unique(made.targets))


def test_label_noise_disturbs_training_points_only() -> None:
    clean, noisy = (data_sets.make_points(Settings(data="xor", label_noise=n)) for n in (0, 30))
    changed = np.flatnonzero(clean.targets != noisy.targets)
    assert len(changed) > 30 and set(changed) <= set(noisy.train)


@pytest.mark.parametrize(("own", "says"), [(CORNERS[:2], "at least"), ([(0, 0, 1)] * 9, "same class")])
def test_own_points_that_are_not_enough_are_said(own: list, says: str) -> None:
    with pytest.raises(UserError, match=says):
        data_sets.make_points(Settings(data=OWN), own)


def test_a_csv_becomes_own_points() -> None:
    rows = "a,b,kind\n" + "".join(f"{i},{i * i},{'yes' if i % 2 else 'no'}\n" for i in range(20))
    points, notices = data_sets.own_from_csv(rows.encode(), "mine.csv")
    assert len(points) == 20 and notices == ()
    assert np.abs([p[:2] for p in points]).max() == pytest.approx(data_sets.OWN_RANGE)
    with pytest.raises(UserError, match="two classes"):
        data_sets.own_from_csv(b"a,b,c\n1,2,x\n2,3,y\n3,5,z\n", "three.csv")


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_gradients_of_activations_are_finite_differences(name: str) -> None:
    x = torch.linspace(-2.03, 2.01, 9, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(network.ACTIVATIONS[name](), x)


@pytest.mark.parametrize("is_regression", [False, True])
def test_gradients_of_losses_are_finite_differences(is_regression: bool) -> None:
    output = torch.tensor([-1.3, 0.2, 2.1], dtype=torch.float64, requires_grad=True)
    target = torch.tensor([0.0, 1.0, 1.0], dtype=torch.float64)
    weight = torch.tensor([[0.5, -0.3]], dtype=torch.float64, requires_grad=True)

    def loss(o, w):
        return network.data_loss(o, target, is_regression) + network.penalty([w], 0.1, 0.3)

    assert torch.autograd.gradcheck(loss, (output, weight))


@pytest.mark.parametrize("name", ["sgd", "momentum", "rmsprop", "adam"])
def test_optimizers_are_those_of_torch_step_by_step(name: str) -> None:
    plain = {
        "sgd": lambda p: torch.optim.SGD(p, lr=0.01),
        "momentum": lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9),
        "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.01),
        "adam": lambda p: torch.optim.Adam(p, lr=0.01),
    }[name]
    settings = dataclasses.replace(SMALL, optimizer=name)
    first, second = (Trainer(settings, data_sets.make_points(settings)) for _ in range(2))
    second.optimizer = plain(second.model.parameters())
    for _ in range(30):
        first.step()
        second.step()
        for a, b in zip(first.weights, second.weights, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_two_settings_in_lock_step_share_points_weights_and_batches() -> None:
    points = data_sets.make_points(SMALL)
    first = Trainer(SMALL, points)
    second = Trainer(dataclasses.replace(SMALL, activation="relu", l2=0.01), points)
    seen: dict[int, list[list[int]]] = {id(first): [], id(second): []}
    for a, b in zip(first.weights, second.weights, strict=True):
        assert torch.equal(a, b)
    for trainer in (first, second):
        update = trainer._update

        def spy(batch, update=update, trainer=trainer):
            seen[id(trainer)].append(batch.tolist())
            update(batch)

        trainer._update = spy
    slices = training.train_in_slices((first, second), lambda: 0.02)
    while first.step_count < 12:
        frames = next(slices)
    assert frames[0].step == frames[1].step == len(seen[id(first)])
    assert seen[id(first)] == seen[id(second)] and torch.equal(first.x, second.x)


def test_a_frame_shows_every_unit_and_does_not_change_the_training() -> None:
    plain, watched = trained(SMALL), Trainer(SMALL, data_sets.make_points(SMALL))
    for _ in range(40):
        watched.step()
        frame = watched.frame()
    assert all(torch.equal(a, b) for a, b in zip(plain.weights, watched.weights, strict=True))
    assert [u.shape for u in frame.units] == [(4, 25, 25), (3, 25, 25)]
    assert (
        frame.output.shape == (training.GRID, training.GRID)
        and 0 <= frame.output.min() <= frame.output.max() <= 1
    )
    assert len(frame.gradient_norms) == 3 and min(frame.gradient_norms) > 0


def test_dead_units_are_counted() -> None:
    trainer = Trainer(dataclasses.replace(SMALL, activation="relu"), data_sets.make_points(SMALL))
    with torch.no_grad():
        trainer.linear[0].bias[:2] = -100
    assert trainer.frame().dead_units[0] == 2


def test_a_training_that_explodes_stops_with_its_step_and_the_reason() -> None:
    wild = dataclasses.replace(
        SMALL, data="bumps", optimizer="sgd", learning_rate=10.0, activation="linear", init="normal"
    )
    trainer = trained(wild, steps=400)
    frame = trainer.frame()
    assert frame.has_failed and frame.end.params["step"] == frame.step < 400
    assert "learning rate 10" in str(frame.end)


def test_early_stopping_names_the_best_epoch() -> None:
    trainer = trained(
        dataclasses.replace(SMALL, learning_rate=1.0, early_stopping=10, label_noise=40), steps=3000
    )
    assert not trainer.has_failed and "Stopped early" in str(trainer.end)


@pytest.mark.parametrize(
    "change", [{"batch_norm": True, "batch_size": 1}, {"dropout": 0.5}, {"hidden": ()}, {"l1": 0.01}]
)
def test_every_option_trains(change: dict) -> None:
    trainer = trained(dataclasses.replace(SMALL, **change), steps=60)
    assert np.isfinite(trainer.frame().train_loss) and trainer.end is None


def test_settings_make_the_way_through_a_url() -> None:
    settings = Settings(
        data="spirals", hidden=(8, 8), features=("x1", "sinx1"), batch_norm=True, l2=0.003, batch_size=0
    )
    assert from_query(settings.to_query()) == (settings, [])
    assert from_query(Settings(hidden=()).to_query()) == (Settings(hidden=()), [])


@pytest.mark.parametrize(
    "nonsense",
    [
        {"data": "<b>"},
        {"hidden": "99"},
        {"hidden": "4,,x"},
        {"learning_rate": "nan"},
        {"features": ""},
        {"seed": "-1"},
        {"seed": "9" * 5000},
        {"batch_size": "７"},
    ],
)
def test_nonsense_in_a_url_is_a_sentence_and_the_rest_is_kept(nonsense: dict) -> None:
    settings, complaints = from_query({"activation": "gelu", **nonsense})
    [name] = nonsense
    assert settings == Settings(activation="gelu")
    assert len(complaints) == 1 and f"{name}=" in str(complaints[0])


def test_three_classes_are_learned_with_a_softmax() -> None:
    settings = dataclasses.replace(SMALL, data="three_gaussians", hidden=(), learning_rate=0.1)
    frame = trained(settings, steps=200).frame()
    assert frame.test_accuracy > 0.9 and frame.weights[-1].shape == (3, 2)
    assert frame.output.shape == (3, training.GRID, training.GRID)
    np.testing.assert_allclose(frame.output.sum(0), 1, rtol=1e-5)
    assert frame.output[:, -1, training.GRID // 2].argmax() == 0  # the first cloud is above


def test_labels_of_three_classes_become_another_class() -> None:
    clean, noisy = (data_sets.make_points(Settings(data="three_spirals", label_noise=n)) for n in (0, 30))
    changed = np.flatnonzero(clean.targets != noisy.targets)
    assert len(changed) > 30 and set(changed) <= set(noisy.train) and set(noisy.targets) == {0, 1, 2}


def test_a_training_that_no_longer_improves_has_converged() -> None:
    flat = dataclasses.replace(SMALL, init="zeros", batch_size=0, label_noise=0)
    still = trained(flat, steps=2 * training.PLATEAU_EPOCHS)
    assert still.is_converged and still.end is None
    still.wait_again()
    assert not still.is_converged
    assert not trained(dataclasses.replace(SMALL, batch_size=0), steps=training.PLATEAU_EPOCHS).is_converged


def test_sessions_share_the_time() -> None:
    share = FairShare()
    assert share.enter("a") and share.slice_seconds() == SLICE_SECONDS
    alone = share.frame_seconds()
    for number in range(MAX_SESSIONS):
        share.enter(f"s{number}")
    assert not share.enter("one too many") and share.enter("a")
    assert share.slice_seconds() < SLICE_SECONDS / 10 and alone < share.frame_seconds() <= 1


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"data": "bumps", "label_noise": 10, "optimizer": "rmsprop", "activation": "gelu", "init": "xavier"},
        {
            "dropout": 0.3,
            "batch_norm": True,
            "batch_size": 0,
            "optimizer": "momentum",
            "features": ("x1", "x1x2", "sinx2"),
        },
        {"data": OWN, "l1": 0.001, "l2": 0.01, "optimizer": "sgd", "activation": "leaky", "label_noise": 20},
        {"data": "spirals", "hidden": (), "init": "zeros"},
        {"data": "three_spirals", "label_noise": 20, "l2": 0.001},
    ],
    ids=["plain", "regression", "regularized", "own", "linear", "softmax"],
)
def test_the_copied_code_runs_and_gives_the_same_loss(change: dict, capsys: pytest.CaptureFixture) -> None:
    settings = dataclasses.replace(SMALL, **change)
    trainer = Trainer(settings, data_sets.make_points(settings, CORNERS))
    for _ in range(5 * trainer.steps_per_epoch):
        trainer.step()
    exec(compile(code.render_script(settings, CORNERS, 5), "copied.py", "exec"), {})
    frame, said = trainer.frame(), capsys.readouterr().out
    assert said == f"training loss {frame.train_loss:.4f}, test loss {frame.test_loss:.4f}\n"


def test_fifty_seeds_at_once_are_those_of_a_loop() -> None:
    settings = luck.luck_settings("tanh", 3)
    *_, last = luck.train_seeds(settings, seeds=4, epochs=40)
    for seed in range(4):
        opened = luck.opened_settings(settings, seed)
        trainer = Trainer(opened, data_sets.make_points(opened))
        for _ in range(40):
            trainer.step()
        assert trainer.frame().train_accuracy == pytest.approx(last.accuracies[seed], abs=0.006)
    assert last.is_done and last.epochs == 40


def test_wide_networks_are_luckier() -> None:
    narrow, wide = (
        list(luck.train_seeds(luck.luck_settings("relu", w), seeds=12, epochs=200))[-1] for w in (2, 8)
    )
    assert narrow.solved < wide.solved and narrow.accuracies[narrow.failed_seed] < luck.SOLVED_ACCURACY


def test_the_test_error_descends_twice() -> None:
    errors = {e.width: e for e in double_descent.measure_widths()}
    peak, widest = errors[double_descent.NUM_TRAIN], errors[max(errors)]
    assert peak.test > 5 * errors[12].test and peak.test > 5 * widest.test
    assert widest.train < 1e-6 < errors[12].train


@pytest.mark.parametrize("name", neighbors.CLASSIFIERS)
def test_classical_algorithms_draw_their_boundary(name: str) -> None:
    fit = neighbors.fit_classifier(name, data_sets.make_points(Settings(data="gaussians")))
    assert fit.test_accuracy > 0.95
    assert fit.output[-1, -1] > 0.5 > fit.output[0, 0]  # class 1 is above and to the right


@pytest.mark.parametrize("name", neighbors.CLASSIFIERS)
def test_classical_algorithms_map_three_classes(name: str) -> None:
    fit = neighbors.fit_classifier(name, data_sets.make_points(Settings(data="three_gaussians")))
    assert fit.test_accuracy > 0.9 and fit.output.shape == (3, neighbors.GRID, neighbors.GRID)
    assert fit.output[:, -1, neighbors.GRID // 2].argmax() == 0  # the first cloud is above
    np.testing.assert_allclose(fit.output.sum(0), 1, rtol=1e-5)


def test_k_means_finds_three_clouds() -> None:
    found = neighbors.find_structure(data_sets.make_points(Settings(data="three_gaussians")))
    assert found.agreement > 0.9 and found.regions[-1, neighbors.GRID // 2] == 0


def test_k_means_and_pca_see_two_clouds() -> None:
    found = neighbors.find_structure(data_sets.make_points(Settings(data="gaussians")))
    assert found.agreement > 0.95 and found.variance_shares[0] > 0.8
    assert abs(found.axes[0, 0] / found.axes[0, 1]) == pytest.approx(1, abs=0.2)


def test_the_maximum_of_the_likelihood_is_at_mean_and_deviation() -> None:
    values = np.random.default_rng(0).normal(0.7, 0.4, 200)
    best = neighbors.gaussian_log_likelihood(values, values.mean(), values.std())
    for mean, deviation in ((0.05, 0), (-0.05, 0), (0, 0.05), (0, -0.05)):
        assert (
            neighbors.gaussian_log_likelihood(values, values.mean() + mean, values.std() + deviation) < best
        )
