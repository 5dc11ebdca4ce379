from collections import Counter

import pytest

from promotions.quiz.drawing import chose_right, drawn, plain, seed_of, shuffled, wrote_right


def seed(**changed):
    return seed_of(**{"secret": "s", "quiz_id": 1, "member_id": 2, "number": 1, **changed})


def test_a_try_asks_the_same_questions_however_often_it_is_looked_at():
    assert drawn(range(100), count=5, seed=seed()) == drawn(range(100), count=5, seed=seed())
    assert shuffled("abcdef", question_id=7, seed=seed()) == shuffled("abcdef", question_id=7, seed=seed())


@pytest.mark.parametrize("changed", [{"secret": "t"}, {"quiz_id": 2}, {"member_id": 3}, {"number": 2}])
def test_another_quiz_member_or_try_is_asked_other_questions(changed):
    assert drawn(range(100), count=5, seed=seed(**changed)) != drawn(range(100), count=5, seed=seed())


def test_every_question_has_its_turn_and_none_comes_twice():
    counted = Counter[int]()
    for number in range(2000):
        asked = drawn(range(10), count=3, seed=seed(number=number))
        assert len(set(asked)) == 3
        counted.update(asked)
    # 6,000 questions over 10: 600 each, within five standard deviations of 20.5.
    assert all(abs(times - 600) < 103 for times in counted.values())


def test_a_small_bank_is_asked_whole():
    assert sorted(drawn([4, 5], count=3, seed=seed())) == [4, 5]


@pytest.mark.parametrize(
    ("chosen", "is_right"), [([1, 2], True), ([2, 1], True), ([1], False), ([1, 2, 3], False), ([], False)]
)
def test_several_right_options_are_all_to_be_chosen_and_no_other(chosen, is_right):
    assert chose_right(chosen, [1, 2]) is is_right


@pytest.mark.parametrize("text", ["告", " 告。", "“告”", "ＧＡＯ", "g a o!"])
def test_width_case_spaces_and_punctuation_of_a_typed_answer_do_not_matter(text):
    assert wrote_right(text, ["告", "Gao"])


@pytest.mark.parametrize("text", ["", " ", "!", "牛", "告告"])
def test_a_wrong_or_empty_text_is_wrong(text):
    assert not wrote_right(text, ["告", "!"])
    assert plain("！") == ""
