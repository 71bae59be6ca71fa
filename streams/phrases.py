"""Readable phrases of a text, candidates for what a burst is about (pure).

A text is cut where punctuation and small words stand, names (runs of capitals) are taken whole, and what is
left is cut into words: those of two syllables say something by themselves, those of one together with a
neighbour. No phrase begins or ends within a word, and the same wording gives the same phrases in every
mention, which is what counting them needs.
"""

from __future__ import annotations

import re
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from streams.segmentation import segment
from streams.text import classic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.segmentation import Words

__all__ = ["phrases", "telling_runs"]

_WORD = re.compile(r"[^\W_]+(?:[.&/-][^\W_]+)*|[^\w\s]")
_LONGEST = 4
#: Small words that neither begin nor end a phrase.
_SMALL_WORDS = """
và của là có được bị cho với trong ngoài trên dưới tại ở từ đến về theo do vì nên thì mà khi nếu như
bằng các những một hai ba mỗi mọi này kia đó ấy đây nào gì ai sao đã đang sẽ vừa mới sắp còn cũng
vẫn lại chỉ rất quá hơn nhất không chưa chẳng phải hay hoặc nhưng song để ra vào lên xuống qua bởi
cùng sau trước giữa nhiều ít thêm nữa rồi nhé ạ à ơi tôi ta mình bạn ông bà anh chị em họ nó chúng
người việc cái con chiếc cả thế vậy đi the of and is are was were with from it this that has have
not
"""
_SMALL = frozenset(_SMALL_WORDS.split())
#: Words that hold a small word and say something: there a text is not cut.
_HOLDING_WORDS = """
anh hùng; bằng chứng; bằng giả; bị can; bị cáo; bị hại; cho thuê; cho vay; chuẩn bị; chỉ huy; chỉ trích;
chỉ đạo; chỉ định; chứng chỉ; con nuôi; con số; con tin; cái chết; công bằng; công việc; cùng kỳ; cảm ơn;
cân bằng; hàng không; không gian; không khí; không kích; không phận; lý do; mưa to; mặt bằng; ngoài khơi;
người dân; nhà ở; nước ngoài; quá khứ; quá tải; quá trình; sắp xếp; sự việc; thay thế; thiết bị; thông
qua; thế giới; thế hệ; thống nhất; trang bị; trong nước; trẻ em; tự do; từ chối; từ chức; từ thiện; việc
làm; vượt qua; vụ việc; vị thế; xuống cấp; đi bộ; đình chỉ; đàn ông; đồng bằng; đổi mới; địa chỉ
"""
_HOLDING = frozenset(tuple(word.split()) for word in " ".join(_HOLDING_WORDS.split()).split("; "))


def phrases(text: str, most: int, vocabulary: Words) -> tuple[str, ...]:
    """Return up to `most` phrases of a canonical text: names first, each once, in order.

    A phrase has two to four syllables in their original case and with their diacritics; tone marks stand
    where most print has them. Empty if the text has no two words in a row that say something.
    """
    chunks = telling_runs(text)
    runs = [_runs(chunk, opening=index == 0) for index, chunk in enumerate(chunks)]
    names = [run for pair in runs for is_name, run in pair if is_name and len(run) <= _LONGEST]
    rest = [segment(run, vocabulary) for pair in runs for is_name, run in pair if not is_name]
    pieces = [piece for words in rest for piece in (*_compounds(words), *_neighbours(words))]
    whole = [chunk for chunk in chunks if len(chunk) <= _LONGEST]
    telling = (one for one in (*names, *pieces, *whole) if not all(word.isdigit() for word in one))
    unique: dict[str, str] = {}
    for phrase in map(" ".join, telling):
        unique.setdefault(phrase.lower(), phrase)
    return tuple(unique.values())[:most]


def telling_runs(text: str) -> list[list[str]]:
    """Return the runs of two or more telling syllables between small words and punctuation."""
    syllables = ["", *_WORD.findall(classic(text)), ""]
    lower = [syllable.lower() for syllable in syllables]
    held = {place for pair in _holding(lower) for place in pair}
    runs: list[list[str]] = [[]]
    for place, syllable in enumerate(syllables):
        if syllable[:1].isalnum() and (lower[place] not in _SMALL or place in held):
            runs[-1].append(syllable)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if len(run) > 1]


def _holding(lower: list[str]) -> Iterator[tuple[int, int]]:
    """Yield the places of the words that hold a small word."""
    return ((place, place + 1) for place, pair in enumerate(pairwise(lower)) if pair in _HOLDING)


def _runs(chunk: list[str], *, opening: bool) -> list[tuple[bool, list[str]]]:
    """Return a chunk as names (two capitalised words or more) and what lies between them.

    Words wholly in capitals are no names; at the opening of a text, where any word has a capital, a name
    needs three.
    """
    runs: list[tuple[bool, list[str]]] = []
    for capital, group in groupby(chunk, key=lambda word: word[0].isupper() and not word.isupper()):
        members = list(group)
        is_name = capital and len(members) > 1 + (opening and not runs)
        if runs and not is_name and not runs[-1][0]:
            runs[-1][1].extend(members)
        else:
            runs.append((is_name, members))
    return runs


def _compounds(words: list[list[str]]) -> Iterator[list[str]]:
    """Yield the words of two syllables."""
    return (word for word in words if len(word) > 1)


def _neighbours(words: list[list[str]]) -> Iterator[list[str]]:
    """Yield a word of one syllable with the word before it, and with the one after.

    Numbers begin nothing, and end only what is a phrase without them (*bão số 5*).
    """
    for one, other in pairwise(words):
        single = 1 in (len(one), len(other))
        if single and not one[0].isdigit() and not (len(one) == 1 and other[0].isdigit()):
            yield [*one, *other]
