"""The file of trained weights: what is written is read, what is damaged is refused."""

from array import array

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from detectors.gram_weights import FORMAT, Header, WeightsError, pack, quantised, unpack

_HEADER = Header(
    format=FORMAT,
    lexicon=2,
    trained_on="nothing",
    features=4,
    scales=(0.5, 0.25),
    constants=(-1.0, -2.0),
    calibration=((0.0, 1.0, 0.0, 1.0, 0.0), (0.5, 0.0, 1.0, 0.0, 1.0)),
)
_FILE = pack(_HEADER, array("b", [0, 2, -4, 127]), array("b", [1, 0, 0, -127]))


def test_what_is_packed_is_unpacked() -> None:
    """Log-odds are the constant, the mean over the root of the length, in steps of the scale."""
    weights = unpack(_FILE)
    assert weights.header == _HEADER
    assert weights.log_odds([]) == (-1.0, -2.0)
    assert weights.log_odds([1]) == (0.0, -2.0)
    assert weights.log_odds([0, 1, 2, 3]) == (-1.0 + 0.5 * 125 / 2, -2.0 - 0.25 * 126 / 2)


def test_calibration_adds_what_was_learned_and_what_was_taught() -> None:
    """Each row is a constant and four coefficients."""
    assert unpack(_FILE).calibrated((1.0, 2.0), (3.0, 4.0)) == (4.0, 6.5)


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"PK",
        _FILE[:20],
        _FILE[:-3],
        pack(_HEADER, array("b", [1]), array("b", [1])),
        pack(_HEADER, array("b", [1] * 9), array("b", [1] * 9)),
        _FILE.replace(f'"format":{FORMAT}'.encode(), b'"format":9'),
        _FILE.replace(b'"features":4', b'"features":0'),
    ],
)
def test_damaged_files_are_refused(damaged: bytes) -> None:
    """With one error, whatever is wrong."""
    with pytest.raises(WeightsError):
        unpack(damaged)


@given(st.binary(max_size=200))
def test_any_bytes_are_weights_or_refused(data: bytes) -> None:
    """Nothing else is raised."""
    with pytest.raises(WeightsError):
        unpack(_FILE[:8] + data)


@given(st.lists(st.floats(-5.0, 5.0, allow_subnormal=False), min_size=1, max_size=50))
@example([5e-324])
def test_quantising_moves_a_weight_by_half_a_step_at_most(weights: list[float]) -> None:
    """Unless it is among the rare largest, which are cut."""
    scale, steps = quantised(weights)
    for weight, step in zip(weights, steps, strict=True):
        assert abs(weight - scale * step) <= scale * 0.5001
