"""Pictures keep their alt text in the page; sliders redraw one figure in time."""

import io
import time

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot as plt
from PIL import Image

from course_lib import CellPolynomial, ExactRisk, PiecewisePolynomial, ReLUNetwork
from course_lib.figures import canvas, draw_balance, draw_cells, draw_jump, draw_network, draw_rates, draw_regions, show
from course_lib.widgets import explorer, slider

L = ExactRisk(ReLUNetwork(1, 2, 1), PiecewisePolynomial([0, 0.5, 1], [[0, 1], [1, 0, 2]]))
THETA = np.array([1, -1, -0.3, 0.6, 1, 2, 0.1])


def test_a_picture_carries_its_alt_text_escaped():
    """Quotes and angle brackets cannot break out of the attribute."""
    figure, axes = canvas()
    axes.plot([0, 1])
    picture = show(figure, 'A line from 0 to 1, said "straight" & <rising>')
    assert 'alt="A line from 0 to 1, said &quot;straight&quot; &amp; &lt;rising&gt;"' in picture._repr_html_()
    assert repr(picture).startswith("A line")
    assert picture.png.startswith(b"\x89PNG")


def test_a_stored_picture_is_sharper_than_the_page_and_keeps_its_colours():
    """Stored with 1.6 pixels a pixel of the page; a blue line is still blue, though at most 256 colours are stored."""
    figure, axes = canvas(width=5.0)
    axes.plot([0, 1], color="#0072B2", linewidth=3)
    picture = show(figure, "A thick blue line from 0 to 1.")
    image = Image.open(io.BytesIO(picture.png))
    assert picture.width == 500
    assert image.width == 800
    assert 'width="500"' in picture.tag
    pixels = np.asarray(image.convert("RGB")).reshape(-1, 3).astype(int)
    assert np.abs(pixels - [0x00, 0x72, 0xB2]).max(axis=1).min() <= 4


def test_too_short_an_alt_text_is_refused():
    """'figure' says nothing."""
    with pytest.raises(ValueError, match="say in a sentence what the figure shows, got 'figure'"):
        show(canvas()[0], "figure")


def test_drawing_leaves_no_open_figure_and_no_changed_settings():
    """Importing and drawing are free of global side effects."""
    before = dict(matplotlib.rcParams)
    figure, (left, right) = canvas(2)
    draw_network(left, L, THETA)
    draw_cells(right, L, THETA)
    show(figure, "A network and its squared residual, drawn twice.")
    assert dict(matplotlib.rcParams) == before
    assert plt.get_fignums() == []


def test_the_cells_drawn_are_the_kinks_and_breaks():
    """Vertical lines at 0, 0.3, 0.5, 0.6, 1."""
    _, axes = canvas()
    draw_cells(axes, L, THETA)
    drawn = sorted({line.get_xdata()[0] for line in axes.lines if len(line.get_xdata()) == 2})
    np.testing.assert_allclose(drawn, [0, 0.3, 0.5, 0.6, 1])


def test_every_curve_has_its_own_line_style():
    """No picture needs colour to be read."""
    _, axes = canvas()
    draw_rates(axes, [1, 2], {name: np.array([1.0, 0.5]) for name in "abc"}, {}, "error")
    styles = [line.get_linestyle() for line in axes.lines]
    assert len(set(styles)) == 3


def test_every_region_is_drawn_with_an_outline_and_its_number():
    """x_1 > 1/4 and x_2 > 1/2: four polygons, filled and outlined; no picture needs colour to be read."""
    net = ReLUNetwork(2, 2, 1)
    regions = ExactRisk(net, CellPolynomial.on_box([0, 0], [1, 1], {})).regions([1, 0, 0, 1, -0.25, -0.5, 1, 1, 0])
    figure, axes = canvas(width=4)
    draw_regions(axes, regions, numbers=True)
    (drawn,) = axes.collections
    assert len(drawn.get_paths()) == 4
    assert (drawn.get_edgecolor() == [0, 0, 0, 1]).all()
    assert sorted(text.get_text() for text in axes.texts) == ["0", "1", "2", "3"]
    assert show(figure, "Four rectangles that share the corner (1/4, 1/2)").png


