"""The score of ``make deid-score``: what it counts can fail, and this program reaches its goal."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.deid_score.__main__ import GOAL, score_ours, table
from bench.deid_score.corpus import write_corpus
from bench.deid_score.judging import BY_OPTION, judge

pytestmark = pytest.mark.filterwarnings("ignore")


def test_generated_objects_reach_the_goal(tmp_path: Path) -> None:
    score = score_ours(None, tmp_path)
    assert score.failures == []
    assert score.inputs == 25
    assert score.written == 20  # documents, raw data and a secondary capture are put aside
    assert sum(row[1] for row in score.removed.values()) > 2000
    assert score.percent((score.removed, score.retained)) == 100
    assert "| gone: private | " in table({"isocenter": score})


@pytest.mark.real_data
def test_real_objects_reach_the_goal(data_dir: Path, tmp_path: Path) -> None:
    score = score_ours(data_dir, tmp_path, "basic", every=5)
    assert score.percent((score.removed, score.retained), BY_OPTION) >= GOAL, score.failures


def test_copies_fail_and_so_do_empty_results(tmp_path: Path) -> None:
    inputs = tmp_path / "in"
    inputs.mkdir()
    answers = write_corpus(inputs, None, every=5)
    copies = judge(answers, inputs, {answer.name: inputs / answer.name for answer in answers})
    assert all(passed == 0 for passed, _ in copies.removed.values())
    assert copies.percent([copies.retained]) == 100
    nothing = judge(answers, inputs, {})
    assert nothing.percent([nothing.retained]) == 0
