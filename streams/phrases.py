"""Readable phrases of a text, candidates for what a burst is about (pure).

Vietnamese is written syllable by syllable and most of its words have two. So a text is cut where punctuation
and small words stand, names (runs of capitals) are taken whole, and what is left is taken in pieces of two
to four syllables: the same wording gives the same phrases in every mention, which is what counting them
needs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from streams.text import classic

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["phrases"]

_WORD = re.compile(r"[^\W_]+(?:[.&/-][^\W_]+)*|[^\w\s]")
_LONGEST = 4
#: Small words that neither begin nor end a phrase.
_SMALL_WORDS = """
và của là có được bị cho với trong ngoài trên dưới tại ở từ đến về theo do vì nên thì mà khi nếu như
bằng các những một hai ba mỗi mọi này kia đó ấy đây nào gì ai sao đã đang sẽ vừa mới sắp còn cũng
vẫn lại chỉ rất quá hơn nhất không chưa chẳng phải hay hoặc nhưng song để ra vào lên xuống qua bởi
cùng sau trước giữa nhiều ít thêm nữa rồi nhé ạ à ơi tôi ta mình bạn ông bà anh chị em họ nó chúng
người việc cái con chiếc cả thế vậy đi the a an of and to in on at for is are was were by with from
as it this that be has have not
"""
_SMALL = frozenset(_SMALL_WORDS.split())


def phrases(text: str, most: int) -> tuple[str, ...]:
    """Return up to `most` phrases of a canonical text: names first, each once, in order.

    A phrase has two to four syllables in their original case and with their diacritics; tone marks stand
    where most print has them. Empty if the text has no two words in a row that say something.
    """
    chunks = list(_chunks(_WORD.findall(classic(text))))
    names = [name for index, chunk in enumerate(chunks) for name in _names(chunk, first=index == 0)]
    pieces = [piece for chunk in chunks for piece in _pieces(chunk)]
    return tuple(dict.fromkeys(" ".join(one) for one in (*names, *pieces)))[:most]


def _chunks(syllables: list[str]) -> Iterator[list[str]]:
    """Yield the runs of two or more telling words between small words and punctuation."""
    chunk: list[str] = []
    for syllable in (*syllables, "."):
        if syllable[0].isalnum() and syllable.lower() not in _SMALL:
            chunk.append(syllable)
            continue
        if len(chunk) > 1:
            yield chunk
        chunk = []


def _names(chunk: list[str], *, first: bool) -> Iterator[list[str]]:
    """Yield the runs of two to four capitalised words; one that opens the text needs a third as proof."""
    run: list[str] = []
    for place, word in enumerate((*chunk, "")):
        if word[:1].isupper():
            run.append(word)
            continue
        opening = first and place == len(run)
        if 1 + opening < len(run) <= _LONGEST and not all(one.isupper() for one in run):
            yield run
        run = []


def _pieces(chunk: list[str]) -> Iterator[list[str]]:
    """Yield a short chunk whole, and the pairs of any chunk from its beginning on."""
    if len(chunk) <= _LONGEST:
        yield chunk
    if not all(word.isdigit() for word in chunk):
        pairs = (chunk[place : place + 2] for place in range(0, len(chunk) - 1, 2))
        yield from (pair for pair in pairs if not pair[0].isdigit())