def test_a_jump_and_its_ramps_move_when_they_are_drawn_again():
    """Curves in their order on both panels, the dot last; a second call adds none; on the left four line styles."""
    figure, panels = canvas(2)
    x, widths = np.linspace(0, 1, 5), np.array([0.1, 0.2])
    for factor in (1.0, 2.0):
        shown = factor * np.arange(20).reshape(4, 5)
        draw_jump(panels, x, shown, widths, factor * np.array([[1, 2], [3, 4], [5, 6]]), dot=(0.1, factor))
        assert [len(axes.lines) for axes in panels] == [4, 4]
        np.testing.assert_array_equal([line.get_ydata() for line in panels[0].lines], shown)
        np.testing.assert_array_equal([line.get_ydata()[1] for line in panels[1].lines[:3]], factor * np.array([2, 4, 6]))
        np.testing.assert_array_equal(panels[1].lines[3].get_data(), [[0.1], [factor]])
    styles = [line.get_linestyle() for line in panels[0].lines]
    assert len(set(styles)) == 4
    assert styles[2:] == [line.get_linestyle() for line in panels[1].lines[:2]]
    assert show(figure, "A jump with two ramps, and two straight lines").png


def line_explorer():
    figure, axes = canvas(width=6)
    (line,) = axes.plot([0, 1], [0, 1])

    def update(k):
        line.set_ydata([0, k])
        return f"A line that rises from 0 to {k:g} over the unit interval"

    return explorer(figure, update, k=slider(1.0, 0, 2, 0.1, "k"))


def test_moving_a_slider_changes_picture_and_alt_text():
    """One figure, redrawn into the same HTML widget."""
    demo = line_explorer()
    first = demo.image.value
    demo.children[0].value = 1.5
    assert demo.image.value != first
    assert "from 0 to 1.5 over" in demo.image.value
    assert repr(demo).startswith("Explorer(k): A line that rises")


def test_a_redraw_takes_less_than_a_tenth_of_a_second():
    """The median of nine redraws; a slider that lags is not used."""
    demo, seconds = line_explorer(), []
    for value in np.linspace(0.1, 1.9, 9):
        start = time.perf_counter()
        demo.children[0].value = float(value)
        seconds.append(time.perf_counter() - start)
    assert np.median(seconds) < 0.1


def test_an_explorer_needs_a_slider():
    """Otherwise it is a figure."""
    with pytest.raises(ValueError, match="at least one slider"):
        explorer(canvas()[0], lambda: "")


def test_paths_of_a_neuron_lie_on_the_hyperbola_of_their_balance():
    """B = 1 - .25 > 0 and B = .25 - 1 < 0: both branches v^2 - rho^2 = B are drawn, the path with its end marked."""

    class Path:
        thetas = np.array([[0.3, 0.0, 0.4, 0.0, 1.0, 5.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.75**0.5, 5.0, 0.0]])

    class Other:
        thetas = np.array([[0.6, 0.0, 0.8, 0.0, 0.5, 5.0, 0.0]])

    _, axes = canvas()
    draw_balance(axes, {"above": Path(), "across": Other()})
    upper, lower, path, end, *_ = (np.column_stack(line.get_data()) for line in axes.lines)
    np.testing.assert_allclose(path, [[0.5, 1.0], [0.0, 0.75**0.5]])
    np.testing.assert_allclose(end, [[0.0, 0.75**0.5]])
    for branch in (upper, lower):
        np.testing.assert_allclose(branch[:, 1] ** 2 - branch[:, 0] ** 2, 0.75)
    right = np.column_stack(axes.lines[4].get_data())
    np.testing.assert_allclose(right[:, 1] ** 2 - right[:, 0] ** 2, -0.75)
    assert (right[:, 0] > 0).all()
