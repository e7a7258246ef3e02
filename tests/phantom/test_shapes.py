import numpy as np
import pytest

from isocenter.phantom.lettering import write
from isocenter.phantom.noise import SlowField, Waves, blurred, grain
from isocenter.phantom.shapes import (
    capsule,
    coverage,
    ellipsoid,
    profile,
    smooth_intersection,
    smooth_union,
    superellipse,
    turned_to,
)
from isocenter.phantom.tree import MURRAY, PIECE, grow, path, points_inside

AXIS = np.linspace(-30, 30, 121, dtype=np.float32)
X, Y = AXIS[None, :], AXIS[:, None]


def area(distance: np.ndarray) -> float:
    return float(coverage(distance, 0.5).sum() * 0.25)


def test_areas_of_shapes_are_right():
    assert area(superellipse(X, Y, 20, 10)) == pytest.approx(np.pi * 200, rel=0.01)
    assert area(ellipsoid(X, Y, 0, (0, 0, 0), (20, 10, 5))) == pytest.approx(np.pi * 200, rel=0.01)
    assert area(capsule(X, Y, 0, ((-10, 0, 0), (10, 0, 0)), (5, 5))) == pytest.approx(np.pi * 25 + 200, rel=0.01)
    assert area(superellipse(X, Y, 10, 10, 20)) == pytest.approx(400, rel=0.03)


def test_distances_of_a_ball_are_exact():
    distance = ellipsoid(X, Y, np.float32(0), (0, 0, 0), (10, 10, 10))
    np.testing.assert_allclose(distance, np.hypot(X, Y) - 10, atol=1e-3)


def test_a_turned_ellipsoid_points_where_it_should():
    turn = turned_to((1, 1, 0))
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
    tip = 20 / np.sqrt(2)
    assert ellipsoid(tip, tip, 0.0, (0, 0, 0), (20, 5, 5), turn) == pytest.approx(0, abs=1e-3)


def test_unions_and_intersections_bound_their_parts():
    first, second = superellipse(X - 8, Y, 10, 10), superellipse(X + 8, Y, 10, 10)
    assert area(smooth_union(first, second, 4)) >= area(np.minimum(first, second))
    assert area(smooth_intersection(first, second, 4)) <= area(np.maximum(first, second))


def test_profile_goes_through_its_nodes_and_stays_at_the_ends():
    nodes = ((0, 1), (10, 5), (30, 2))
    assert [profile(place, nodes) for place in (-5, 0, 10, 30, 99)] == pytest.approx([1, 1, 5, 2, 2])
    assert max(abs(profile(p + 0.1, nodes) - profile(p, nodes)) for p in np.arange(-1, 31, 0.1)) < 0.2


def test_noise_has_unit_deviation_and_blur_keeps_the_mean():
    random = np.random.default_rng(1)
    field = grain(random, (128, 128))
    assert field.std() == pytest.approx(1, abs=0.01)
    assert blurred(np.ones((9, 9), np.float32)) == pytest.approx(1)
    slow = SlowField(random, (5, 8, 8)).slice(0.4, (64, 64))
    assert slow.shape == (64, 64)
    assert np.abs(np.diff(slow, axis=0)).max() < 0.8


def test_waves_know_their_slope():
    waves = Waves(np.random.default_rng(2), 20.0)
    x = np.array([[1.0, 1.01]], np.float32)
    zero = np.zeros_like(x)
    steps = [
        np.diff(waves.evaluate(*(values))[0])[0, 0] / 0.01
        for values in ((x, zero, zero), (zero, x, zero), (zero, zero, x))
    ]
    (_, slope) = waves.evaluate(x, zero, zero)
    assert slope.shape == x.shape
    assert max(map(abs, steps)) < 1.5


def test_a_tube_has_the_area_of_its_cross_section():
    tube = path([(0, 0, -20, 4), (0, 0, 0, 4), (0, 0, 20, 4)])
    covered = tube.coverage(3.0, (64, 64), 0.5, 1.0)
    assert covered.sum() * 0.25 == pytest.approx(np.pi * 16, rel=0.03)
    rows, columns = np.indices(covered.shape)
    assert (covered * rows).sum() / covered.sum() == pytest.approx(31.5, abs=0.1)
    assert (covered * columns).sum() / covered.sum() == pytest.approx(31.5, abs=0.1)


def test_trees_reach_their_targets_and_taper():
    random = np.random.default_rng(3)
    targets = points_inside(
        random, 80, (-20, -20, -20), (20, 20, 20), lambda x, y, z: np.sqrt(x * x + y * y + z * z) - 20
    )
    assert (np.linalg.norm(targets, axis=1) < 20).all()
    tree = grow(random, (0, 0, 0), targets, 0.5)
    ends = np.linalg.norm(tree.ends[None] - targets[:, None], axis=2).min(axis=1)
    assert ends.max() < 1e-4
    lengths = np.linalg.norm(tree.ends - tree.begins, axis=1)
    assert lengths.max() <= PIECE + 1e-4
    assert tree.radii.min() >= 0.5 * 0.5**MURRAY - 1e-6
    assert tree.radii.max() > 1.5


def test_letters_are_drawn_and_cut_at_the_edge():
    picture = np.zeros((20, 40, 3), np.uint8)
    write(picture, 2, 2, "I~", (255, 0, 9))
    assert (picture[..., 0] == 255).sum() == 11
    write(picture, 15, 35, "MM", (1, 1, 1), 2)
    write(picture, 50, 50, "M", (1, 1, 1))
